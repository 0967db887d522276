"""Verification: sound results pass, and the first value that differs is named."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr

from relsim.cli.results import verification_lines
from relsim.ensemble import chunks
from relsim.ensemble.chunks import Chunk
from relsim.ensemble.store import Layout, create_store, open_store, reopen_store
from relsim.errors import DamagedError, ResultsError
from relsim.model.compile import compile_scenario
from relsim.results.folder import notes_of
from relsim.results.manifest import question_part, write_manifest
from relsim.results.question import Question
from relsim.results.result import Result, open_result
from relsim.results.run import run
from relsim.results.verify import (
    Difference,
    Verification,
    chunks_of,
    first_difference,
    spread_evenly,
    verify,
)
from scenarios_to_test import EVERYTHING, scenario_of

RUNS = 50  # seven chunks of eight, the last of two


def lines_of(verification: Verification) -> str:
    return "\n".join(verification_lines(verification))


@pytest.fixture(autouse=True)
def _small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chunks, "MAX_RUNS", 8)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Result:
    out = tmp_path_factory.mktemp("results")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(chunks, "MAX_RUNS", 8)
        return run(scenario_of(EVERYTHING), runs=RUNS, seed=4, out=out, views=False)


@pytest.fixture
def result(sound: Result, tmp_path: Path) -> Result:
    folder = tmp_path / sound.folder.parent.name / sound.folder.name
    shutil.copytree(sound.folder, folder)
    return open_result(folder)


def array(result: Result, name: str) -> Any:
    group: Any = zarr.open_group(result.folder / "ensemble.zarr", mode="r+")
    return group[name]


def rewrite_manifest(result: Result, **changes: Any) -> Result:
    """The result with a manifest that says something else, and has the digest of that."""
    write_manifest({**result.manifest, **changes}, result.folder)
    return open_result(result.folder)


def refused(result: Result) -> str:
    """What is said of a result that does not open."""
    with pytest.raises(DamagedError) as raised:
        open_result(result.folder)
    assert str(result.folder) in str(raised.value)
    assert "--force" in str(raised.value)
    return str(raised.value)


def test_a_sound_result_is_verified_in_part_or_whole(result: Result) -> None:
    done: list[int] = []
    found = verify(result, progress=done.append)
    assert (found.checked, found.chunks, found.runs) == (4, 7, 26)
    assert done == [8, 8, 8, 2]
    assert found.difference is None
    assert verify(result, chunks=None).runs == RUNS
    assert "--all checks every run." in lines_of(found)


def test_the_sample_is_spread_from_first_to_last(result: Result) -> None:
    every = chunks_of(result)
    for count, firsts in ((1, [0]), (2, [0, 48]), (4, [0, 16, 32, 48]), (9, range(0, 50, 8))):
        assert [one.chunk.first for one in spread_evenly(every, count)] == list(firsts)


def test_the_first_value_that_differs_is_named(result: Result) -> None:
    overall = array(result, "overall")
    before = overall[19, 5, 2]
    after = np.nextafter(before, np.float32(9))
    overall[19, 5, 2] = after  # by one bit
    overall[20, 0, 0] = 0.5  # later in the array
    found = verify(result, chunks=None).difference
    assert found is not None
    assert (found.kind, found.variable) == ("damaged", "overall")
    assert found.labels == {"run": "19", "time": "2020-06", "pair": "A-D"}
    assert (found.stored, found.recomputed) == (float(after), float(before))
    said = lines_of(verify(result, chunks=None))
    assert f"run 19, month 2020-06, pair A-D: stored {float(after)!r}, recomputed" in said


def test_events_and_drawn_numbers_are_verified_too(result: Result) -> None:
    array(result, "fired")[3, 7, 0] += 1
    found = verify(result).difference
    assert found is not None
    assert found.labels is not None
    assert (found.variable, found.labels["run"], found.labels["step"]) == ("fired", "3", "2020-08")
    assert (found.stored, found.recomputed) == (1, 0)


def test_what_was_written_but_does_not_come_out_again_is_told_apart(result: Result) -> None:
    question = Question(result.scenario, 5, RUNS, "domains", version="0.0.9")
    other = rewrite_manifest(result, relsim="0.0.9", **question_part(question))
    found = verify(other)
    assert found.difference is not None
    assert found.difference.kind == "changed"
    said = lines_of(found)
    assert said.startswith("Made by relsim 0.0.9, checked by")
    assert "of runs 0 to 7 does not come out again." in said


@pytest.mark.parametrize("place", [0, 5, 40, 200, -3])
def test_a_flipped_byte_is_found(result: Result, place: int) -> None:
    files = (result.folder / "ensemble.zarr/overall/c/2").rglob("*")
    shard = next(file for file in files if file.is_file())
    content = bytearray(shard.read_bytes())
    content[place] ^= 0xFF
    shard.write_bytes(content)
    found = verify(result).difference
    assert found is not None
    assert (found.kind, found.variable, found.chunk) == ("damaged", "overall", Chunk(16, 8))


def test_a_digest_that_is_wrong_is_found(result: Result) -> None:
    noted = result.manifest["chunks"]
    noted[0]["digests"]["drawn"] = "0" * 32
    found = verify(rewrite_manifest(result, chunks=noted)).difference
    assert found is not None
    assert (found.kind, found.variable, found.labels) == ("damaged", "drawn", None)


def labels_of(result: Result) -> list[str]:
    return sorted(map(str, result.ensemble.data.coords))


def test_every_label_is_looked_at_on_opening(result: Result) -> None:
    names = labels_of(result)
    assert names == ["domain", "event", "number", "pair", "run", "step", "time", "watched"]
    for name in names:
        folder = result.folder / "ensemble.zarr" / name
        shutil.copytree(folder, result.folder / "aside")
        stored = array(result, name)
        values = stored[:]
        changed = values.copy()
        changed[1] = "X" if values.dtype.kind not in "if" else values[1] + 31
        stored[:] = changed
        forget_sizes(result)
        assert f"Number 1 on {name} is " in refused(result)
        shutil.rmtree(folder)
        shutil.move(result.folder / "aside", folder)
    write_manifest(result.manifest, result.folder)
    assert verify(open_result(result.folder), chunks=1).difference is None


def forget_sizes(result: Result) -> None:
    """Makes the manifest agree with the sizes of all files, as one who alters a result might."""
    sizes = {
        path: {**note, "bytes": (result.folder / path).stat().st_size}
        for path, note in result.manifest["files"].items()
    }
    write_manifest({**result.manifest, "files": sizes}, result.folder)


@pytest.mark.parametrize(
    ("name", "label", "said"),
    [
        ("pair", "A-X", "Number 1 on pair is 'A-X', should be 'C-A'."),
        ("time", 18294, "Number 1 on time is '2020-02-02', should be '2020-02'."),
        ("run", 7, "Number 1 on run is '7', should be '1'."),
    ],
)
def test_the_first_label_that_differs_is_said(
    result: Result, name: str, label: Any, said: str
) -> None:
    array(result, name)[1] = label
    forget_sizes(result)
    assert said in refused(result)


def parts_of(result: Result) -> list[Path]:
    """The files with numbers and labels of a store, and those that say what they are."""
    return sorted(file for file in (result.folder / "ensemble.zarr").rglob("*") if file.is_file())


def test_no_file_of_a_store_can_be_missing_or_cut(result: Result) -> None:
    sound = {file: file.read_bytes() for file in parts_of(result)}
    assert len(sound) == 8 * 2 + 4 * 8 + 1  # labels, arrays of seven shards, what is said of all
    for file, content in sound.items():
        for damage in (None, content[: len(content) // 2], b""):
            file.unlink()
            if damage is not None:
                file.write_bytes(damage)
            said = refused(result)
            assert file.relative_to(result.folder).as_posix() in said
            assert "cftime" not in said
            file.write_bytes(content)
    assert verify(open_result(result.folder), chunks=1).difference is None


@pytest.mark.parametrize("variable", ["overall", "cooperation", "fired", "drawn"])
def test_broken_bytes_are_never_read_as_numbers(result: Result, variable: str) -> None:
    shards = (result.folder / "ensemble.zarr" / variable / "c/2").rglob("*")
    shard = next(file for file in shards if file.is_file())
    sound = shard.read_bytes()
    data = open_result(result.folder).ensemble.data[variable]
    for place in range(0, len(sound), max(1, len(sound) // 60)):
        broken = bytearray(sound)
        broken[place] ^= 0x10
        shard.write_bytes(broken)
        with pytest.raises(DamagedError, match=rf"{variable} cannot be read\..*--force"):
            data.isel(run=slice(16, 24)).load()


def test_a_store_reads_what_is_missing_as_nothing(result: Result) -> None:
    for name in ("overall", "cooperation", "fired", "drawn"):
        shutil.rmtree(result.folder / "ensemble.zarr" / name / "c/2")
        rows = array(result, name)[16:24]
        assert np.isnan(rows).all() if rows.dtype.kind == "f" else (rows == 255).all()


def test_shards_that_hold_fill_values_alone_are_written(tmp_path: Path) -> None:
    """As of runs that all failed; else they would look as if they were missing."""
    compiled = compile_scenario(scenario_of(EVERYTHING))
    stores = [create_store(tmp_path / "s", compiled, 16, 1, "domains")]
    stores.append(reopen_store(tmp_path / "s", compiled, 16, "domains") or {})
    for rows, arrays in zip((slice(8), slice(8, 16)), stores, strict=True):
        for stored in arrays.values():
            stored[rows] = np.full((8, *stored.shape[1:]), stored.fill_value, stored.dtype)
    data = open_store(tmp_path / "s", Layout.of(compiled, 16, "domains"))
    assert data["overall"].isnull().all()


def test_arrays_that_are_missing_or_too_many_are_named(result: Result) -> None:
    group: Any = zarr.open_group(result.folder / "ensemble.zarr", mode="r+")
    group.create_array("mood", data=np.ones(3), dimension_names=("place",))
    assert "mood was not written by relsim" in refused(result)
    shutil.rmtree(result.folder / "ensemble.zarr/mood")
    group.create_array("mood", data=np.ones(3))  # on no axes
    assert "mood cannot be read" in refused(result)
    shutil.rmtree(result.folder / "ensemble.zarr/mood")
    forgotten = {path: one for path, one in result.manifest["files"].items() if "zarr" not in path}
    write_manifest({**result.manifest, "files": forgotten}, result.folder)
    for name in ("fired", "pair"):
        shutil.move(result.folder / "ensemble.zarr" / name, result.folder / "aside")
        assert f"{name} is missing." in refused(result)
        shutil.move(result.folder / "aside", result.folder / "ensemble.zarr" / name)
    assert verify(open_result(result.folder)).difference is None


def test_an_array_on_other_axes_is_named(result: Result) -> None:
    file = result.folder / "ensemble.zarr/fired/zarr.json"
    text = file.read_text()
    assert text.count('"step"') == 1
    file.write_text(text.replace('"step"', '"stair"'))
    forget_sizes(result)
    assert "fired is not on the axes" in refused(result)


@pytest.mark.parametrize("name", ["summary.csv", "events.csv", "claims.csv"])
def test_altered_and_missing_tables_are_named(result: Result, name: str) -> None:
    file = result.folder / name
    file.write_text(file.read_text()[:-1] + "0\n")
    assert f"Damaged: {name} does not have" in lines_of(verify(result))
    file.write_text(file.read_text()[:-2] + "\n")
    before = "".join(sorted(file.read_text()))
    file.write_text(before)  # of the same size
    said = lines_of(verify(result))
    assert said.startswith(f"Damaged: {name} is not as it was written.")
    assert "The same relsim run writes it again." in said
    file.unlink()
    assert f"Damaged: {name} is missing." in lines_of(verify(result))


@pytest.mark.parametrize(
    ("old", "new"), [("name: Test", "name: Else"), ("above: 0.1", "above: 0.2")]
)
def test_an_altered_scenario_is_found(tmp_path: Path, old: str, new: str) -> None:
    claim = {"says": "x", "expect": {"level": "A-B", "above": 0.1}, "probability": 0.5}
    data = {"name": "Test", "states": {"A": {}, "B": {}}, "claims": {"c": claim}}
    result = run(scenario_of(data), runs=8, out=tmp_path, views=False)
    file = result.folder / "scenario.resolved.yaml"
    file.write_text(file.read_text().replace(old, new))
    said = lines_of(verify(open_result(result.folder)))
    assert "Damaged: scenario.resolved.yaml is not as it was written." in said
    files = {**result.manifest["files"], **notes_of(result.folder, ["scenario.resolved.yaml"])}
    found = verify(rewrite_manifest(result, files=files)).difference  # the digest altered too
    assert found is not None
    assert (found.kind, found.variable) == ("question", "id" if "above" in old else "scenario")


def test_a_verdict_that_does_not_follow_is_found(tmp_path: Path) -> None:
    claim = {"says": "x", "expect": {"level": "A-B", "above": 0.1}, "probability": 0.5}
    data = {"states": {"A": {}, "B": {}}, "ties": {"A-B": 0.4}, "claims": {"high": claim}}
    result = run(scenario_of(data), runs=8, out=tmp_path, views=False)
    (stored,) = result.manifest["claims"]
    assert stored["verdict"] == "supported"
    altered = rewrite_manifest(result, claims=[{**stored, "verdict": "contradicted"}])
    said = lines_of(verify(altered))
    assert "Changed: the verdict on high does not follow from the runs." in said
    assert verify(rewrite_manifest(result, claims=[])).difference == Difference("claim", "high")


def test_the_words_of_another_version_are_no_difference(tmp_path: Path) -> None:
    claim = {"says": "x", "expect": {"level": "A-B", "above": 0.1}, "probability": 0.5}
    data = {"states": {"A": {}, "B": {}}, "ties": {"A-B": 0.4}, "claims": {"high": claim}}
    result = run(scenario_of(data), runs=8, out=tmp_path, views=False)
    (stored,) = result.manifest["claims"]
    reworded = rewrite_manifest(result, claims=[{**stored, "test": "in words of another version"}])
    assert verify(reworded).difference is None


@pytest.mark.parametrize("key", ["command", "seconds", "versions", "stability", "notes"])
def test_a_manifest_that_was_edited_is_found(result: Result, key: str) -> None:
    file = result.folder / "manifest.json"
    content = json.loads(file.read_text())
    edited = {"command": "relsim run else", "notes": ["x"]}.get(key, content[key])
    if isinstance(edited, dict):
        name, value = next(iter(edited.items()))
        edited[name] = value + "1" if isinstance(value, str) else value + 1
    file.write_text(json.dumps({**content, key: edited}))
    said = lines_of(verify(open_result(result.folder)))
    assert "Damaged: manifest.json is not as it was written." in said


def test_what_is_not_checked_is_said(result: Result) -> None:
    assert "Not checked: figures/ and report.html" in lines_of(verify(result))


@pytest.mark.parametrize("noted", [None, [], [{}], [{"first": 0, "runs": 50, "digests": {}}]])
def test_a_manifest_without_its_chunks_is_refused(result: Result, noted: Any) -> None:
    with pytest.raises(ResultsError, match="--force"):
        verify(rewrite_manifest(result, chunks=noted))


def test_bits_are_compared_not_values() -> None:
    zero, nan = np.array([[1.0, 0.0]]), np.array([[1.0, np.nan]])
    assert first_difference(zero, -zero) == (0, 0)
    assert first_difference(zero, np.array([[1.0, -0.0]])) == (0, 1)
    assert first_difference(nan, nan.copy()) is None
    assert first_difference(zero[:, :0], zero[:, :0]) is None
