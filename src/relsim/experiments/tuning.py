"""Tuning: what a search for values of parameters found, in tables and words."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from relsim.experiments.identifiability import Identified, states, whole_range
from relsim.experiments.objectives import (
    Objective,
    best_of_front,
    error_over_runs,
    estimate_over_runs,
    fits_as_well,
    mean_over_runs,
)
from relsim.experiments.parameters import Parameter, Values, scaled, unit_points
from relsim.stats import Estimate
from relsim.words import capital

SEARCH = "search"
MANY = 0.25  # of the search fitting as well as the best: the noise hides what the search is for
EDGE = 0.01  # of the allowed range from its end: the best may lie beyond
GAIN = 0.01  # of the spread of values: less is not worth a word
SURE = 1e-9  # of a mean: smaller errors are those of rounding
SINGLE = 1e-6  # of a level, which is recorded in single precision: smaller differences are none
POOR = 0.5  # of the variance: a surface that explains less says little


@dataclass(frozen=True)
class Tuning:
    """What tuning found.

    Attributes:
        parameters: what was varied, K.
        objectives: what was asked for.
        held_out: measures that played no part in the fit.
        points: values of the parameters at every point, [N, K], in the order of trials.
        outcomes: by measure, [N, R], in the runs that the search saw.
        stages: of each point, how it came about: ``search``, ``around the best 1``, …
        best: the point that is recommended; of several objectives, the compromise on the front.
        front: the points that are best in their way; the best alone for one objective.
        reported: the points that were simulated anew, [C]: the best, and of several objectives
            the best of each.
        fresh: by measure, the outcomes of these points in runs that played no part in the search,
            [C, R].
        identified: what is pinned down; None for several objectives, or too few points.
        seed: of the sampler and of resampling.
    """

    parameters: tuple[Parameter, ...]
    objectives: tuple[Objective, ...]
    held_out: tuple[str, ...]
    points: Values
    outcomes: Mapping[str, Values]
    stages: tuple[str, ...]
    best: int
    front: NDArray[np.int64]
    reported: NDArray[np.int64]
    fresh: Mapping[str, Values]
    identified: Identified | None
    seed: int

    @cached_property
    def as_well(self) -> NDArray[np.bool_]:
        """Which points fit as well as the best, by the noise of the runs; those of the front."""
        if len(self.objectives) > 1:
            return np.isin(np.arange(len(self.points)), self.front)
        outcomes = self.outcomes[self.objectives[0].measure]
        generator = np.random.default_rng([self.seed, 1979])
        return fits_as_well(self.objectives[0], outcomes, self.best, generator)

    @property
    def ranges(self) -> Values:
        """The lowest and highest value [K, 2] of each parameter that fits as well as the best."""
        unit = unit_points(self.parameters, self.points)
        found = unit[self.as_well]
        shares = np.column_stack([found.min(axis=0), found.max(axis=0)])
        if self.identified is not None:
            shares = whole_range(self.identified, unit, self.as_well)
        return np.column_stack([scaled(self.parameters, edge) for edge in shares.T])

    @property
    def shares(self) -> Values:
        """Those ranges as shares [K] of the allowed ones."""
        allowed = np.array([one.high - one.low for one in self.parameters])
        shares: Values = np.ptp(self.ranges, axis=1) / allowed
        return shares

    @property
    def pinned(self) -> list[str]:
        """Of each parameter ``pinned down``, ``only together``, ``not pinned down``, or nothing
        where that was not asked."""
        if self.identified is None:
            return [""] * len(self.parameters)
        unit = unit_points(self.parameters, self.ranges.T).T
        return states(unit, self.identified)

    @property
    def sound(self) -> NDArray[np.bool_]:
        """Which points have a value of every objective, [N]."""
        means = [self.means(one.measure) for one in self.objectives]
        return np.asarray(np.isfinite(means).all(axis=0))

    def means(self, measure: str) -> Values:
        """Means over the runs of the search at every point, [N]."""
        return mean_over_runs(self.outcomes[measure])

    def errors(self, measure: str) -> Values:
        """Standard errors of those means, [N]."""
        return error_over_runs(self.outcomes[measure])

    def estimate(self, measure: str, point: int) -> Estimate:
        """The mean over fresh runs at a point that is reported, with its 95 % interval."""
        (row,) = np.flatnonzero(self.reported == point)
        share = any(one.share for one in self.objectives if one.measure == measure)
        return estimate_over_runs(self.fresh[measure][row], share=share)

    def tables(self) -> dict[str, pd.DataFrame]:
        """``fit``, ``parameters`` and ``trials``; ``directions`` or ``front`` where there are."""
        tables = {"fit": self._fit(), "parameters": self._parameters(), "trials": self._trials()}
        if len(self.objectives) > 1:
            tables["front"] = self._trials().iloc[self.front].reset_index(drop=True)
        if self.identified is not None:
            tables["directions"] = self._directions(self.identified)
        return tables

    def sentences(self) -> list[str]:
        """What was found, the most important first."""
        if len(self.objectives) > 1:
            return [*_front(self), *_held_out(self)]
        return [_best(self), *_held_out(self), *_pinned(self)]

    def warnings(self) -> list[str]:
        """What the trials do not support, and what to do about it."""
        found = [*_failed(self), *_at_an_end(self)]
        if len(self.objectives) > 1:
            return found
        found += _missed(self) or _unconfirmed(self)
        if unmoved := _unmoved(self):
            return [*found, *unmoved]
        return [*found, *_unsettled(self), *_noisy(self), *_unexplained(self)]

    def _fit(self) -> pd.DataFrame:
        wanted = {one.measure: str(one.goal) for one in self.objectives}
        rows = [
            self._fit_row(place, point, measure, wanted.get(measure))
            for place, point in enumerate(self.reported)
            for measure in (*wanted, *self.held_out)
        ]
        return pd.DataFrame(rows)

    def _fit_row(
        self, place: int, point: int, measure: str, wanted: str | None
    ) -> dict[str, object]:
        """A measure at a reported point: in fresh runs, and in those that chose the point."""
        fresh = self.estimate(measure, point)
        return {
            "trial": point,
            "chosen as": self._chosen_as(point),
            "measure": measure,
            "part": "held out" if wanted is None else "fitted",
            "wanted": wanted or "",
            "mean over fresh runs": fresh.value,
            "low 95 %": fresh.low,
            "high 95 %": fresh.high,
            "fresh runs": int(np.isfinite(self.fresh[measure][place]).sum()),
            "mean in the search": self.means(measure)[point],
            "standard error in the search": self.errors(measure)[point],
        }

    def _chosen_as(self, point: int) -> str:
        """What a reported point was chosen as, in words."""
        if len(self.objectives) == 1:
            return "best"
        said = ["compromise"] if point == self.best else []
        said += [
            f"best {one.name}"
            for one in self.objectives
            if best_of_front(one, self.outcomes[one.measure], self.front) == point
        ]
        return ", ".join(said)

    def _parameters(self) -> pd.DataFrame:
        table = pd.DataFrame(
            {
                "parameter": [one.name for one in self.parameters],
                "path": [one.path for one in self.parameters],
                "unit": [one.unit for one in self.parameters],
                "best value": self.points[self.best],
                "lowest that fits as well": self.ranges[:, 0],
                "highest that fits as well": self.ranges[:, 1],
                "share of the allowed range": self.shares,
                "lowest allowed": [one.low for one in self.parameters],
                "highest allowed": [one.high for one in self.parameters],
            }
        )
        if self.identified is not None:
            allowed = (table["highest allowed"] - table["lowest allowed"]).to_numpy()
            alone = np.ptp(self.identified.alone, axis=1)
            table["standard error"] = self.identified.errors * allowed
            table["share with the others held"] = alone
            table["pinned down"] = self.pinned
            table["made up for by"] = [
                ", ".join(self.parameters[one].name for one in partners)
                for partners in self.identified.partners
            ]
        return table

    def _trials(self) -> pd.DataFrame:
        columns: dict[str, Any] = {"trial": np.arange(len(self.points)), "stage": self.stages}
        for which, parameter in enumerate(self.parameters):
            columns[parameter.path] = self.points[:, which]
        for measure in (*(one.measure for one in self.objectives), *self.held_out):
            columns[f"{measure}, mean in the search"] = self.means(measure)
            columns[f"{measure}, standard error in the search"] = self.errors(measure)
        columns["fits as well" if len(self.objectives) == 1 else "on the front"] = self.as_well
        return pd.DataFrame(columns)

    def _directions(self, seen: Identified) -> pd.DataFrame:
        table = pd.DataFrame(
            {
                "direction": np.arange(1, len(seen.directions) + 1),
                "curvature (loss per squared allowed range)": seen.curvatures,
                "length that fits as well (allowed ranges)": seen.lengths,
            }
        )
        for which, parameter in enumerate(self.parameters):
            table[parameter.path] = seen.directions[:, which]
        return table


def number(value: float) -> str:
    """Four digits, with a true minus."""
    return f"{value + 0.0:.4g}".replace("-", "−")


def amount(parameter: Parameter, value: float) -> str:
    """A value with its unit."""
    return f"{number(value)} {parameter.unit}".rstrip()


def reached(tuning: Tuning, measure: str, point: int) -> str:
    """The mean over fresh runs with its 95 % interval, to two digits of half the width of that."""
    mean, low, high = tuning.estimate(measure, point)
    half = (high - low) / 2
    if not half > SURE * abs(mean):
        return number(mean)
    shown = [_to_digits_of(half, one) for one in (mean, low, high)]
    return f"{shown[0]} ({shown[1]} to {shown[2]})"


def in_the_search(tuning: Tuning, measure: str, point: int) -> str:
    """The mean over the runs of the search with its standard error, to two digits of that."""
    mean, error = tuning.means(measure)[point], tuning.errors(measure)[point]
    if not error > SURE * abs(mean):
        return number(mean)
    return f"{_to_digits_of(error, mean)} ± {_to_digits_of(error, error)}"


def _to_digits_of(error: float, value: float) -> str:
    """A value to two digits of its error."""
    digits = max(0, 1 - math.floor(math.log10(error)))
    return f"{value + 0.0:.{digits}f}".replace("-", "−")


def fresh_runs(tuning: Tuning) -> int:
    """How many fresh runs there are of each point that is reported."""
    return tuning.fresh[tuning.objectives[0].measure].shape[1]


def _best(tuning: Tuning) -> str:
    (objective,) = tuning.objectives
    values = ", ".join(
        f"{one.name} {amount(one, value)}"
        for one, value in zip(tuning.parameters, tuning.points[tuning.best], strict=True)
    )
    return (
        f"The best of {len(tuning.points)} points has {objective.name} "
        f"{reached(tuning, objective.measure, tuning.best)}{_unit(objective)}, "
        f"{_goal(objective)}: {values}. This is the mean of {fresh_runs(tuning)} fresh runs with "
        "its 95 % interval; in the runs of the search, which chose the point, it was "
        f"{in_the_search(tuning, objective.measure, tuning.best)}."
    )


def _goal(objective: Objective) -> str:
    if isinstance(objective.goal, str):
        return f"wanted as {'low' if objective.goal == 'lowest' else 'high'} as can be"
    return f"wanted {number(objective.goal)}"


def _unit(objective: Objective) -> str:
    return f" {objective.unit}" if objective.unit else ""


def _held_out(tuning: Tuning) -> list[str]:
    point = "best point" if len(tuning.objectives) == 1 else "compromise"
    return [
        f"Held out, and no part of the fit: {measure} is "
        f"{reached(tuning, measure, tuning.best)} at the {point}."
        for measure in tuning.held_out
    ]


def _pinned(tuning: Tuning) -> list[str]:
    """Each parameter's range, those that are not pinned down first."""
    said: dict[str, list[str]] = {"not pinned down": [], "only together": [], "pinned down": []}
    rows = zip(tuning.parameters, tuning.pinned, tuning.ranges, tuning.shares, strict=True)
    for which, (parameter, state, (low, high), share) in enumerate(rows):
        if not state:
            continue
        least = "at least " if _is_cut(tuning, which) else ""
        values = (
            f"{least}{number(low)} to {amount(parameter, high)} fit as well, "
            f"{_percent(share)} of its allowed range"
        )
        if state == "pinned down":
            text = f"{_subject(parameter)} is pinned down: {values}."
        elif state == "only together":
            others = _others(tuning, which)
            text = f"{_subject(parameter)} is not pinned down apart from {others}: {values}, "
            text += "as one makes up for the other. With the others held, "
            text += f"{_percent(_alone(tuning, which))} of it does."
        else:
            text = f"{_subject(parameter)} is not pinned down: {values}."
        said[state].append(text)
    return [text for texts in said.values() for text in texts]


