"""Verification: sound results pass, and the first value that differs is named."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr

from relsim.ensemble import chunks
from relsim.ensemble.chunks import Chunk
from relsim.errors import ResultsError
from relsim.results.result import Result, open_result
from relsim.results.run import run
from relsim.results.verify import Difference, chunks_of, first_difference, spread_evenly, verify
from relsim.terminal.verification import verification_lines
from scenarios_to_test import EVERYTHING, scenario_of

RUNS = 50  # seven chunks of eight, the last of two


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
    file = result.folder / "manifest.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), **changes}))
    return open_result(result.folder)


def test_a_sound_result_is_verified_in_part_or_whole(result: Result) -> None:
    done: list[int] = []
    found = verify(result, progress=done.append)
    assert (found.checked, found.chunks, found.runs) == (4, 7, 26)
    assert done == [8, 8, 8, 2]
    assert found.difference is None
    assert verify(result, chunks=None).runs == RUNS
    assert "--all checks every run." in verification_lines(found)


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
    assert found.place == {"run": "19", "time": "2020-06", "pair": "A-D"}
    assert (found.stored, found.recomputed) == (float(after), float(before))
    said = verification_lines(verify(result, chunks=None))
    assert f"run 19, month 2020-06, pair A-D: stored {float(after)!r}, recomputed" in said


def test_events_and_drawn_numbers_are_verified_too(result: Result) -> None:
    array(result, "fired")[3, 7, 0] += 1
    found = verify(result).difference
    assert found is not None
    assert found.place is not None
    assert (found.variable, found.place["run"], found.place["step"]) == ("fired", "3", "2020-08")
    assert (found.stored, found.recomputed) == (1, 0)


def test_what_was_written_but_does_not_come_out_again_is_told_apart(result: Result) -> None:
    other = rewrite_manifest(result, seed=5)
    found = verify(replace(other, manifest={**other.manifest, "relsim": "0.0.9"}))
    assert found.difference is not None
    assert found.difference.kind == "changed"
    said = verification_lines(found)
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
    assert (found.kind, found.variable, found.place) == ("damaged", "drawn", None)


def labels_of(result: Result) -> list[str]:
    return sorted(map(str, result.ensemble.data.coords))


def test_every_label_is_verified(result: Result) -> None:
    names = labels_of(result)
    assert names == ["domain", "event", "number", "pair", "run", "step", "time", "watched"]
    for name in names:
        stored = array(result, name)
        values = stored[:]
        changed = values.copy()
        changed[1] = "X" if values.dtype.kind not in "if" else values[1] + 31
        stored[:] = changed
        found = verify(open_result(result.folder), chunks=1).difference
        assert found is not None
        assert (found.kind, found.variable, found.place) == ("labels", name, {name: "1"})
        stored[:] = values
    assert verify(open_result(result.folder), chunks=1).difference is None


@pytest.mark.parametrize(
    ("name", "label", "said"),
    [
        ("pair", "A-X", "number 1 on pair: stored 'A-X', should be 'A-C'"),
        ("time", 18294, "number 1 on time: stored '2020-02-02', should be '2020-02'"),
        ("run", 7, "number 1 on run: stored '7', should be '1'"),
    ],
)
def test_the_first_label_that_differs_is_said(
    result: Result, name: str, label: Any, said: str
) -> None:
    array(result, name)[1] = label
    found = verify(open_result(result.folder))
    assert found.checked == 0
    assert said in verification_lines(found)


def test_labels_that_cannot_be_read_are_named(result: Result) -> None:
    for name in labels_of(result):
        (chunk,) = (file for file in (result.folder / "ensemble.zarr" / name / "c").rglob("*"))
        sound = chunk.read_bytes()
        chunk.write_bytes(bytes(255 - byte for byte in sound))
        with pytest.raises(ResultsError, match=rf"Damaged arrays: {name}\."):
            open_result(result.folder)
        chunk.unlink()  # Zarr then reads zeros and empty names
        found = verify(open_result(result.folder)).difference
        assert found is not None
        assert (found.kind, found.variable) == ("labels", name)
        chunk.write_bytes(sound)


def test_a_shard_that_is_missing_is_found(result: Result) -> None:
    shutil.rmtree(result.folder / "ensemble.zarr/overall/c/2")
    found = verify(open_result(result.folder)).difference
    assert found is not None
    assert found.chunk == Chunk(16, 8)
    assert (found.kind, found.variable, found.stored) == ("damaged", "overall", 0.0)


def test_arrays_that_are_missing_or_too_many_are_named(result: Result) -> None:
    group: Any = zarr.open_group(result.folder / "ensemble.zarr", mode="r+")
    extra = group.create_array("mood", data=np.zeros(3), dimension_names=("place",))
    assert extra.shape == (3,)
    found = verify(open_result(result.folder))
    assert found.difference == Difference("extra", "mood")
    assert "mood was not written by relsim" in verification_lines(found)
    shutil.rmtree(result.folder / "ensemble.zarr/mood")
    group.create_array("mood", data=np.zeros(3))  # on no axes, so that xarray opens nothing
    with pytest.raises(ResultsError, match=r"Damaged arrays: mood\."):
        open_result(result.folder)
    shutil.rmtree(result.folder / "ensemble.zarr/mood")
    for name in ("fired", "pair"):
        shutil.move(result.folder / "ensemble.zarr" / name, result.folder / "aside")
        assert verify(open_result(result.folder)).difference == Difference("missing", name)
        shutil.move(result.folder / "aside", result.folder / "ensemble.zarr" / name)
    assert verify(open_result(result.folder)).difference is None


def test_an_array_on_other_axes_is_named(result: Result) -> None:
    file = result.folder / "ensemble.zarr/fired/zarr.json"
    text = file.read_text()
    assert text.count('"step"') == 1
    file.write_text(text.replace('"step"', '"stair"'))
    assert verify(open_result(result.folder)).difference == Difference("axes", "fired")


@pytest.mark.parametrize("noted", [None, [], [{}], [{"first": 0, "runs": 50, "digests": {}}]])
def test_a_manifest_without_its_chunks_is_refused(result: Result, noted: Any) -> None:
    with pytest.raises(ResultsError, match="--force makes it anew"):
        verify(rewrite_manifest(result, chunks=noted))


def test_bits_are_compared_not_values() -> None:
    zero, nan = np.array([[1.0, 0.0]]), np.array([[1.0, np.nan]])
    assert first_difference(zero, -zero) == (0, 0)
    assert first_difference(zero, np.array([[1.0, -0.0]])) == (0, 1)
    assert first_difference(nan, nan.copy()) is None
    assert first_difference(zero[:, :0], zero[:, :0]) is None
