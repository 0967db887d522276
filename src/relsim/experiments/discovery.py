"""Discovery: boxes of conditions under which an outcome happens, in tables and words."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from relsim.experiments.boxes import Fit, Flags, inside
from relsim.experiments.parameters import Parameter, Values
from relsim.experiments.wording import headings, value_of
from relsim.stats import Estimate, jeffreys_interval
from relsim.words import listed, number

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
        words: as in "Pakistan and Russia end above 0.4"; by measure and threshold where empty.
    """

    measure: str
    side: Literal["above", "below"]
    threshold: float
    share: float = 0.5
    words: str = ""

    @property
    def says(self) -> str:
        """The outcome in words, with the share of runs."""
        what = self.words or f"{self.measure} is {self.side} {number(self.threshold, 6)}"
        if self.share == 1:
            return f"{what} in all runs"
        half = self.share == 0.5
        share = "half of the" if half else f"{number(100 * self.share)} % of"
        return f"{what} in at least {share} runs"

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


@dataclass(frozen=True)
class Discovery:
    """What was found of the conditions of an outcome.

    Attributes:
        outcome: what happens.
        parameters: what was varied, [K].
        points: their values, [P, K].
        shares: of runs in which it happens, [P]; NaN where no run has a value.
        cases: where it happens in the required share of runs, [P].
        searched, held_out: the halves, [P]; points without a share are in neither.
        boxes: those that hold on the half held out, in the order in which they were found.
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
        width = {k: _width(one, box.limits[k]) for k, one in enumerate(self.parameters)}
        some = [k for k in width if box.restricted[k].any()]
        return sorted(some, key=lambda k: width[k])

    def tables(self) -> dict[str, pd.DataFrame]:
        """``boxes`` (what they hold), ``limits`` (of restricted parameters), ``trajectory`` (all
        boxes on the way) and ``points`` (share of runs, case, half)."""
        boxes = list(enumerate(self.boxes, start=1))
        limits = [row for place, box in boxes for row in self._limit_rows(place, box)]
        ways = [box.trajectory.assign(box=place) for place, box in boxes]
        return {
            "boxes": pd.DataFrame([row for place, box in boxes for row in _box_rows(place, box)]),
            "limits": pd.DataFrame(limits),
            "trajectory": pd.concat(ways, ignore_index=True) if ways else pd.DataFrame(),
            "points": self._points_table(),
        }

    def _limit_rows(self, place: int, box: Box) -> Iterator[dict[str, object]]:
        for k in self.order(box):
            one, bounds = self.parameters[k], (self.parameters[k].low, self.parameters[k].high)
            for side, name in enumerate(("lower", "upper")):
                if box.restricted[k, side]:
                    yield {
                        "box": place,
                        "parameter": one.name,
                        "unit": one.unit,
                        "side": name,
                        "limit": box.limits[k, side],
                        "end of range": bounds[side],
                        "quasi-p": box.quasi_p[k, side],
                        "resamples that restrict the parameter": box.reproduced[k],
                        "limit, 10 % of resamples": box.spread[k, side, 0],
                        "limit, 90 % of resamples": box.spread[k, side, 1],
                    }

    def _points_table(self) -> pd.DataFrame:
        frame = pd.DataFrame(self.points, columns=headings(self.parameters))
        frame.insert(0, "point", np.arange(len(frame)))
        half = np.select([self.searched, self.held_out], ["searched", "held out"], "left out")
        frame["share of runs"], frame["case"], frame["half"] = self.shares, self.cases, half
        frame["box"] = 0
        for place, box in reversed(list(enumerate(self.boxes, start=1))):
            frame.loc[inside(self.points, box.limits), "box"] = place
        return frame

    def sentences(self) -> list[str]:
        """The conditions of each box in words, what it holds on the half held out, what its
        limits are worth."""
        if not self.boxes:
            return [f"{self.outcome.says}: {self.reason}"]
        said = [text for box in self.boxes for text in self._said_of(box)]
        return said if len(self.boxes) == 1 else [*said, self._together()]

    def _said_of(self, box: Box) -> Iterator[str]:
        held = box.held_out
        before = self.boxes[: next(place for place, one in enumerate(self.boxes) if one is box)]
        again = "Of the settings left, " if before else ""
        yield (
            f"{again}{self.outcome.says} for {share_of(held.hits, held.inside)} of the settings in "
            f"which {self.conditions(box)}; these are {share_of(held.hits, held.cases)} of all "
            f"such settings. Elsewhere it is so for {_elsewhere(held, before)}. "
            f"Counted on {held.points:,} points held out."
        )
        yield (
            f"Of single runs it happens in {_estimate(box.runs_inside)} there, in "
            f"{_estimate(box.runs_elsewhere)} elsewhere."
        )
        if self.resamples:
            names = (
                f"{self.parameters[k].name} in {100 * box.reproduced[k]:.0f} %{self._edges(box, k)}"
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
        """Where resamples put the limits of a parameter."""
        one = self.parameters[k]
        sides = [
            f"{word} limit {value_of(low, one)} to {value_of(high, one)}"
            for word, (low, high), is_set in zip(
                ("lower", "upper"), box.spread[k], box.restricted[k], strict=True
            )
            if is_set and math.isfinite(low)
        ]
        return f" ({', '.join(sides)})" if sides else ""

    def _together(self) -> str:
        held = [box.held_out for box in self.boxes]
        hits, within = (sum(getattr(one, name) for one in held) for name in ("hits", "inside"))
        return (
            f"The {len(held)} boxes together hold {share_of(hits, held[0].cases)} of all such "
            f"settings; of the settings in them it is so for {share_of(hits, within)}."
        )

    def warnings(self) -> list[str]:
        """What the points and runs do not support, and what would."""
        return [*self._case_warnings(), *self._box_warnings()]

    def _case_warnings(self) -> Iterator[str]:
        if self.missing:
            yield (
                f"{100 * self.missing:.2g} % of all runs have no value of "
                f"{self.outcome.measure} and are left out of shares."
            )
        doubtful = float(np.mean(_unsettled(self)))
        if doubtful > MOST_UNSETTLED:
            yield (
                f"At {100 * doubtful:.0f} % of the points {self.runs} runs do not settle whether "
                f"the outcome happens in {100 * self.outcome.share:.0f} % of runs. "
                f"{4 * self.runs} runs would halve the doubt."
            )
        cases, others = self._counts()
        fewer = min(cases, others)
        if 0 < fewer < LEAST_CASES:
            needed = math.ceil(len(self.points) * LEAST_CASES / fewer / 10) * 10
            what = "happens" if cases < others else "does not happen"
            yield (
                f"The outcome {what} at only {fewer} points. About {needed:,} points would give "
                f"the {LEAST_CASES} that a search needs."
            )

    def _counts(self) -> tuple[int, int]:
        known = self.searched | self.held_out
        return int((self.cases & known).sum()), int((~self.cases & known).sum())

    def _box_warnings(self) -> Iterator[str]:
        if self.rejected is not None and not self.boxes:
            yield (
                "No condition is claimed. If there are any, they are weaker than "
                f"{len(self.points):,} points can show: four times as many would halve what is "
                "left to chance."
            )
        for place, box in enumerate(self.boxes, start=1):
            yield from self._doubts(f"Box {place}" if len(self.boxes) > 1 else "The box", box)

    def _doubts(self, name: str, box: Box) -> Iterator[str]:
        _, high = _interval(box.held_out.hits, box.held_out.inside)
        if box.searched.density > high:
            yield (
                f"{name} is denser where it was searched for ({100 * box.searched.density:.0f} %) "
                f"than on the half held out ({100 * box.held_out.density:.0f} %): go by the "
                "latter, or take twice as many points."
            )
        shaky = [k for k in self.order(box) if box.reproduced[k] < STEADY]
        if shaky:
            names = (f"{self.parameters[k].name} ({100 * box.reproduced[k]:.0f} %)" for k in shaky)
            yield (
                f"{name} restricts {listed(names)}, which fewer than {100 * STEADY:.0f} % of "
                "resamples do. Take twice as many points before relying on it."
            )


# Tables and words
def _width(parameter: Parameter, limits: Values) -> float:
    low, high = np.clip(limits, parameter.low, parameter.high)
    return float((high - low) / (parameter.high - parameter.low))


def _box_rows(place: int, box: Box) -> Iterator[dict[str, object]]:
    for half, held in (("searched", box.searched), ("held out", box.held_out)):
        yield {
            "box": place,
            "half": half,
            "points inside": held.inside,
            "cases inside": held.hits,
            "points": held.points,
            "cases": held.cases,
            "coverage": held.coverage,
            "density": held.density,
            "density low 95 %": _interval(held.hits, held.inside)[0],
            "density high 95 %": _interval(held.hits, held.inside)[1],
            "mass": held.mass,
            "share of all settings": held.cases / held.points,
            "chance": box.chance if half == "held out" else math.nan,
        }


def _condition(parameter: Parameter, limits: Values) -> str:
    low, high = (value_of(limit, parameter) if np.isfinite(limit) else "" for limit in limits)
    unit = f" {parameter.unit}".rstrip()
    if low and high:
        return f"{parameter.name} is between {low} and {high}{unit}"
    return f"{parameter.name} is {'above' if low else 'below'} {low or high}{unit}"


def _interval(count: int, of: int) -> tuple[float, float]:
    return jeffreys_interval(count, of) if of else (math.nan, math.nan)


def share_of(count: int, of: int) -> str:
    """A share in per cent with its 95 % interval."""
    if not of:
        return "none"
    low, high = _interval(count, of)
    return f"{100 * count / of:.0f} % ({100 * low:.0f} to {100 * high:.0f})"


def _elsewhere(held: Fit, before: tuple[Box, ...]) -> str:
    """The share of settings in none of the boxes so far."""
    so_far = [held, *(box.held_out for box in before)]
    hits, within = (sum(getattr(one, name) for one in so_far) for name in ("hits", "inside"))
    return share_of(held.cases - hits, held.points - within)


def _estimate(share: Estimate) -> str:
    low, high = f"{100 * share.low:.0f}", f"{100 * share.high:.0f}"
    interval = "" if math.isnan(share.low) else f" ({low} to {high})"
    return f"{100 * share.value:.0f} %{interval}"


def _unsettled(found: Discovery) -> Flags:
    """Points at which the interval of the share of runs holds the required one, [P]."""
    counts = np.rint(found.shares[~np.isnan(found.shares)] * found.runs).astype(int)
    intervals = {count: jeffreys_interval(count, found.runs) for count in set(counts.tolist())}
    low, high = np.array([intervals[int(count)] for count in counts]).reshape(-1, 2).T
    return (low < found.outcome.share) & (found.outcome.share < high)