def _is_cut(tuning: Tuning, which: int) -> bool:
    """Whether values further out were not looked at."""
    return tuning.identified is not None and bool(tuning.identified.cut[which].any())


def _subject(parameter: Parameter) -> str:
    """Its name at the beginning of a sentence; a path stays as it is written."""
    return capital(parameter.label) or parameter.path


def _others(tuning: Tuning, which: int) -> str:
    assert tuning.identified is not None
    names = [tuning.parameters[one].name for one in tuning.identified.partners[which]]
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _alone(tuning: Tuning, which: int) -> float:
    assert tuning.identified is not None
    low, high = tuning.identified.alone[which]
    return float(high - low)


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %" if share >= 0.095 else f"{100 * share:.1g} %"


def _front(tuning: Tuning) -> list[str]:
    size, whole = len(tuning.front), len(tuning.points)
    said = [
        f"{size} of {whole} points are on the Pareto front: at each, no other is better in one "
        "objective without being worse in another."
    ]
    for objective in tuning.objectives:
        point = best_of_front(objective, tuning.outcomes[objective.measure], tuning.front)
        said.append(f"The best {objective.name} is bought with this: {_all(tuning, point)}.")
    said.append(
        f"A compromise, the nearest to the best of each on the front: {_all(tuning, tuning.best)}."
    )
    said.append(
        f"Values of these points are means of {fresh_runs(tuning)} fresh runs with 95 % "
        "intervals. What is the same in a run at all points widens these, not the differences "
        "between the points. The front is that of the runs of the search, which on average flatter "
        "the points they chose."
    )
    return said


