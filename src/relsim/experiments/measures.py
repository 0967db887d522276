"""What is looked at: one number of each run, from recorded levels."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from relsim.analysis.claims import holds, judged_values
from relsim.ensemble.record import RecordLevel
from relsim.ensemble.simulate import Ensemble
from relsim.experiments.misfit import Matched, misfit
from relsim.experiments.parameters import Values
from relsim.experiments.schema import Measure
from relsim.experiments.study import Study, claim_of
from relsim.scenario.names import TieRef
from relsim.scenario.schema import Expectation


def measured(study: Study, ensemble: Ensemble) -> dict[str, Values]:
    """The measures of a study in each run of an ensemble of its scenario, [runs] by name.

    `misfit` is not among them: it is of all runs of a point at once.
    """
    return {
        name: _of_each_run(name, measure, study, ensemble)
        for name, measure in study.experiment.measures.items()
        if measure.misfit is None
    }


def record_level(study: Study) -> RecordLevel:
    """What has to be recorded for the measures of a study."""
    if study.observed:
        return "overall"
    expectations = (claim.expect for claim in study.scenario.claims.values())
    by_domain = any(tie.domain is not None for expect in expectations for tie in expect.ties)
    return "domains" if by_domain else "watched"


def _of_each_run(name: str, measure: Measure, study: Study, ensemble: Ensemble) -> Values:
    if measure.claim is not None:
        return _held(study.scenario.claims[measure.claim].expect, ensemble)
    expect = study.scenario.claims[claim_of(name)].expect
    if measure.probability is not None:
        return _held(expect, ensemble)
    if measure.time_to is not None:
        return years_to_reach(expect, ensemble)
    if measure.volatility is not None:
        return volatility(measure.volatility, ensemble)
    return judged_values(expect, ensemble)


def _held(expect: Expectation, ensemble: Ensemble) -> Values:
    """1 in runs in which a claim holds, 0 in the others, NaN in those that failed."""
    values = judged_values(expect, ensemble)
    held = holds(expect, values, ensemble.scenario.time).astype(np.float64)
    failed = np.isnan(levels_of(expect.ties[0], ensemble)[:, -1])
    held[failed] = np.nan
    return held


def years_to_reach(expect: Expectation, ensemble: Ensemble) -> Values:
    """Years until a tie is first past a threshold, [runs]; the whole span where it never is.

    The mean over runs is the restricted mean time (Royston and Parmar 2013): it is known where
    some runs never get there.
    """
    time, (low, high) = ensemble.scenario.time, expect.bounds
    levels = levels_of(expect.ties[0], ensemble)[:, 1:].astype(np.float32)
    past = levels > np.float32(low) if math.isfinite(low) else levels < np.float32(high)
    steps = np.where(past.any(axis=1), past.argmax(axis=1) + 1.0, time.steps)
    years: Values = steps * time.months_per_step / 12.0
    return np.where(np.isnan(levels[:, -1]), np.nan, years)


def volatility(tie: TieRef, ensemble: Ensemble) -> Values:
    """Standard deviation of the changes of a tie from step to step in each run, per √year."""
    changes = np.diff(levels_of(tie, ensemble), axis=1)
    per_year = 12.0 / ensemble.scenario.time.months_per_step
    spread: Values = changes.std(axis=1, ddof=1) * math.sqrt(per_year)
    return spread


def levels_of(tie: TieRef, ensemble: Ensemble) -> Values:
    """Cooperation of a tie at every step, [runs, steps + 1]."""
    return np.asarray(ensemble.level("-".join(tie.pair), tie.domain).values, dtype=np.float64)


def misfits(study: Study, ensemble: Ensemble, shape: tuple[int, int]) -> dict[str, Values]:
    """The misfits of a study, [points, R] by outcome: the mean over the runs of a point is its
    CRPS.

    Args:
        study: with the observations of each.
        ensemble: the runs of some points, one point after the other.
        shape: points, R.
    """
    return {
        name: np.stack(
            [misfit(levels, matched).by_run for levels in _levels_by_dyad(ensemble, matched, shape)]
        )
        for name, matched in study.observed.items()
    }


def _levels_by_dyad(
    ensemble: Ensemble, matched: Matched, shape: tuple[int, int]
) -> Iterator[dict[str, Values]]:
    """Levels of the observed dyads [R, steps + 1] at each point."""
    dyads = list(dict.fromkeys(matched.observations["dyad"]))
    names = ensemble.scenario.pair_names(dyad.split("-") for dyad in dyads)
    levels = ensemble.data["overall"].sel(pair=names).values
    by_point = levels.reshape(*shape, *levels.shape[1:])
    for one in by_point:
        yield {dyad: one[:, :, column] for column, dyad in enumerate(dyads)}
