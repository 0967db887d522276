"""Discovery: under which conditions an outcome happens, as boxes in the space of parameters.

A point is a case where the outcome happens in the required share of its runs. Points are
classified and not runs: conditions are on parameters, and points are drawn independently of each
other, as quasi-p values, the held-out half and resamples require; runs at a point are not. Shares
of single runs are given besides. What runs add to doubt is in the resamples, which draw them anew.

Boxes are searched for on a random half of the points and judged on the other.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field
from scipy.special import stdtrit
from scipy.stats import hypergeom

from relsim.experiments.boxes import PRIM, Fit, Flags, Search, fit, inside, search
from relsim.experiments.discovery import LEAST_CASES, Box, Discovery, Outcome, share_of
from relsim.experiments.schema import SHARE, THRESHOLD, Count
from relsim.experiments.study import Method, Parameter, Study, require
from relsim.experiments.sweep import sweep_points, sweep_size
from relsim.scenario.tree import TreePath
from relsim.scenario.values import Remark, not_exactly_one
from relsim.stats import CONFIDENCE, Estimate, Values
from relsim.words import percent

RESAMPLES = 30
MOST_BOXES = 3
MOST_CHANCE = 0.01  # that a box holds so many held-out cases by chance
LEAST_COVERAGE = 0.1  # of a second or third box; what it leaves is the rim of the boxes before
SPREAD = (0.1, 0.9)  # of a limit among resamples


def discover(
    parameters: tuple[Parameter, ...],
    points: Values,
    outcomes: Mapping[str, Values],
    outcome: Outcome,
    *,
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> Discovery:
    """The conditions under which an outcome happens.

    A box is kept where it holds more cases of the half held out than chance would give (1 %), and
    a second and third, searched for outside those before, where it also covers a tenth of all.

    Args:
        parameters: what was varied, [K].
        points: uniform over the ranges, of a Latin hypercube or a Sobol sequence, [P, K].
        outcomes: at each point by measure, [P, R]. NaN in single runs is left out of shares.
        outcome: what happens.
        seed: of the split and of resamples.
        resamples: of which reproducibility is taken (Bryant and Lempert, 2010); 0
            for none.

    Raises:
        RelsimError: ema_workbench is not installed.
    """
    happens = outcome.happens(outcomes[outcome.measure])
    rng = np.random.default_rng(seed)
    shares = shares_of_runs(happens)
    known, cases = ~np.isnan(shares), shares >= outcome.share
    order, searched = rng.permutation(len(known)), np.zeros(len(known), dtype=bool)
    for some in (known & cases, known & ~cases):  # a random half of the cases, and of the others
        searched[order[some[order]][::2]] = True
    scene = _Scene(points, happens, outcome.share, cases, searched, known & ~searched)
    boxes, rejected, reason = _boxes(scene, rng, resamples)
    return Discovery(
        outcome=outcome,
        parameters=parameters,
        points=points,
        shares=shares,
        cases=cases,
        searched=searched,
        held_out=scene.held_out,
        boxes=boxes,
        rejected=rejected,
        reason=reason,
        runs=happens.shape[1],
        missing=float(np.isnan(happens).mean()),
        resamples=resamples,
    )


def shares_of_runs(happens: Values) -> Values:
    """The share of the runs with a value in which it happens, [P]; NaN where there is none."""
    counted = np.sum(~np.isnan(happens), axis=1)
    with np.errstate(invalid="ignore"):
        shares: Values = np.nansum(happens, axis=1) / counted
    return shares


# Finding boxes
@dataclass(frozen=True)
class _Scene:
    """Points [P, K], what happens at each in each run [P, R], and the halves [P]."""

    points: Values
    happens: Values
    share: float
    cases: Flags
    searched: Flags
    held_out: Flags


def _boxes(
    scene: _Scene, rng: np.random.Generator, resamples: int
) -> tuple[tuple[Box, ...], Box | None, str]:
    """Boxes that hold, the first that does not, and why there are no more."""
    boxes: list[Box] = []
    left = scene.searched | scene.held_out
    while len(boxes) < MOST_BOXES:
        reason = _too_few(scene, left)
        if reason:
            return tuple(boxes), None, reason
        half = left & scene.searched
        box = _box(scene, left, search(scene.points[half], scene.cases[half]))
        reason = _objection(box, first=not boxes)
        if reason:
            return tuple(boxes), box, reason
        boxes.append(_reproduced(scene, left, box, rng, resamples))
        left = left & ~inside(scene.points, box.limits)
    return tuple(boxes), None, f"no more than {MOST_BOXES} boxes are searched for."


def _too_few(scene: _Scene, left: Flags) -> str:
    count, cases = int(left.sum()), int((scene.cases & left).sum())
    if cases == 0:
        most = float(np.nanmax(shares_of_runs(scene.happens[left]), initial=0.0))
        return f"at none of {count:,} points (at most in {percent(most)} of runs)."
    if cases == count:
        return f"at each of {count:,} points, under all conditions."
    if min(cases, count - cases) < LEAST_CASES:
        return f"at {cases:,} of {count:,} points, too few on one side to search for conditions."
    return ""


def _box(scene: _Scene, left: Flags, result: Search) -> Box:
    within = inside(scene.points, result.limits) & left
    count = len(result.limits)
    return Box(
        limits=result.limits,
        quasi_p=result.quasi_p,
        searched=fit(within, scene.cases, scene.searched),
        held_out=fit(within, scene.cases, scene.held_out),
        chance=chance_of(fit(within, scene.cases, scene.held_out & left)),
        runs_inside=share_of_runs(scene.happens[within]),
        runs_elsewhere=share_of_runs(scene.happens[left & ~within]),
        reproduced=np.full(count, np.nan),
        spread=np.full((count, 2, 2), np.nan),
        trajectory=result.trajectory,
    )


def chance_of(held: Fit) -> float:
    """The probability of so many cases in a box that has nothing to do with them."""
    return float(hypergeom.sf(held.hits - 1, held.points, held.cases, held.inside))


def _objection(box: Box, *, first: bool) -> str:
    """Why a box is not claimed; empty where it is."""
    base = percent(box.held_out.cases / box.held_out.points)
    if not box.restricted.any():
        return f"no conditions were found; it is so for {base} of all settings."
    if box.chance > MOST_CHANCE:
        return (
            f"no conditions hold on the half held out: it is so for {base} of all settings and for "
            f" {share_of(box.held_out.hits, box.held_out.inside)} of those in the "
            "box that was found."
        )
    if not first and box.held_out.coverage < LEAST_COVERAGE:
        return f"further boxes cover less than {percent(LEAST_COVERAGE)} of all such settings."
    return ""


def share_of_runs(happens: Values) -> Estimate:
    """The share of single runs [N, R] in which it happens, with an interval by points and runs.

    The variance is that of the mean of points plus that of the mean of runs, which share their
    draws at all points; Student's quantile is that of the fewer.
    """
    share = float(np.nanmean(happens)) if np.isfinite(happens).any() else math.nan
    variances, parts = [], []
    for means in (shares_of_runs(happens), shares_of_runs(happens.T)):
        seen = means[~np.isnan(means)]
        if len(seen) > 1:
            variances.append(float(seen.var(ddof=1)) / len(seen))
            parts.append(len(seen))
    if not parts:
        return Estimate(share)
    half = float(stdtrit(min(parts) - 1, (1 + CONFIDENCE) / 2)) * math.sqrt(sum(variances))
    return Estimate(share, max(0.0, share - half), min(1.0, share + half))


# Reproducing boxes
def _reproduced(
    scene: _Scene, left: Flags, box: Box, rng: np.random.Generator, resamples: int
) -> Box:
    """The box with how often searches on resamples restrict the same, and where."""
    if not resamples:
        return box
    limits = [_limits_of_resample(scene, left, rng) for _ in range(resamples)]
    every = np.array(
        [some for some in limits if some is not None] or [np.full_like(box.limits, np.inf)]
    )
    is_set = np.isfinite(every)
    spread = np.full_like(box.spread, np.nan)
    for k, side in zip(*np.nonzero(box.restricted), strict=True):
        values = every[is_set[:, k, side], k, side]
        if values.size:
            spread[k, side] = np.quantile(values, SPREAD)
    reproduced = is_set.any(axis=2).sum(axis=0) / resamples
    return replace(box, reproduced=reproduced, spread=spread)


def _limits_of_resample(scene: _Scene, left: Flags, rng: np.random.Generator) -> Values | None:
    """Limits found on half of the points, without replacement, and runs with replacement, the
    same at all points; None where these are all or none cases."""
    every = np.flatnonzero(left)
    chosen = rng.choice(every, len(every) // 2, replace=False)
    runs = rng.integers(scene.happens.shape[1], size=scene.happens.shape[1])
    shares = shares_of_runs(scene.happens[np.ix_(chosen, runs)])
    known = ~np.isnan(shares)
    cases = shares[known] >= scene.share
    if cases.all() or not cases.any():
        return None
    return search(scene.points[chosen[known]], cases).limits


class Discover(Method):
    """Under which conditions an outcome happens."""

    libraries: ClassVar = ("ema_workbench",)

    measure: str = Field(description="Which one.")
    above: Annotated[float, THRESHOLD] | None = Field(
        None, description="It happens above this value."
    )
    below: Annotated[float, THRESHOLD] | None = Field(
        None, description="It happens below this value."
    )
    share: Annotated[float, SHARE] = Field(
        0.5, description="Share of a point's runs in which it has to happen."
    )
    samples: Count = Field(500, description="Points, of a Latin hypercube.")

    def mistakes(self) -> Iterator[Remark]:
        """Other than one threshold, or a share that every point reaches."""
        yield from not_exactly_one(self, ("above", "below"), "bad-outcome")
        if self.share == 0:
            text = "In a share of 0 of the runs it happens at every point."
            yield Remark("", "bad-outcome", text, "Write a share above 0.")

    @property
    def size_key(self) -> str:
        """The key of the points."""
        return "samples"

    def measures_named(self) -> dict[TreePath, str]:
        """That of the outcome."""
        return {("measure",): self.measure}

    def size(self, study: Study) -> int:
        """How many points there are."""
        return sweep_size("latin-hypercube", study.parameters, self.samples)

    def points(self, study: Study) -> Values:
        """Points of a Latin hypercube."""
        require(PRIM)  # rather now than once all is simulated
        seed = study.experiment.seed
        return sweep_points("latin-hypercube", study.parameters, self.samples, seed)

    def analyse(self, study: Study, points: Values, outcomes: Mapping[str, Values]) -> Discovery:
        """The boxes of conditions."""
        measure, seed = study.measure_name(self.measure), study.experiment.seed
        side: Literal["above", "below"] = "above" if self.below is None else "below"
        threshold = self.above if self.below is None else self.below
        assert threshold is not None  # as the section has one side
        outcome = Outcome(measure, side, threshold, self.share)
        return discover(study.parameters, points, outcomes, outcome, seed=seed)