def _all(tuning: Tuning, point: int) -> str:
    """Every objective at a point, then the point."""
    measured = ", ".join(
        f"{one.name} {reached(tuning, one.measure, point)}{_unit(one)}" for one in tuning.objectives
    )
    values = ", ".join(
        f"{one.name} {amount(one, value)}"
        for one, value in zip(tuning.parameters, tuning.points[point], strict=True)
    )
    return f"{measured}, at {values}"


def _unmoved(tuning: Tuning) -> list[str]:
    """Whether the measure is the same wherever it was looked at."""
    (objective,) = tuning.objectives
    means = tuning.means(objective.measure)[tuning.sound]
    if np.ptp(means) > SINGLE * np.abs(means).max():
        return []
    return [
        f"{capital(objective.name)} is the same at all {len(means)} points: none of the "
        "parameters moves it."
    ]


def _failed(tuning: Tuning) -> list[str]:
    said = []
    for objective in tuning.objectives:
        measure = objective.measure
        outcomes = np.vstack([tuning.outcomes[measure], tuning.fresh[measure]])
        failed = int((~np.isfinite(outcomes)).sum())
        empty = int((~np.isfinite(outcomes)).all(axis=1).sum())
        if failed:
            points = f", at {empty} points in all" if empty else ""
            said.append(
                f"{objective.name}: {failed} of {outcomes.size} runs gave no value{points}. They "
                "are left out of means; look at what such runs have in common."
            )
    return said


