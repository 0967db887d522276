"""Outcomes at points: a study's scenario simulated at each, in chunks, and measured run by run."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor
from contextlib import closing
from functools import partial
from typing import Any, TypeAlias

import numpy as np

from relsim.analysis.claims import holds, judged_values
from relsim.ensemble.agents import compile_with
from relsim.ensemble.chunks import Stop, map_chunks, new_stop
from relsim.ensemble.failures import refuse_all_failed
from relsim.ensemble.points import PointChunk, points_per_chunk, simulate_points
from relsim.ensemble.record import Arrays, RecordLevel, recorder
from relsim.ensemble.simulate import Ensemble, dataset
from relsim.experiments.load import draw_of
from relsim.experiments.misfit import misfit
from relsim.experiments.schema import Measure
from relsim.experiments.study import Outcomes, Study, claim_of
from relsim.model.plan import Compiled
from relsim.model.structs import Ints
from relsim.scenario.names import TieRef
from relsim.scenario.schema import Expectation
from relsim.stats import Values

# Takes the rows of points that are done, and their outcomes by measure [points, R].
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
        known: by row, outcomes [R] of points that were done before.
        executor: where chunks run; threads on all cores where absent. It decides no number.
        done: called with each chunk of outcomes.
        progress: called with the number of runs that have just finished.
        stop: ends the work from another thread.

    Raises:
        ResultsError: every run of a chunk failed.
        Stopped: ``stop`` was set.
    """
    known, stop = known or {}, new_stop() if stop is None else stop
    shape = len(points), study.experiment.runs
    outcomes = {name: np.full(shape, np.nan) for name in study.outcomes}
    for row, by_measure in known.items():
        for name, values in by_measure.items():
            outcomes[name][row] = values
    missing = np.array([row for row in range(len(points)) if row not in known], dtype=int)
    compiled: dict[int, Compiled] = {}  # of the chunks in progress
    chunks = _chunks(study, points, missing, first_run, compiled)
    task, failures = partial(simulate_points, stop=stop), 0
    with closing(map_chunks(task, chunks, executor, stop)) as answers:
        for chunk, (arrays, failed) in answers:
            refuse_all_failed(failed, chunk.runs, f"All of {chunk.runs:,} runs at some points")
            failures += len(failed)
            measured = _measured(study, compiled.pop(chunk.first), chunk, arrays)
            for name, values in measured.items():
                outcomes[name][chunk.indices] = values
            if done is not None:
                done(chunk.indices, measured)
            if progress is not None:
                progress(chunk.runs)
    return Outcomes(points, outcomes, failures)


def _chunks(
    study: Study, points: Values, missing: Ints, first_run: int, compiled: dict[int, Compiled]
) -> Iterator[PointChunk]:
    """Missing points with the same switches, a few at a time. What each chunk was compiled to is
    kept in ``compiled``, by its first row."""
    for changes, rows in _variants(study, points, missing):
        scenario = study.scenario.with_changes(changes) if changes else study.scenario
        plan = compile_with(scenario, study.agent_class)
        size = points_per_chunk(plan, study.experiment.runs)
        columns = _columns(study, plan)
        for first in range(0, len(rows), size):
            some = rows[first : first + size]
            chunk = PointChunk(
                indices=some,
                program=plan.program,
                kept=recorder(plan, _record_level(study)),
                seed=study.experiment.seed,
                first_run=first_run,
                replications=study.experiment.runs,
                columns=columns,
                values=np.ascontiguousarray(points[some, : len(study.parameters)]),
            )
            compiled[chunk.first] = plan
            yield chunk


def _variants(study: Study, points: Values, missing: Ints) -> Iterator[tuple[dict[str, Any], Ints]]:
    """Changes of the scenario that switches make, with the rows of the points that have them."""
    if not missing.size:
        return
    settings = points[missing, len(study.parameters) :].astype(int)
    variants, kind = np.unique(settings, axis=0, return_inverse=True)
    for index, variant in enumerate(variants):
        changes: dict[str, Any] = {}
        for switch, on in zip(study.experiment.switches.values(), variant, strict=True):
            changes |= switch.changes(on=bool(on))
        yield changes, missing[kind.ravel() == index]


