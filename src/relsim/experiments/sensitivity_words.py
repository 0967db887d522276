"""A sensitivity study in words: what matters, what does not, and what the sample leaves open."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from relsim.analysis.numerals import percent
from relsim.experiments.crossed import LEAST_RUNS
from relsim.experiments.morris import noise_of
from relsim.experiments.replicates import Index
from relsim.scenario.writer import true_minus

if TYPE_CHECKING:
    from relsim.experiments.sensitivity import Effects, Sensitivity

MOST_NAMED = 4  # parameters with numbers of their own in a sentence
# Half the width of an interval that settles an index: a twentieth of the variance (Sobol), of the
# largest possible distance (PAWN), a tenth of the largest mu* (Morris). A parameter below it is
# small beside those that a study is made to find.
SETTLED = {"sobol": 0.05, "morris": 0.1, "pawn": 0.05}
SETTLED_INDICES = {
    "sobol": {"first": "first-order index", "total": "total index"},
    "morris": {"mu_star": "mu*"},
    "pawn": {"median": "median KS distance"},
}
SMALL = 0.05  # of the leading index, relative to the variance, the distance or the largest mu*
NOISY = 0.1  # of the variance between points; more of it from runs is worth a word
# Effects spread by more than half their mean size are far from a straight line, or depend on other
# parameters. Source: Garcia Sanchez et al. (2014).
BENT = 0.5
ONE_WAY = 0.95  # of mu*, that mu reaches where effects go one way
HOPELESS = 64  # times the sample; two parameters that take more to tell apart matter alike


# What was found


def sentences_of(findings: Sensitivity) -> list[str]:
    """What was found, measure by measure, the most important first."""
    said = []
    for one in findings.effects:
        said += [f"{one.measure}: {sentence}" for sentence in _on_measure(findings, one)]
    return said


def _on_measure(findings: Sensitivity, one: Effects) -> list[str]:
    if one.constant:
        return ["the same at every point, so no parameter matters; all indices are 0."]
    if not one.indices and one.left_out:
        return ["too few points have an outcome to say what matters."]
    if not one.indices:
        return ["points differ no more than chance makes them, so nothing can be said."]
    ranked = findings.ranked(one)
    shown = [place for place in ranked if _matters(findings, one, place)]
    said = [_first(findings, one, shown[0])] if shown else ["no parameter is seen to matter."]
    if len(shown) > 1:
        said.append(_next(findings, one, shown[1:]))
    rest = [place for place in ranked if place not in shown]
    return [*said, *_rest(findings, one, rest), *_together(findings, one), *_noise(findings, one)]


def _matters(findings: Sensitivity, one: Effects, place: int) -> bool:
    """Whether a parameter is above what chance makes, and not small."""
    large = one.indices[findings.leading].high[place] > SMALL * _scale(findings, one)
    return bool(large and findings.above_chance(one)[place])


def _scale(findings: Sensitivity, one: Effects) -> float:
    return float(one.indices["mu_star"].value.max()) if findings.method == "morris" else 1.0


def _first(findings: Sensitivity, one: Effects, place: int) -> str:
    name = findings.parameters[place].name
    if findings.method == "sobol":
        alone, total = (_share(one.indices[index], place) for index in ("first", "total"))
        return f"{name} matters most: {alone} of the variance by itself, {total} with interactions."
    if findings.method == "morris":
        mean = _number(one.indices["mu_star"], place)
        manner = _manner(one, place)
        return f"{name} matters most: over its range it makes a difference of {mean}{manner}."
    median, least, most = (one.indices[index] for index in ("median", "least", "most"))
    return (
        f"{name} matters most: held in a slice, it moves the distribution by "
        f"{_number(median, place)} (KS distance, median over slices, which range from "
        f"{least.value[place]:.2g} to {most.value[place]:.2g}; "
        f"{one.chance[place]:.2g} by chance alone)."
    )


def _manner(one: Effects, place: int) -> str:
    """Which way effects go, and whether they depend on where the others stand."""
    size, mean, spread = (one.indices[name].value[place] for name in ("mu_star", "mu", "sigma"))
    way = "up" if mean > 0 else "down"
    direction = f"always {way}" if abs(mean) >= ONE_WAY * size else "up or down"
    noise = noise_of(float(one.chance[place]))
    bent = "much" if spread**2 - noise**2 > (BENT * size) ** 2 else "little"
    sigma = f"sigma {spread:.3g}" + (f", {noise:.3g} by chance alone" if noise else "")
    return f", {direction}, {bent} depending on where it and the others stand ({sigma})"


def _next(findings: Sensitivity, one: Effects, places: list[int]) -> str:
    leading = one.indices[findings.leading]
    numbers = _share if findings.method == "sobol" else _number
    listed = [
        f"{findings.parameters[place].name} {numbers(leading, place)}"
        for place in places[:MOST_NAMED]
    ]
    more = len(places) - MOST_NAMED
    listed += [f"{more} more"] if more > 0 else []
    what = {"sobol": "with interactions", "morris": "mu*", "pawn": "KS distance"}[findings.method]
    return f"then {_joined(listed)} ({what})."


def _rest(findings: Sensitivity, one: Effects, places: list[int]) -> list[str]:
    """Parameters that do little, and those of which the sample shows no effect."""
    leading = one.indices[findings.leading]
    unseen = [place for place in places if not findings.above_chance(one)[place]]
    small = [place for place in places if place not in unseen]
    said = []
    if small:
        most = max(float(leading.high[place]) for place in small)
        size = percent(most) if findings.method == "sobol" else f"{most:.2g}"
        said.append(f"{_names(findings, small)} {_do(small)} little, at most {size}.")
    if unseen:
        said.append(f"no effect is seen of {_names(findings, unseen)}.")
    return said


def _together(findings: Sensitivity, one: Effects) -> list[str]:
    """What interactions make, and the largest of them."""
    if one.interactions is None or len(findings.parameters) == 1:
        return []
    share = f"interactions make {_share(one.interactions, 0)} of the variance"
    if one.second is None:
        return [f"{share}."]
    seen = [place for place in np.argsort(-one.second.value) if one.second.low[place] > 0]
    if not seen:
        return [f"{share}; no single pair stands out."]
    pair = (findings.parameters[place].name for place in findings.pairs[int(seen[0])])
    return [f"{share}, the most that of {' with '.join(pair)}: {_share(one.second, seen[0])}."]


def _noise(findings: Sensitivity, one: Effects) -> list[str]:
    if math.isnan(one.noise):
        return []
    taken = ", which the indices leave out" if findings.method == "sobol" else ""
    share = "less than 1 %" if one.noise < 0.01 else percent(one.noise)
    return [
        f"{share} of the variance between points is chance left over from "
        f"{findings.runs} runs{taken}."
    ]


# What the sample leaves open


def warnings_of(findings: Sensitivity) -> list[str]:
    """What the sample does not support, and what to do."""
    return [
        *_few_runs(findings),
        *_missing(findings),
        *_drowned(findings),
        *_noisy(findings),
        *_unsettled(findings),
        *_unranked(findings),
    ]


def _few_runs(findings: Sensitivity) -> list[str]:
    several = "Ask for several runs, such as 20, unless nothing in the scenario is left to chance."
    if findings.runs == 1:
        text = "With one run at each point, chance counts as an effect, and intervals leave it out."
    elif findings.method == "sobol" and findings.runs < LEAST_RUNS:
        text = "With two runs at each point, intervals leave out what chance does at all points."
    else:
        return []
    return [f"{text} {several}"]


def _missing(findings: Sensitivity) -> list[str]:
    said = []
    for one in findings.effects:
        if one.missing:
            text = f"{one.measure}: {percent(one.missing, 1)} of the runs have no outcome and are "
            text += "left out of the means, which speak of the others only"
            blocks = f"; {one.left_out:,} of {findings.samples:,} {_samples(findings)} are left out"
            said.append(
                f"{text}{blocks if one.left_out else ''}. Use a measure that all runs have."
            )
    return said


def _drowned(findings: Sensitivity) -> list[str]:
    return [
        f"{one.measure}: points differ no more than chance makes them. "
        f"Widen the ranges, or ask for more {_samples(findings)} and more runs."
        for one in findings.effects
        if not one.indices and not one.left_out
    ]


def _noisy(findings: Sensitivity) -> list[str]:
    """The share from runs falls as 1/R against the variance that parameters make."""
    noisy = [one for one in findings.effects if one.indices and NOISY < one.noise < 1]
    if not noisy:
        return []
    worst = max(noisy, key=lambda one: one.noise)
    odds = worst.noise / (1 - worst.noise)
    runs = math.ceil(findings.runs * odds * (1 - NOISY) / NOISY)
    return [
        f"{worst.measure}: {percent(worst.noise)} of the variance between points is chance left "
        f"over from {findings.runs} runs. About {_rounded(runs):,} runs would bring it to "
        f"{percent(NOISY)}."
    ]


def _unsettled(findings: Sensitivity) -> list[str]:
    """The index known least well, of all measures; second-order ones are not asked for as much."""
    known = [
        (float(index.half[place] / scale), float(index.by_runs[place] / scale), one, name, place)
        for one in findings.effects
        if one.indices and not one.constant
        for scale in (_scale(findings, one),)
        for name in SETTLED_INDICES[findings.method]
        for index in (one.indices[name],)
        for place in range(len(findings.parameters))
    ]
    goal = SETTLED[findings.method]
    open_ones = [row for row in known if row[0] > goal]
    if not open_ones:
        return []
    half, by_runs, one, name, place = max(open_ones, key=lambda row: row[0])
    of_what = " of the largest" if findings.method == "morris" else ""
    return [
        f"{one.measure}: the {SETTLED_INDICES[findings.method][name]} of "
        f"{findings.parameters[place].name} is known to ± {half:.2f}{of_what}, "
        f"others as well or better. {_to_settle(findings, half, by_runs, goal)} ± {goal:.2f}."
    ]


def _to_settle(findings: Sensitivity, half: float, by_runs: float, goal: float) -> str:
    samples, runs = settling(half, by_runs, goal, findings.samples, findings.runs)
    return f"{_asked_for(findings, samples, runs)} would bring it to"


def _asked_for(findings: Sensitivity, samples: int, runs: int) -> str:
    """So many samples, and runs where they are more than now."""
    also = f" and {_rounded(runs):,} runs" if runs > findings.runs else ""
    if findings.method == "sobol":
        samples = 2 ** math.ceil(math.log2(samples))
    return f"About {_rounded(samples):,} {_samples(findings)}{also}"


def settling(half: float, by_runs: float, goal: float, samples: int, runs: int) -> tuple[int, int]:
    """The samples and the runs that would narrow an interval to half a width of ``goal``.

    Widths fall as 1/√N with samples and as 1/√R with runs, and their squares add. Runs are asked
    for only where they alone make more than half of the square of the goal.

    Args:
        half, by_runs: half the width now, and what more samples would leave of it.
        goal: half the width wanted.
        samples, runs: those of now.
    """
    by_points = max(half**2 - by_runs**2, 0.0)
    left = goal**2 - by_runs**2
    if by_runs**2 > goal**2 / 2:
        left = goal**2 / 2
        runs = math.ceil(runs * by_runs**2 / left)
    return max(samples, math.ceil(samples * by_points / left)), runs


def _unranked(findings: Sensitivity) -> list[str]:
    said = []
    for one in findings.effects:
        if one.indices and not one.constant:
            said += _open_rank(findings, one)
    return said


def _open_rank(findings: Sensitivity, one: Effects) -> list[str]:
    """The first two neighbours in rank whose order the sample leaves open."""
    leading = one.indices[findings.leading]
    ranked = [place for place in findings.ranked(one) if _matters(findings, one, place)]
    for upper, lower in pairwise(ranked):
        apart = leading.difference(upper, lower)
        low, high, gap = (float(part[0]) for part in (apart.low, apart.high, apart.value))
        if low > 0:
            continue
        names = _names(findings, [upper, lower])
        needed = _settling_order(findings, apart)
        if needed is None:
            return [f"{one.measure}: {names} matter alike, as far as this sample can tell."]
        return [
            f"{one.measure}: which of {names} matters more is not settled "
            f"(difference {gap:.2g}, 95 % interval {_to(low, high)}). If it is this large, "
            f"{_asked_for(findings, *needed).lower()} would settle it."
        ]
    return []


def _settling_order(findings: Sensitivity, apart: Index) -> tuple[int, int] | None:
    """The samples and runs after which a difference of this size is clear of 0; None where these
    are out of reach."""
    gap, half, by_runs = (float(part[0]) for part in (apart.value, apart.half, apart.by_runs))
    if gap <= half / HOPELESS:
        return None
    samples, runs = settling(half, by_runs, gap, findings.samples, findings.runs)
    if samples > HOPELESS * findings.samples or runs > HOPELESS * findings.runs:
        return None
    return samples, runs


# How it is written


def _samples(findings: Sensitivity) -> str:
    return {"sobol": "base samples", "morris": "trajectories", "pawn": "points"}[findings.method]


def _rounded(number: float) -> int:
    """Up to two digits, but powers of 2 as they are."""
    whole = math.ceil(number)
    if whole & (whole - 1) == 0:
        return whole
    step = 10 ** max(len(str(whole)) - 2, 0)
    return math.ceil(whole / step) * step


def _share(index: Index, place: int) -> str:
    low, high = (round(100 * float(end[place])) for end in (index.low, index.high))
    return f"{percent(float(index.value[place]))} ({_to(low, high)} %)".replace("-", "−")


def _number(index: Index, place: int) -> str:
    return true_minus(f"{index.value[place]:.3g} ({_to(index.low[place], index.high[place])})")


def _to(low: float, high: float) -> str:
    return f"{low:.3g} to {high:.3g}".replace("-", "−")


def _names(findings: Sensitivity, places: Sequence[int]) -> str:
    return _joined([findings.parameters[place].name for place in places])


def _do(places: Sequence[int]) -> str:
    return "does" if len(places) == 1 else "do"


def _joined(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
