"""Manifests that are odd, damaged or of another format: said in a line, and hiding nothing else."""

from __future__ import annotations

import copy
import json
import shutil
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import pytest

from commands import Command
from experiments.small import SWITCHED, study_in
from relsim.analysis.findings import find
from relsim.errors import DamagedError
from relsim.figures.save import Painter, definition
from relsim.report.result_page import result_page
from relsim.results.experiment import open_experiment, run_experiment
from relsim.results.hindcast import open_hindcast
from relsim.results.listing import list_results, list_studies
from relsim.results.manifest import FORMAT, write_manifest
from relsim.results.result import Result, open_result
from relsim.results.run import run
from relsim.results.views import charts_of
from scenarios_to_test import scenario_of

T = TypeVar("T")
CLAIM = {"says": "x", "expect": {"level": "A-B", "above": 0}}
EVENT = {"at": "2020-03", "effects": [{"pulse": "A-B", "cameo": "057"}]}
SCENARIO = scenario_of(
    {
        "states": {"A": {}, "B": {}},
        "ties": {"A-B": 0.3},
        "events": {"pact": EVENT},
        "claims": {"warm": CLAIM},
    }
)
ODD: tuple[Any, ...] = (None, "../..", -1, 1.5, 10**400, True, [], [1], {"x": 1})
BROKEN = ("", "{", "[]", "5", "null", '"x"', "[" * 5000, '{"format": NaN}', "\ud800")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Result:
    return run(SCENARIO.named("good"), runs=4, out=tmp_path_factory.mktemp("out"), views=False)


@pytest.fixture
def result(made: Result, tmp_path: Path) -> Result:
    """A result beside a good one."""
    shutil.copytree(made.folder, tmp_path / "good" / made.folder.name)
    shutil.copytree(made.folder, tmp_path / "odd" / made.folder.name)
    return open_result(tmp_path / "odd" / made.folder.name)


def altered(content: Any) -> Iterator[tuple[str, Any]]:
    """The same with every part of it, at any depth, taken away or replaced by something odd."""
    for place in places(content):
        lacking = copy.deepcopy(content)
        del _holder(lacking, place)[place[-1]]
        yield f"{place} gone", lacking
        for odd in ODD:
            other = copy.deepcopy(content)
            _holder(other, place)[place[-1]] = odd
            yield f"{place}: {odd!r:.9}", other


def places(content: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    keys = content if isinstance(content, dict) else range(len(content))
    for key in keys:
        yield (*above, key)
        if isinstance(content[key], (dict, list)):
            yield from places(content[key], (*above, key))


def _holder(content: Any, place: tuple[Any, ...]) -> Any:
    for key in place[:-1]:
        content = content[key]
    return content


def short(content: dict[str, Any]) -> dict[str, Any]:
    """A manifest with fewer of what there are many of, all alike."""
    fewer = copy.deepcopy(content)
    for chunk in fewer.get("chunks", ()):
        chunk["digests"] = first_of(chunk["digests"])
    return {**fewer, **{key: first_of(content[key]) for key in ("files", "versions")}}


def first_of(content: dict[str, Any]) -> dict[str, Any]:
    return dict(list(content.items())[:1])


def test_whatever_a_manifest_holds_the_page_comes_out_or_it_is_refused(result: Result) -> None:
    findings = find(result.ensemble, result.summary(), result.claims, {})
    drawn = {name: definition(chart()) for name, chart in charts_of(findings)}
    file, refused, drawn_pages = result.folder / "manifest.json", 0, 0
    for what, content in altered(short(result.manifest)):
        file.write_text(json.dumps(content))
        said, opened = outcome(lambda: open_result(result.folder))
        if opened is None:
            assert str(result.folder) in said, what
            assert "--force" in said, what
            refused += 1
        elif what.endswith(" gone") and drawn_pages < 5:  # pages take long
            assert len(result_page(findings, drawn, opened.manifest, "")) > 1000
            drawn_pages += 1
    assert refused > 300
    assert drawn_pages > 3


def outcome(opening: Callable[[], T]) -> tuple[str, T | None]:
    """What is opened, or why it is not."""
    try:
        return "", opening()
    except DamagedError as error:
        return str(error), None


def test_every_odd_manifest_is_listed_beside_the_good_ones(result: Result) -> None:
    out = result.folder.parent.parent
    # Every third, which are of all kinds: each part is altered in ten ways.
    for what, content in islice(altered(short(result.manifest)), 0, None, 3):
        (result.folder / "manifest.json").write_text(json.dumps(content))
        by_folder = {one.folder.parent.name: one for one in list_results(out)}
        assert set(by_folder) == {"good", "odd"}, what
        assert by_folder["good"].problem == "", what


@pytest.mark.parametrize("text", BROKEN)
def test_what_is_no_manifest_is_listed_and_refused(
    result: Result, text: str, relsim: Command
) -> None:
    file = result.folder / "manifest.json"
    file.write_bytes(text.encode("utf-8", "surrogatepass"))
    out = result.folder.parent.parent
    done = relsim("list", "--out", out)
    assert done.returncode == 0
    assert f"{file}" in done.stdout
    assert "good" in done.stdout
    for command in ("report", "verify"):
        done = relsim(command, result.folder)
        assert done.returncode == 2
        assert str(file) in done.stderr


@pytest.mark.parametrize("form", [1, 99, "2", None])
def test_another_format_is_refused(result: Result, form: Any) -> None:
    write_manifest({**result.manifest, "format": form}, result.folder)
    said = f"is of format {form!r}; this version of relsim reads format {FORMAT}"
    with pytest.raises(DamagedError, match=said):
        open_result(result.folder)


def test_a_damaged_result_is_made_anew_by_force_alone(tmp_path: Path) -> None:
    result = run(SCENARIO, runs=4, out=tmp_path, views=False, command="relsim run x.yaml")
    for file in ("manifest.json", "ensemble.zarr/overall/zarr.json"):
        (result.folder / file).write_text("{")
        with pytest.raises(DamagedError, match="--force"):
            run(SCENARIO, runs=4, out=tmp_path, views=False)
        again = run(SCENARIO, runs=4, out=tmp_path, views=False, force=True)
        assert not again.reused
        assert run(SCENARIO, runs=4, out=tmp_path, views=False).reused


@pytest.fixture(scope="module")
def studied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("study")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Painter, "draw_what_can_be", lambda *_: None)
        asked = {**SWITCHED, "measures": {"level": {"level": "A-B"}}}
        return run_experiment(study_in(folder, asked), out=folder / "out").folder