def _at_an_end(tuning: Tuning) -> list[str]:
    said = []
    rows = zip(tuning.parameters, tuning.points[tuning.best], tuning.pinned, strict=True)
    for parameter, value, state in rows:
        room = EDGE * (parameter.high - parameter.low)
        end = "lower" if value - parameter.low <= room else "upper"
        if min(value - parameter.low, parameter.high - value) <= room and state != (
            "not pinned down"
        ):
            said.append(
                f"The best value of {parameter.name}, {amount(parameter, value)}, is at the {end} "
                "end of its range. Widen the range, if values beyond make sense."
            )
    return said


def _missed(tuning: Tuning) -> list[str]:
    (objective,) = tuning.objectives
    if isinstance(objective.goal, str):
        return []
    mean = tuning.means(objective.measure)[tuning.best]
    error = np.nan_to_num(tuning.errors(objective.measure)[tuning.best])
    if abs(mean - objective.goal) <= 2 * error + _near(tuning):
        return []
    return [
        f"{capital(objective.name)} does not reach {number(objective.goal)}: it is "
        f"{reached(tuning, objective.measure, tuning.best)} at best. Other parameters or wider "
        "ranges are needed."
    ]


def _near(tuning: Tuning) -> float:
    """A difference of the objective that is not worth a word."""
    (objective,) = tuning.objectives
    means = tuning.means(objective.measure)
    rounding = SINGLE * float(np.abs(means[tuning.best]))
    return objective.tolerance + max(GAIN * float(np.ptp(means[tuning.sound])), rounding)


