"""Discovery: boxes of conditions under which an outcome happens, in tables and words."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from relsim.experiments.boxes import Fit, Flags, inside
from relsim.experiments.study import Parameter, headings
from relsim.stats import Estimate, Values, jeffreys_interval
from relsim.words import listed, number, percent, rounded_up, with_interval

LEAST_CASES = 20  # and as many other points; with fewer no box is searched for
STEADY = 0.75  # of resamples that restrict a parameter
MOST_UNSETTLED = 0.2  # of points that may or may not be cases, as their runs are few


@dataclass(frozen=True)
class Outcome:
    """What happens at a point: a measure beyond a threshold in a share of the runs.

    Attributes:
        measure: its name.
        side: of the threshold.
        threshold: in the unit of the measure.
        share: of the runs at a point, at least.
    """

    measure: str
    side: Literal["above", "below"]
    threshold: float
    share: float = 0.5

    @property
    def says(self) -> str:
        """The outcome in words, with the share of runs."""
        words = f"{self.measure} is {self.side} {number(self.threshold, 6)}"
        if self.share == 1:
            return f"{words} in all runs"
        share = "half of the" if self.share == 0.5 else f"{number(100 * self.share)} % of"
        return f"{words} in at least {share} runs"

    def happens(self, values: Values) -> Values:
        """Whether it does, run by run: 0 or 1, NaN where a run has no value."""
        # Levels are recorded in single precision: a recorded 0.2 is not above 0.2.
        recorded, threshold = values.astype(np.float32), np.float32(self.threshold)
        beyond = recorded > threshold if self.side == "above" else recorded < threshold
        return np.where(np.isnan(values), np.nan, beyond)


@dataclass(frozen=True)
class Box:
    """Conditions under which the outcome is frequent.

    Attributes:
        limits: of the parameters in their units, [K, 2]; infinite where a side is not restricted.
        quasi_p: of each limit, [K, 2], on the points that were searched; NaN without a limit.
        searched, held_out: what the box holds of the half that was searched, and of the other.
            Points of boxes before it are not counted as inside.
        chance: of so many held-out cases in the box if it had nothing to do with them (Fisher's
            exact test).
        runs_inside, runs_elsewhere: share of single runs with the outcome, of the points in it
            and of those in no box so far, of both halves.
        reproduced: share of resamples that restrict each parameter, [K]; NaN without resamples.
        spread: of limits among the resamples that set them, 10 and 90 %, [K, 2, 2].
        trajectory: coverage, density, mass and restricted parameters of the boxes on the way, of
            the searched points outside the boxes before.
    """

    limits: Values
    quasi_p: Values
    searched: Fit
    held_out: Fit
    chance: float
    runs_inside: Estimate
    runs_elsewhere: Estimate
    reproduced: Values
    spread: Values
    trajectory: pd.DataFrame

    @property
    def restricted(self) -> Flags:
        """Which sides have a limit, [K, 2]."""
        return np.isfinite(self.limits)

    def rows(self) -> Iterator[dict[str, object]]:
        """What it holds of either half, for the table of boxes."""
        for half, fit in (("searched", self.searched), ("held out", self.held_out)):
            density = share_estimate(fit.hits, fit.inside)
            yield {
                "half": half,
                "points inside": fit.inside,
                "cases inside": fit.hits,
                "points": fit.points,
                "cases": fit.cases,
                "coverage": fit.coverage,
                "density": fit.density,
                "density low 95 %": density.low,
                "density high 95 %": density.high,
                "mass": fit.mass,
                "share of all settings": fit.cases / fit.points,
                "chance": self.chance if half == "held out" else math.nan,
            }


@dataclass(frozen=True)
class Discovery:
    """Findings about the conditions of an outcome.

    Attributes:
        outcome: what happens.
        parameters: what was varied, [K].
        points: their values, [P, K].
        shares: of runs in which it happens, [P]; NaN where no run has a value.
        cases: where it happens in the required share of runs, [P].
        searched, held_out: the halves, [P]; points without a share are in neither.
        boxes: those that hold on the half held out, in the order in which they were searched for.
        rejected: the last one, where it does not.
        reason: why there is no box, or no further one.
        runs: at each point.
        missing: share of all runs that have no value.
        resamples: of which reproducibility was taken.
    """

    outcome: Outcome
    parameters: tuple[Parameter, ...]
    points: Values
    shares: Values
    cases: Flags
    searched: Flags
    held_out: Flags
    boxes: tuple[Box, ...]
    rejected: Box | None
    reason: str
    runs: int
    missing: float
    resamples: int

    def order(self, box: Box) -> list[int]:
        """The parameters that a box restricts, narrowest first."""

        def width(k: int) -> float:
            parameter = self.parameters[k]
            low, high = np.clip(box.limits[k], parameter.low, parameter.high)
            return float((high - low) / (parameter.high - parameter.low))

        return sorted(np.flatnonzero(box.restricted.any(axis=1)).tolist(), key=width)

    # Tables
    def tables(self) -> dict[str, pd.DataFrame]:
        """``boxes`` (what they hold), ``limits`` (of restricted parameters), ``trajectory`` (all
        boxes on the way) and ``points`` (share of runs, case, half)."""
        boxes = list(enumerate(self.boxes, start=1))
        points = pd.DataFrame(self.points, columns=headings(self.parameters))
        points.insert(0, "point", np.arange(len(points)))
        half = np.select([self.searched, self.held_out], ["searched", "held out"], "left out")
        points["share of runs"], points["case"], points["half"] = self.shares, self.cases, half
        points["box"] = 0
        for index, box in reversed(boxes):
            points.loc[inside(self.points, box.limits), "box"] = index
        ways = [box.trajectory.assign(box=index) for index, box in boxes]
        return {
            "boxes": pd.DataFrame([{"box": i} | row for i, box in boxes for row in box.rows()]),
            "limits": pd.DataFrame(
                [{"box": i} | row for i, box in boxes for row in self._limit_rows(box)]
            ),
            "trajectory": pd.concat(ways, ignore_index=True) if ways else pd.DataFrame(),
            "points": points,
        }

    def _limit_rows(self, box: Box) -> Iterator[dict[str, object]]:
        for k in self.order(box):
            parameter = self.parameters[k]
            ends = (("lower", parameter.low), ("upper", parameter.high))
            for side, (name, end) in enumerate(ends):
                if box.restricted[k, side]:
                    yield {
                        "parameter": parameter.name,
                        "unit": parameter.unit,
                        "side": name,
                        "limit": box.limits[k, side],
                        "end of range": end,
                        "quasi-p": box.quasi_p[k, side],
                        "resamples that restrict the parameter": box.reproduced[k],
                        "limit, 10 % of resamples": box.spread[k, side, 0],
                        "limit, 90 % of resamples": box.spread[k, side, 1],
                    }

    # Sentences
    def sentences(self) -> list[str]:
        """The conditions of each box in words, what it holds on the half held out, what its
        limits are worth."""
        if not self.boxes:
            return [f"{self.outcome.says}: {self.reason}"]
        texts = [text for index in range(len(self.boxes)) for text in self._about_box(index)]
        if len(self.boxes) > 1:
            held = _together([box.held_out for box in self.boxes])
            texts.append(
                f"The {len(self.boxes)} boxes together hold {share_of(held.hits, held.cases)} of "
                "all such settings; of the settings in them it is so for "
                f"{share_of(held.hits, held.inside)}."
            )
        return texts

    def _about_box(self, index: int) -> Iterator[str]:
        box = self.boxes[index]
        held, so_far = box.held_out, _together([b.held_out for b in self.boxes[: index + 1]])
        yield (
            f"{'Of the settings left, ' if index else ''}{self.outcome.says} for "
            f"{share_of(held.hits, held.inside)} of the settings in which {self.conditions(box)}; "
            f"these are {share_of(held.hits, held.cases)} of all such settings. Elsewhere it is so "
            f"for {share_of(so_far.cases - so_far.hits, so_far.points - so_far.inside)}. "
            f"Counted on {held.points:,} points held out; brackets hold 95 % intervals."
        )
        yield (
            f"Of single runs it happens in {with_interval(*box.runs_inside, percent)} there, in "
            f"{with_interval(*box.runs_elsewhere, percent)} elsewhere."
        )
        if self.resamples:
            names = (
                f"{self.parameters[k].name} in {percent(box.reproduced[k])}{self._edges(box, k)}"
                for k in self.order(box)
            )
            yield (
                f"Of {self.resamples} searches on half of the points and on runs drawn anew, "
                f"these restrict {listed(names)}."
            )

    def conditions(self, box: Box) -> str:
        """The limits of a box in words, the narrowest first."""
        return listed(_condition(self.parameters[k], box.limits[k]) for k in self.order(box))

    def _edges(self, box: Box, k: int) -> str:
        """Where 80 % of resamples put the limits of a parameter."""
        parameter = self.parameters[k]
        sides = [
            f"{word} limit {parameter.written(low)} to {parameter.written(high)}"
            for word, (low, high) in zip(("lower", "upper"), box.spread[k], strict=True)
            if math.isfinite(low)
        ]
        return f" ({', '.join(sides)})" if sides else ""

    # Warnings
    def warnings(self) -> list[str]:
        """What the points and runs do not support, and what would."""
        texts = [*self._case_warnings()]
        if self.rejected is not None and not self.boxes:
            texts.append(
                "No condition is claimed. If there are any, they are weaker than "
                f"{len(self.points):,} points can show: four times as many would halve what is "
                "left to chance."
            )
        for index, box in enumerate(self.boxes, start=1):
            texts += self._doubts(f"Box {index}" if len(self.boxes) > 1 else "The box", box)
        return texts

    def _case_warnings(self) -> Iterator[str]:
        if self.missing:
            yield (
                f"{number(100 * self.missing, 2)} % of all runs have no value of "
                f"{self.outcome.measure} and are left out of shares."
            )
        doubtful = float(np.mean(self._unsettled()))
        if doubtful > MOST_UNSETTLED:
            yield (
                f"At {percent(doubtful)} of the points {self.runs} runs do not settle whether the "
                f"outcome happens in {percent(self.outcome.share)} of runs. {4 * self.runs} runs "
                "would halve the doubt."
            )
        known = self.searched | self.held_out
        cases, others = int((self.cases & known).sum()), int((~self.cases & known).sum())
        fewer = min(cases, others)
        if 0 < fewer < LEAST_CASES:
            yield (
                f"The outcome {'happens' if cases < others else 'does not happen'} at only {fewer} "
                f"points. About {rounded_up(len(self.points) * LEAST_CASES / fewer):,} points "
                f"would give the {LEAST_CASES} that a search needs."
            )

    def _unsettled(self) -> Flags:
        """Points at which the interval of the share of runs holds the required one, [P]."""
        counts = np.rint(self.shares[~np.isnan(self.shares)] * self.runs).astype(int)
        ends = np.array([jeffreys_interval(count, self.runs) for count in range(self.runs + 1)])
        low, high = ends[counts].T
        return (low < self.outcome.share) & (self.outcome.share < high)

    def _doubts(self, name: str, box: Box) -> Iterator[str]:
        if box.searched.density > share_estimate(box.held_out.hits, box.held_out.inside).high:
            yield (
                f"{name} is denser where it was searched for ({percent(box.searched.density)}) "
                f"than on the half held out ({percent(box.held_out.density)}): go by the latter, "
                "or take twice as many points."
            )
        shaky = [k for k in self.order(box) if box.reproduced[k] < STEADY]
        if shaky:
            names = (f"{self.parameters[k].name} ({percent(box.reproduced[k])})" for k in shaky)
            yield (
                f"{name} restricts {listed(names)}, which fewer than {percent(STEADY)} of "
                "resamples do. Take twice as many points before relying on it."
            )


def _condition(parameter: Parameter, limits: Values) -> str:
    low, high = (parameter.written(limit) if np.isfinite(limit) else "" for limit in limits)
    unit = f" {parameter.unit}".rstrip()
    if low and high:
        return f"{parameter.name} is between {low} and {high}{unit}"
    return f"{parameter.name} is {'above' if low else 'below'} {low or high}{unit}"


def share_estimate(count: int, of: int) -> Estimate:
    """A share with its 95 % interval; NaN where it is of nothing."""
    return Estimate(count / of, *jeffreys_interval(count, of)) if of else Estimate(math.nan)


def share_of(count: int, of: int) -> str:
    """A share in per cent with its 95 % interval."""
    return with_interval(*share_estimate(count, of), percent) if of else "none"


def _together(fits: Sequence[Fit]) -> Fit:
    """What boxes that do not overlap hold of the same points together."""
    inside, hits = sum(fit.inside for fit in fits), sum(fit.hits for fit in fits)
    return Fit(inside, hits, fits[0].points, fits[0].cases)
