"""Results that stand: words that have changed since are shown, tables that are gone are written."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from commands import Command
from relsim.figures.save import Painter
from relsim.results import run as run_module
from relsim.results import views
from relsim.results.listing import list_results
from relsim.results.result import Result, open_result
from relsim.results.run import run
from relsim.results.verify import verify

BASE: dict[str, Any] = {
    "relsim": 1,
    "name": "First name",
    "about": "First words.",
    "sources": ["First source"],
    "time": {"start": "2020-01", "end": "2021-01"},
    "states": {"A": {"ties": {"B": {"uniform": [0.1, 0.3]}}}, "B": {}},
    "ties": {"A-B": 0.2},
    "events": {"pact": {"at": "2020-03", "effects": [{"pulse": "A-B", "size": 0.2}]}},
}
CLAIM = {"says": "x", "expect": {"change": "A-B", "above": 0, "against": "base.yaml"}}
WORDS = {"name": "Second name", "about": "Second words.", "sources": ["Second source"]}
VARIANT = {**BASE, "name": "Variant", "ties": {"A-B": 0.3}, "claims": {"c": CLAIM}}


@pytest.fixture(autouse=True)
def _no_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Painter, "draw_what_can_be", lambda *_: None)


def asked(file: Path, content: dict[str, Any], **options: Any) -> Result:
    file.write_text(yaml.safe_dump(content, sort_keys=False))
    return run(file, runs=8, out=file.parent / "results", **options)


def nothing_is_simulated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_module, "simulate_into", None)


@pytest.mark.parametrize("key", WORDS)
def test_changed_words_are_shown_without_simulating(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    file = tmp_path / "base.yaml"
    first = asked(file, BASE)
    nothing_is_simulated(monkeypatch)
    again = asked(file, {**BASE, key: WORDS[key]}, command="relsim run base.yaml")
    assert again.reused
    assert again.folder == first.folder
    new, old = (str(words[key]).strip("[]'") for words in (WORDS, BASE))
    for name in ("report.html", "scenario.resolved.yaml"):
        text = (again.folder / name).read_text()
        assert new in text
        assert old not in text
    assert open_result(again.folder).scenario.name == (WORDS if key == "name" else BASE)["name"]
    (listed,) = list_results(tmp_path / "results")
    assert listed.scenario == open_result(again.folder).scenario.name
    assert again.manifest["command"] == "relsim run base.yaml"
    assert verify(open_result(again.folder)).difference is None


def test_changed_words_of_what_is_compared_with_are_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked(tmp_path / "base.yaml", BASE)
    variant = tmp_path / "variant.yaml"
    first = asked(variant, VARIANT)
    nothing_is_simulated(monkeypatch)
    drawn: list[str] = []
    module: Any = views

    def page(findings: Any, *_: Any) -> str:
        drawn.append(names(findings))
        return "page"

    monkeypatch.setattr(module, "result_page", page)
    (tmp_path / "base.yaml").write_text(yaml.safe_dump({**BASE, **WORDS}, sort_keys=False))
    assert asked(variant, VARIANT).folder == first.folder
    assert drawn == ["Second name"]
    asked(variant, VARIANT)
    assert drawn == ["Second name"]  # nothing has changed since


def names(findings: Any) -> str:
    return ", ".join(one.base.scenario.name for one in findings.comparisons.values())


@pytest.mark.parametrize(
    "name", ["summary.csv", "events.csv", "claims.csv", "scenario.resolved.yaml"]
)
@pytest.mark.parametrize("damage", ["gone", "altered"])
def test_what_is_missing_or_altered_is_written_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, damage: str
) -> None:
    base, file = tmp_path / "base.yaml", tmp_path / "variant.yaml"
    base.write_text(yaml.safe_dump(BASE, sort_keys=False))
    first = asked(file, VARIANT, views=False)
    table = first.folder / name
    sound = table.read_bytes()
    if damage == "gone":
        table.unlink()
        assert f"{name} is missing." in list_results(tmp_path / "results")[1].problem
    else:
        table.write_bytes(sound.replace(b"2", b"3", 1))
        said = verify(first).difference
        assert said is not None
        assert said.variable.startswith(name)
    nothing_is_simulated(monkeypatch)
    assert asked(file, VARIANT, views=False).reused
    assert table.read_bytes() == sound
    assert verify(open_result(first.folder)).difference is None
    assert not any(one.problem for one in list_results(tmp_path / "results"))


def test_a_result_moved_alone_says_what_is_not_there(tmp_path: Path, relsim: Command) -> None:
    (tmp_path / "base.yaml").write_text(yaml.safe_dump(BASE, sort_keys=False))
    result = asked(tmp_path / "variant.yaml", VARIANT, views=False)
    moved = tmp_path / "else" / "variant" / result.folder.name
    shutil.copytree(result.folder, moved)
    done = relsim("report", moved)
    assert done.returncode == 0
    said = "What this is compared with is not there: base.yaml"
    assert said in done.stderr
    assert said in (moved / "report.html").read_text()
    done = relsim("verify", moved)
    assert done.returncode == 0
    assert "Not judged again: claims against base.yaml, whose result is not there." in done.stdout
    assert said not in relsim("report", result.folder).stderr