def _columns(study: Study, compiled: Compiled) -> Ints:
    """The draw of the compiled scenario that each parameter stands for, by index, [K]."""
    names = [draw.name for draw in compiled.draws]
    paths = (parameter.path for parameter in study.parameters)
    draws = (draw_of(path, compiled.scenario, compiled.draws) for path in paths)
    return np.array([names.index(draw.name) for draw in draws if draw is not None], dtype=np.int64)


def _record_level(study: Study) -> RecordLevel:
    """How much of each run is recorded, for the measures of a study."""
    if study.observed:
        return "overall"
    expectations = (claim.expect for claim in study.scenario.claims.values())
    by_domain = any(tie.domain is not None for expect in expectations for tie in expect.ties)
    return "domains" if by_domain else "watched"


# Measures


def _measured(
    study: Study, compiled: Compiled, chunk: PointChunk, arrays: Arrays
) -> dict[str, Values]:
    """The outcomes of a chunk, [points, R] by name. The mean of a misfit over R is its CRPS."""
    data = dataset(compiled, _record_level(study), chunk.runs, dict(arrays))
    ensemble = Ensemble(compiled.scenario, chunk.seed, data)
    shape = len(chunk.indices), chunk.replications
    outcomes = {
        name: _of_each_run(name, measure, study, ensemble).reshape(shape)
        for name, measure in study.experiment.measures.items()
        if measure.misfit is None
    }
    for name, matched in study.observed.items():
        dyads = list(dict.fromkeys(matched.observations["dyad"]))
        names = ensemble.scenario.pair_names(dyad.split("-") for dyad in dyads)
        levels = ensemble.data["overall"].sel(pair=names).values
        by_point = np.moveaxis(levels.reshape(*shape, *levels.shape[1:]), -1, 1)
        outcomes[name] = np.stack(
            [misfit(dict(zip(dyads, point, strict=True)), matched) for point in by_point]
        )
    return outcomes


def _of_each_run(name: str, measure: Measure, study: Study, ensemble: Ensemble) -> Values:
    if measure.claim is not None:
        return _held(study.scenario.claims[measure.claim].expect, ensemble)
    expect = study.scenario.claims[claim_of(name)].expect
    if measure.probability is not None:
        return _held(expect, ensemble)
    if measure.time_to is not None:
        return _years_to_reach(expect, ensemble)
    if measure.volatility is not None:
        # Standard deviation of the changes from step to step, per √year.
        changes = np.diff(_levels_of(measure.volatility, ensemble), axis=1)
        per_year = 12.0 / ensemble.scenario.time.months_per_step
        return np.asarray(changes.std(axis=1, ddof=1) * math.sqrt(per_year))
    return judged_values(expect, ensemble)


def _held(expect: Expectation, ensemble: Ensemble) -> Values:
    """1 in runs in which a claim holds, 0 in the others, NaN in those that failed."""
    held = holds(expect, judged_values(expect, ensemble), ensemble.scenario.time)
    failed = np.isnan(_levels_of(expect.ties[0], ensemble)[:, -1])
    return np.where(failed, np.nan, held.astype(np.float64))


def _years_to_reach(expect: Expectation, ensemble: Ensemble) -> Values:
    """Years until a tie is first past a threshold, [runs]; the whole span where it never is.

    The mean over runs is the restricted mean time (Royston and Parmar 2013): it is known where
    some runs never get there.
    """
    time, (low, high) = ensemble.scenario.time, expect.bounds
    levels = _levels_of(expect.ties[0], ensemble)[:, 1:].astype(np.float32)
    past = levels > np.float32(low) if math.isfinite(low) else levels < np.float32(high)
    steps = np.where(past.any(axis=1), past.argmax(axis=1) + 1.0, time.steps)
    years: Values = steps * time.months_per_step / 12.0
    return np.where(np.isnan(levels[:, -1]), np.nan, years)


def _levels_of(tie: TieRef, ensemble: Ensemble) -> Values:
    """Cooperation of a tie at every step, [runs, steps + 1]."""
    return np.asarray(ensemble.level("-".join(tie.pair), tie.domain).values, dtype=np.float64)
