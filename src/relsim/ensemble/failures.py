"""Runs that fail: their chunk is taken apart, so that one run does not take others along."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np

from relsim.ensemble.chunks import Chunk, Stopped
from relsim.ensemble.record import Arrays
from relsim.errors import ResultsError

Simulate = Callable[[Chunk], Arrays]
Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Failure:
    """A run that failed.

    Attributes:
        run: its number.
        error: the error in a line.
        trace: where it was raised: file, line and function of each call, outermost first. Files
            are named without their folders.
    """

    run: int
    error: str
    trace: tuple[str, ...]


def with_failures(
    simulate: Simulate, blank: Simulate, chunk: Chunk
) -> tuple[Arrays, tuple[Failure, ...]]:
    """The recorded arrays of a chunk, and the runs of it that failed.

    Args:
        simulate: gives the arrays of a chunk, run by run the same however they are grouped.
        blank: gives the rows that stand for runs that failed.
        chunk: what to simulate; as a whole, and run by run where that fails.
    """
    rows, failures = in_pieces(simulate, blank, chunk)
    if len(rows) == 1:
        return rows[0], failures
    return {name: np.concatenate([row[name] for row in rows]) for name in rows[0]}, failures


def in_pieces(
    simulate: Callable[[Chunk], Answer], blank: Callable[[Chunk], Answer], chunk: Chunk
) -> tuple[list[Answer], tuple[Failure, ...]]:
    """What a chunk gives, and the runs of it that failed: one answer, or one of each run where the
    whole fails.

    Args:
        simulate, blank, chunk: as for :func:`with_failures`.
    """
    try:
        return [simulate(chunk)], ()
    except Stopped:
        raise
    except Exception:  # whatever it is, the other runs go on
        return _one_by_one(simulate, blank, chunk)


def refuse_all_failed(failed: Sequence[Failure], runs: int, subject: str) -> None:
    """Where nothing goes well, nothing would later.

    Args:
        failed: what failed of some runs.
        runs: how many those are.
        subject: in words, as in "All of the first 8 runs".

    Raises:
        ResultsError: all of them failed.
    """
    if failed and len(failed) == runs:
        trace = "".join(f"\n  {call}" for call in failed[0].trace)
        raise ResultsError(f"{subject} failed. {failed[0].error}{trace}")


def _one_by_one(
    simulate: Callable[[Chunk], Answer], blank: Callable[[Chunk], Answer], chunk: Chunk
) -> tuple[list[Answer], tuple[Failure, ...]]:
    answers, failures = [], []
    for run in range(chunk.first, chunk.first + chunk.runs):
        try:
            answers.append(simulate(Chunk(run, 1)))
        except Stopped:
            raise
        except Exception as error:  # recorded with its trace
            calls = traceback.extract_tb(error.__traceback__)
            trace = [f"{Path(call.filename).name}:{call.lineno} in {call.name}" for call in calls]
            failures.append(Failure(run, f"{type(error).__name__}: {error}", tuple(trace)))
            answers.append(blank(Chunk(run, 1)))
    return answers, tuple(failures)