def _unconfirmed(tuning: Tuning) -> list[str]:
    """Whether fresh runs contradict what the search saw at the best point."""
    (objective,) = tuning.objectives
    seen = tuning.means(objective.measure)[tuning.best]
    _, low, high = tuning.estimate(objective.measure, tuning.best)
    if isinstance(objective.goal, str):
        beyond = low - seen if objective.goal == "lowest" else seen - high
    else:
        beyond = max(low - objective.goal, objective.goal - high)
    if not beyond > _near(tuning):
        return []
    return [
        f"Fresh runs do not confirm the best point: {objective.name} was "
        f"{in_the_search(tuning, objective.measure, tuning.best)} in the runs that chose it, and "
        f"is {reached(tuning, objective.measure, tuning.best)} in others. With more runs at each "
        "point the search is misled less."
    ]


def _unsettled(tuning: Tuning) -> list[str]:
    """Whether the last stage still found something clearly better."""
    (objective,) = tuning.objectives
    losses = objective.losses(tuning.means(objective.measure))
    last = np.array([stage == tuning.stages[-1] for stage in tuning.stages])
    if last.all() or not tuning.as_well[last].any():
        return []
    spread = float(np.nanmedian(losses) - np.nanmin(losses))
    gain = float(np.nanmin(losses[~last]) - np.nanmin(losses[last]))
    if tuning.as_well[~last].any() or gain <= GAIN * spread:
        return []
    return [
        "The last stage still improved the fit by more than the noise. More trials will find a "
        "better one: the same command with a higher number goes on from here."
    ]


def _noisy(tuning: Tuning) -> list[str]:
    searched = np.array([stage == "search" for stage in tuning.stages])
    alike = int(tuning.as_well[searched].sum())
    if alike <= MANY * searched.sum():
        return []
    (objective,) = tuning.objectives
    runs = tuning.outcomes[objective.measure].shape[1]
    return [
        f"{alike} of the {int(searched.sum())} points of the search cannot be told from the best: "
        f"the parameters hardly move {objective.name}, or its noise hides it. {4 * runs} runs "
        f"instead of {runs} would halve the noise."
    ]


def _unexplained(tuning: Tuning) -> list[str]:
    seen = tuning.identified
    if seen is None:
        return [
            "Too few points around the best have a value to say which parameters are pinned down. "
            "More trials will give them."
        ]
    if seen.surface.explained >= POOR or not np.ptp(seen.profile) > seen.surface.rounding:
        return []
    share = f"only {_percent(seen.surface.explained)}" if seen.surface.explained > 0 else "none"
    return [
        f"The response surface explains {share} of the variance "
        "around the best point, so that ranges that fit as well are wide. More runs make it "
        "surer where noise is the reason."
    ]