def test_every_odd_manifest_of_an_experiment_is_refused_and_listed(
    studied: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "experiments" / "s" / studied.name
    shutil.copytree(studied, folder)
    content = json.loads((folder / "manifest.json").read_text())
    texts = [json.dumps(one) for _, one in altered(short(content))]
    for text in [*BROKEN[:-1], *texts]:
        (folder / "manifest.json").write_text(text)
        (one,) = list_studies(tmp_path)
        assert one.problem == outcome(lambda: open_experiment(folder))[0]
    (folder / "manifest.json").write_text(json.dumps(content))
    table = folder / f"{content['tables'][0]}.csv"
    table.unlink()
    with pytest.raises(DamagedError, match=rf"{table.name} is missing"):
        open_experiment(folder)


def test_every_odd_manifest_of_a_hindcast_is_refused_and_listed(tmp_path: Path) -> None:
    folder = tmp_path / "hindcasts" / "icews" / "0a"
    folder.mkdir(parents=True)
    content: dict[str, Any] = {"format": FORMAT, "id": "0" * 12, "words": "0" * 64, "command": ""}
    content |= {"file": "icews.csv", "pairs": 12, "years": [2001, 2011], "relsim": "0"}
    content |= {"sentences": ["x"], "warnings": [], "seconds": 1.5, "versions": {"numpy": "2"}}
    write_manifest(content, folder)
    sound = json.loads((folder / "manifest.json").read_text())
    for text in [*BROKEN[:-1], *(json.dumps(one) for _, one in altered(sound))]:
        (folder / "manifest.json").write_text(text)
        (one,) = list_studies(tmp_path)
        assert one.problem == outcome(lambda: open_hindcast(folder))[0]


def test_odd_families_are_listed(tmp_path: Path) -> None:
    folder = tmp_path / "family" / "0a"
    folder.mkdir(parents=True)
    for text in (*BROKEN[:-1], '{"results": [1]}', '{"format": 1, "results": ["a/b"]}'):
        (folder / "family.json").write_text(text)
        (one,) = list_studies(tmp_path)
        assert "family.json" in one.problem
    (folder / "family.json").write_text(json.dumps({"format": FORMAT, "results": ["a/b", "c/d"]}))
    assert list_studies(tmp_path)[0].about == "2 scenarios: a, c"


@pytest.mark.parametrize("command", ["run", "list", "report", "verify", "compare", "explain"])
def test_a_place_with_too_long_a_name_is_said(
    made: Result, tmp_path: Path, relsim: Command, command: str
) -> None:
    scenario, long = tmp_path / "s.yaml", tmp_path / ("x" * 300)
    scenario.write_text((made.folder / "scenario.resolved.yaml").read_text())
    options: dict[str, tuple[Any, ...]] = {
        "run": (scenario, "--out", long),
        "list": ("--out", long),
        "compare": (long, long),
        "explain": (long, "A-B"),
    }
    done = relsim(command, *options.get(command, (long,)))
    assert done.returncode in (2, 3)
    assert "File name too long" in done.stderr
