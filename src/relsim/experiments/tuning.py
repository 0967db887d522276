"""Tuning: findings of a search for values of parameters, in tables and words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from relsim.experiments.objectives import (
    Objective,
    best_of_front,
    error_over_runs,
    estimate_over_runs,
    fits_as_well,
    mean_over_runs,
)
from relsim.experiments.study import Parameter, scaled, unit_points
from relsim.experiments.surface import PINNED_DOWN, Identified, states, whole_range
from relsim.stats import Estimate, Values
from relsim.words import capital, digits_for, fixed, listed, number, with_interval

SEARCH = "search"
MANY = 0.25  # of the search fitting as well as the best: the noise hides what the search is for
EDGE = 0.01  # of the allowed range from its end: the best may lie beyond
GAIN = 0.01  # of the spread of values: less is not worth a word
SURE = 1e-9  # of a mean: smaller errors are those of rounding
SINGLE = 1e-6  # of a level, which is recorded in single precision: smaller differences are none
POOR = 0.5  # of the variance: a surface that explains less says little


@dataclass(frozen=True)
class Tuning:
    """Findings of a search for values of parameters.

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
        return fits_as_well(self.objectives[0], outcomes, self.best, self.seed)

    @property
    def ranges(self) -> Values:
        """The lowest and highest value [K, 2] of each parameter that fits as well as the best."""
        unit = unit_points(self.parameters, self.points)
        shares = whole_range(self.identified, unit[self.as_well])
        return np.column_stack([scaled(self.parameters, edge) for edge in shares.T])

    @property
    def shares(self) -> Values:
        """Those ranges as shares [K] of the allowed ones."""
        allowed = np.array([parameter.high - parameter.low for parameter in self.parameters])
        shares: Values = np.ptp(self.ranges, axis=1) / allowed
        return shares

    @property
    def pinned(self) -> list[str]:
        """Of each parameter ``pinned down``, ``only together``, ``not pinned down``, or nothing
        where that was not asked."""
        if self.identified is None:
            return [""] * len(self.parameters)
        return states(unit_points(self.parameters, self.ranges.T).T, self.identified)

    def partners(self, k: int) -> list[str]:
        """The names of the parameters that make up for the k-th when it moves."""
        others = self.identified.partners[k] if self.identified is not None else ()
        return [self.parameters[other].name for other in others]

    @property
    def measures(self) -> tuple[str, ...]:
        """Those of the objectives, then those held out."""
        return (*(objective.measure for objective in self.objectives), *self.held_out)

    @property
    def fresh_runs(self) -> int:
        """How many fresh runs there are of each point that is reported."""
        return self.fresh[self.objectives[0].measure].shape[1]

    @property
    def sound(self) -> NDArray[np.bool_]:
        """Which points have a value of every objective, [N]."""
        means = [self.means(objective.measure) for objective in self.objectives]
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
        share = any(goal.share for goal in self.objectives if goal.measure == measure)
        return estimate_over_runs(self.fresh[measure][row], share=share)

    # Tables
    def tables(self) -> dict[str, pd.DataFrame]:
        """``fit``, ``parameters`` and ``trials``; ``directions`` or ``front`` where there are."""
        trials = self._trials()
        tables = {"fit": self._fit(), "parameters": self._parameters(), "trials": trials}
        if len(self.objectives) > 1:
            tables["front"] = trials.iloc[self.front].reset_index(drop=True)
        if self.identified is not None:
            columns: dict[str, Any] = {
                "direction": np.arange(1, len(self.identified.directions) + 1),
                "curvature (loss per squared allowed range)": self.identified.curvatures,
                "length that fits as well (allowed ranges)": self.identified.lengths,
            }
            for parameter, parts in zip(self.parameters, self.identified.directions.T, strict=True):
                columns[parameter.path] = parts
            tables["directions"] = pd.DataFrame(columns)
        return tables

    def _fit(self) -> pd.DataFrame:
        """Each measure at each reported point: in fresh runs, and in those that chose the point."""
        wanted = {objective.measure: str(objective.goal) for objective in self.objectives}
        rows = []
        for index, point in enumerate(self.reported):
            for measure in self.measures:
                fresh = self.estimate(measure, point)
                rows.append(
                    {
                        "trial": point,
                        "chosen as": self._chosen_as(point),
                        "measure": measure,
                        "part": "fitted" if measure in wanted else "held out",
                        "wanted": wanted.get(measure, ""),
                        "mean over fresh runs": fresh.value,
                        "low 95 %": fresh.low,
                        "high 95 %": fresh.high,
                        "fresh runs": int(np.isfinite(self.fresh[measure][index]).sum()),
                        "mean in the search": self.means(measure)[point],
                        "standard error in the search": self.errors(measure)[point],
                    }
                )
        return pd.DataFrame(rows)

    def _chosen_as(self, point: int) -> str:
        if len(self.objectives) == 1:
            return "best"
        roles = ["compromise"] if point == self.best else []
        roles += [f"best {goal.name}" for goal in self.objectives if self._end(goal) == point]
        return ", ".join(roles)

    def _end(self, objective: Objective) -> int:
        """The point of the front that is best in one objective."""
        return best_of_front(objective, self.outcomes[objective.measure], self.front)

    def _parameters(self) -> pd.DataFrame:
        table = pd.DataFrame(
            {
                "parameter": [parameter.name for parameter in self.parameters],
                "path": [parameter.path for parameter in self.parameters],
                "unit": [parameter.unit for parameter in self.parameters],
                "best value": self.points[self.best],
                "lowest that fits as well": self.ranges[:, 0],
                "highest that fits as well": self.ranges[:, 1],
                "share of the allowed range": self.shares,
                "lowest allowed": [parameter.low for parameter in self.parameters],
                "highest allowed": [parameter.high for parameter in self.parameters],
            }
        )
        if self.identified is not None:
            allowed = (table["highest allowed"] - table["lowest allowed"]).to_numpy()
            table["standard error"] = self.identified.errors * allowed
            table["share with the others held"] = np.ptp(self.identified.alone, axis=1)
            table["pinned down"] = self.pinned
            table["made up for by"] = [", ".join(self.partners(k)) for k in range(len(table))]
        return table

    def _trials(self) -> pd.DataFrame:
        columns: dict[str, Any] = {"trial": np.arange(len(self.points)), "stage": self.stages}
        for parameter, values in zip(self.parameters, self.points.T, strict=True):
            columns[parameter.path] = values
        for measure in self.measures:
            columns[f"{measure}, mean in the search"] = self.means(measure)
            columns[f"{measure}, standard error in the search"] = self.errors(measure)
        columns["fits as well" if len(self.objectives) == 1 else "on the front"] = self.as_well
        return pd.DataFrame(columns)

    # Sentences
    def sentences(self) -> list[str]:
        """The findings, the most important first."""
        if len(self.objectives) > 1:
            return [*self._front(), *self._held_out("compromise")]
        return [self._best(), *self._held_out("best point"), *self._pinned()]

    def _best(self) -> str:
        objective = self.objectives[0]
        extreme = "low" if objective.goal == "lowest" else "high"
        wanted = f"as {extreme} as can be" if isinstance(objective.goal, str) else objective.wanted
        return (
            f"The best of {len(self.points)} points has {self._reached(objective, self.best)}, "
            f"wanted {wanted}: {self._values(self.best)}. This is the mean of {self.fresh_runs} "
            "fresh runs with its 95 % interval; in the runs of the search, which chose the point, "
            f"it was {self._in_the_search(objective.measure, self.best)}."
        )

    def _held_out(self, point: str) -> Iterator[str]:
        for measure in self.held_out:
            value = self.reached(measure, self.best)
            yield f"Held out, and no part of the fit: {measure} is {value} at the {point}."

    def _pinned(self) -> list[str]:
        """Each parameter's range, those that are not pinned down first."""
        if self.identified is None:
            return []
        texts: dict[str, list[str]] = {"not pinned down": [], "only together": [], PINNED_DOWN: []}
        rows = zip(self.parameters, self.pinned, self.ranges, self.shares, strict=True)
        for k, (parameter, state, (low, high), share) in enumerate(rows):
            # A path stays as it is written.
            subject = capital(parameter.label) or parameter.path
            values = (
                f"{'at least ' if self.identified.cut[k].any() else ''}{number(low, 4)} to "
                f"{amount(parameter, high)} fit as well, {_percent(share)} of its allowed range"
            )
            if state == "only together":
                alone = _percent(float(np.ptp(self.identified.alone[k])))
                text = (
                    f"{subject} is not pinned down apart from {listed(self.partners(k))}: "
                    f"{values}, as one makes up for the other. With the others held, {alone} of it "
                    "does."
                )
            else:
                text = f"{subject} is {state}: {values}."
            texts[state].append(text)
        return [text for of_state in texts.values() for text in of_state]

    def _front(self) -> Iterator[str]:
        yield (
            f"{len(self.front)} of {len(self.points)} points are on the Pareto front: at each, no "
            "other is better in one objective without being worse in another."
        )
        for goal in self.objectives:
            yield f"The best {goal.name} comes with this: {self._everything(self._end(goal))}."
        yield (
            "A compromise, the nearest to the best of each on the front: "
            f"{self._everything(self.best)}."
        )
        yield (
            f"Values of these points are means of {self.fresh_runs} fresh runs with 95 % "
            "intervals. What is the same in a run at all points widens these, not the differences "
            "between the points. The front is that of the runs of the search, which on average "
            "flatter the points they chose."
        )

    def _everything(self, point: int) -> str:
        """Every objective at a point, then the point."""
        measured = ", ".join(self._reached(objective, point) for objective in self.objectives)
        return f"{measured}, at {self._values(point)}"

    def _values(self, point: int) -> str:
        values = zip(self.parameters, self.points[point], strict=True)
        return ", ".join(
            f"{parameter.name} {amount(parameter, value)}" for parameter, value in values
        )

    def _reached(self, objective: Objective, point: int) -> str:
        value = self.reached(objective.measure, point)
        return f"{objective.name} {value} {objective.unit}".rstrip()

    def reached(self, measure: str, point: int) -> str:
        """The mean over fresh runs with its 95 % interval, to two digits of half its width."""
        estimate = self.estimate(measure, point)
        half = (estimate.high - estimate.low) / 2
        if not half > SURE * abs(estimate.value):
            return number(estimate.value, 4)
        return with_interval(*estimate, partial(fixed, digits=digits_for([half], 2)))

    def _in_the_search(self, measure: str, point: int) -> str:
        """The mean over the runs of the search with its standard error, to two digits of that."""
        mean, error = self.means(measure)[point], self.errors(measure)[point]
        if not error > SURE * abs(mean):
            return number(mean, 4)
        digits = digits_for([error], 2)
        return f"{fixed(mean, digits)} ± {fixed(error, digits)}"

    # Warnings
    def warnings(self) -> list[str]:
        """What the trials do not support, and what to do about it."""
        texts = [*self._failed(), *self._at_an_end()]
        if len(self.objectives) > 1:
            return texts
        objective = self.objectives[0]
        texts += [*self._missed(objective)] or [*self._unconfirmed(objective)]
        means = self.means(objective.measure)[self.sound]
        if np.ptp(means) <= SINGLE * np.abs(means).max():
            unmoved = f"{capital(objective.name)} is the same at all {len(means)} points: none of "
            return [*texts, unmoved + "the parameters moves it."]
        return [
            *texts,
            *self._unsettled(objective),
            *self._noisy(objective),
            *self._unexplained(),
        ]

    def _failed(self) -> Iterator[str]:
        for objective in self.objectives:
            measure = objective.measure
            failed = ~np.isfinite(np.vstack([self.outcomes[measure], self.fresh[measure]]))
            empty = int(failed.all(axis=1).sum())
            if failed.any():
                points = f", at {empty} points in all" if empty else ""
                yield (
                    f"{objective.name}: {failed.sum()} of {failed.size} runs gave no value{points}."
                    " They are left out of means; look at what such runs have in common."
                )

    def _at_an_end(self) -> Iterator[str]:
        rows = zip(self.parameters, self.points[self.best], self.pinned, strict=True)
        for parameter, value, state in rows:
            room = EDGE * (parameter.high - parameter.low)
            below, above = value - parameter.low, parameter.high - value
            if min(below, above) <= room and state != "not pinned down":
                yield (
                    f"The best value of {parameter.name}, {amount(parameter, value)}, is at the "
                    f"{'lower' if below <= room else 'upper'} end of its range. Widen the range, "
                    "if values beyond make sense."
                )

    def _missed(self, objective: Objective) -> Iterator[str]:
        if isinstance(objective.goal, str):
            return
        mean = self.means(objective.measure)[self.best]
        error = np.nan_to_num(self.errors(objective.measure)[self.best])
        if abs(mean - objective.goal) > 2 * error + self._near(objective):
            yield (
                f"{capital(objective.name)} does not reach {objective.wanted}: it is "
                f"{self.reached(objective.measure, self.best)} at best. Other parameters or wider "
                "ranges are needed."
            )

    def _near(self, objective: Objective) -> float:
        """A difference of the objective that is not worth a word."""
        means = self.means(objective.measure)
        rounding = SINGLE * float(np.abs(means[self.best]))
        return max(GAIN * float(np.ptp(means[self.sound])), rounding)

    def _unconfirmed(self, objective: Objective) -> Iterator[str]:
        """Whether fresh runs contradict what the search saw at the best point."""
        measure = objective.measure
        seen, fresh = self.means(measure)[self.best], self.estimate(measure, self.best)
        if isinstance(objective.goal, str):
            beyond = fresh.low - seen if objective.goal == "lowest" else seen - fresh.high
        else:
            beyond = max(fresh.low - objective.goal, objective.goal - fresh.high)
        if beyond > self._near(objective):
            yield (
                f"Fresh runs do not confirm the best point: {objective.name} was "
                f"{self._in_the_search(measure, self.best)} in the runs that chose it, and is "
                f"{self.reached(measure, self.best)} in others. With more runs at each point the "
                "search is misled less."
            )

    def _unsettled(self, objective: Objective) -> Iterator[str]:
        """Whether the last stage still improved clearly on those before."""
        losses = objective.losses(self.means(objective.measure))
        last = np.array([stage == self.stages[-1] for stage in self.stages])
        if last.all() or not self.as_well[last].any() or self.as_well[~last].any():
            return
        gain = float(np.nanmin(losses[~last]) - np.nanmin(losses[last]))
        if gain > GAIN * float(np.nanmedian(losses) - np.nanmin(losses)):
            yield (
                "The last stage still improved the fit by more than the noise. More trials will "
                "find a better one: the same command with a higher number goes on from here."
            )

    def _noisy(self, objective: Objective) -> Iterator[str]:
        searched = np.array([stage == SEARCH for stage in self.stages])
        alike, points = int(self.as_well[searched].sum()), int(searched.sum())
        runs = self.outcomes[objective.measure].shape[1]
        if alike > MANY * points:
            yield (
                f"{alike} of the {points} points of the search cannot be told from the best: the "
                f"parameters hardly move {objective.name}, or its noise hides it. {4 * runs} runs "
                f"instead of {runs} would halve the noise."
            )

    def _unexplained(self) -> Iterator[str]:
        seen = self.identified
        if seen is None:
            yield (
                "Too few points around the best have a value to say which parameters are pinned "
                "down. More trials will give them."
            )
        elif seen.surface.explained < POOR and np.ptp(seen.profile) > seen.surface.rounding:
            explained = seen.surface.explained
            share = f"only {_percent(explained)}" if explained > 0 else "none"
            yield (
                f"The response surface explains {share} of the variance around the best point, so "
                "that ranges that fit as well are wide. More runs make it surer where noise is the "
                "reason."
            )


def amount(parameter: Parameter, value: float) -> str:
    """A value of a parameter with its unit."""
    return f"{number(value, 4)} {parameter.unit}".rstrip()


def _percent(share: float) -> str:
    return f"{number(100 * share, 2 if share >= 0.095 else 1)} %"
