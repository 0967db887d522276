"""Outcomes at points: a study's scenario simulated at each, in chunks, on any executor."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeAlias

import numpy as np

from relsim.ensemble.chunks import Arrays, Stop, map_chunks, new_stop
from relsim.ensemble.failures import refuse_all_failed
from relsim.ensemble.points import PointChunk, points_per_chunk, simulate_points
from relsim.ensemble.record import recorder
from relsim.ensemble.simulate import Ensemble, dataset
from relsim.experiments.load import draw_of
from relsim.experiments.measures import measured, misfits, record_level
from relsim.experiments.parameters import Values
from relsim.experiments.study import Outcomes, Study
from relsim.model.compile import compile_scenario
from relsim.model.plan import Compiled, Ints

# Told the places of points that are done, and their outcomes by measure [points, R].
Done: TypeAlias = Callable[[Ints, Mapping[str, Values]], None]


def evaluate(
    study: Study,
    points: Values,
    *,
    first_run: int = 0,
    known: Mapping[int, Mapping[str, Values]] | None = None,
    executor: Executor | None = None,
    done: Done | None = None,
    progress: Callable[[int], None] | None = None,
    stop: Stop | None = None,
) -> Outcomes:
    """The outcomes of a study at points [P, K].

    Args:
        study, points: what to simulate; run r has the same draws at every point.
        first_run: the number of the first run of each point; others are fresh draws.
        known: by place, outcomes [R] of points that were done before.
        executor: where chunks run; threads on all cores where absent. It decides no number.
        done: called with what has just been done.
        progress: called with the number of runs that have just finished.
        stop: ends the work from another thread.

    Raises:
        ResultsError: every run of a chunk failed.
        Stopped: ``stop`` was set.
    """
    known, stop = known or {}, new_stop() if stop is None else stop
    found = _Found.of(study, len(points), known)
    missing = np.array([place for place in range(len(points)) if place not in known], dtype=int)
    work = _Work(study, points, missing, first_run)
    task = partial(simulate_points, stop=stop)
    with closing(map_chunks(task, work.chunks(), executor, stop)) as answers:
        for chunk, (arrays, failed) in answers:
            refuse_all_failed(failed, chunk.runs, f"All of {chunk.runs:,} runs at some points")
            found.failed += len(failed)
            outcomes = _outcomes(study, work.compiled.pop(chunk.first), chunk, arrays)
            for name, values in outcomes.items():
                found.outcomes[name][chunk.places] = values
            if done is not None:
                done(chunk.places, outcomes)
            if progress is not None:
                progress(chunk.runs)
    return Outcomes(points, found.outcomes, found.failed)


@dataclass
class _Found:
    """What is known so far."""

    outcomes: dict[str, Values]
    failed: int = 0

    @classmethod
    def of(cls, study: Study, points: int, known: Mapping[int, Mapping[str, Values]]) -> _Found:
        shape = points, study.experiment.runs
        outcomes = {name: np.full(shape, np.nan) for name in study.outcomes}
        for place, by_measure in known.items():
            for name, values in by_measure.items():
                outcomes[name][place] = values
        return cls(outcomes)


@dataclass(frozen=True)
class _Work:
    """Chunks of a study, compiled as they are asked for.

    Attributes:
        compiled: of the chunks that are under way, by the number of their first row.
    """

    study: Study
    points: Values
    missing: Ints
    first_run: int
    compiled: dict[int, Compiled] = field(default_factory=dict)

    def chunks(self) -> Iterator[PointChunk]:
        """Points with the same switches, a few at a time."""
        size = points_per_chunk(self.study.experiment.runs)
        for switches, places in self._variants():
            compiled = _compiled(self.study, switches)
            for first in range(0, len(places), size):
                chunk = self._chunk(compiled, places[first : first + size])
                self.compiled[chunk.first] = compiled
                yield chunk

    def _variants(self) -> Iterator[tuple[tuple[int, ...], Ints]]:
        """Settings of the switches, each with the places of the points that have it."""
        if not self.missing.size:
            return
        settings = self.points[self.missing, len(self.study.parameters) :].astype(int)
        rows, kind = np.unique(settings, axis=0, return_inverse=True)
        for number, row in enumerate(rows):
            yield tuple(row.tolist()), self.missing[kind.ravel() == number]

    def _chunk(self, compiled: Compiled, places: Ints) -> PointChunk:
        study = self.study
        return PointChunk(
            places=places,
            program=compiled.program,
            kept=recorder(compiled, record_level(study)),
            seed=study.experiment.seed,
            first_run=self.first_run,
            replications=study.experiment.runs,
            columns=_columns(study, compiled),
            values=np.ascontiguousarray(self.points[places, : len(study.parameters)]),
        )


def _compiled(study: Study, switches: tuple[int, ...]) -> Compiled:
    """The scenario with its switches off and on as given."""
    changes: dict[str, Any] = {}
    for switch, setting in zip(study.experiment.switches.values(), switches, strict=True):
        changes |= switch.changes(on=bool(setting))
    return compile_scenario(study.scenario.with_changes(changes) if changes else study.scenario)


def _columns(study: Study, compiled: Compiled) -> Ints:
    """Which draw of the compiled scenario each parameter stands for."""
    names = [draw.name for draw in compiled.draws]
    draws = [draw_of(one.path, compiled.scenario, compiled.draws) for one in study.parameters]
    return np.array([names.index(draw.name) for draw in draws if draw is not None], dtype=np.int64)


def _outcomes(
    study: Study, compiled: Compiled, chunk: PointChunk, arrays: Arrays
) -> dict[str, Values]:
    """The measures of a chunk, by name [points, R]."""
    data = dataset(compiled, record_level(study), chunk.runs, dict(arrays))
    ensemble = Ensemble(compiled.scenario, chunk.seed, data)
    shape = len(chunk.places), chunk.replications
    each_run = {name: one.reshape(shape) for name, one in measured(study, ensemble).items()}
    return each_run | misfits(study, ensemble, shape)
