"""The journal: what is noted and still reads as noted is finished, nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from relsim.ensemble.chunks import Chunk, chunks
from relsim.ensemble.journal import Noted, digests, intact, note, noted, start

ARRAYS: dict[str, Any] = {
    "a": np.arange(40, dtype=np.float32).reshape(10, 4),
    "b": np.arange(10, dtype=np.uint8).reshape(10, 1),
}
TODO = chunks(10, 4)


def digests_of(chunk: Chunk) -> dict[str, str]:
    return digests({name: values[chunk.rows] for name, values in ARRAYS.items()})


def test_what_is_noted_is_read_back_in_order(tmp_path: Path) -> None:
    for chunk in TODO:
        note(tmp_path / "j", chunk, digests_of(chunk))
    assert noted(tmp_path / "j") == [Noted(chunk, digests_of(chunk)) for chunk in TODO]
    assert noted(tmp_path / "nothing") == []


def test_a_torn_line_counts_as_not_written_and_spoils_no_later_one(tmp_path: Path) -> None:
    journal = tmp_path / "j"
    for chunk in TODO:
        note(journal, chunk, digests_of(chunk))
    journal.write_bytes(journal.read_bytes()[:-20])
    kept = noted(journal)
    assert [one.chunk for one in kept] == TODO[:2]
    start(journal, {one.chunk: one.digests for one in kept})
    note(journal, TODO[2], digests_of(TODO[2]))
    assert [one.chunk for one in noted(journal)] == TODO


def test_only_chunks_that_still_read_as_noted_are_kept() -> None:
    entries = [Noted(chunk, digests_of(chunk)) for chunk in TODO]
    assert list(intact(entries, TODO, ARRAYS)) == TODO
    changed = {**ARRAYS, "a": ARRAYS["a"].copy()}
    changed["a"][5, 2] = np.nextafter(changed["a"][5, 2], np.float32(99))  # one bit
    assert list(intact(entries, TODO, changed)) == [TODO[0], TODO[2]]
    assert list(intact(entries, chunks(10, 5), ARRAYS)) == []  # other chunks than are asked for
    assert list(intact(entries, TODO, {"a": ARRAYS["a"]})) == []  # another record


def test_digests_tell_zero_from_minus_zero() -> None:
    assert digests({"x": np.array([0.0])}) != digests({"x": np.array([-0.0])})
