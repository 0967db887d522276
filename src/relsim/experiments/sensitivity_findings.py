"""What a sensitivity study finds, in tables and words: what matters, what does not, and what the
sample leaves open."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from relsim.experiments import morris
from relsim.experiments.crossed import LEAST_RUNS
from relsim.experiments.morris import noise_of
from relsim.experiments.parameters import Parameter, Values
from relsim.experiments.replicates import Index
from relsim.words import percent, true_minus

LEADING = {"sobol": "total", "morris": "mu_star", "pawn": "median"}  # by which they are ranked
COLUMNS = {
    "first": "first-order index",
    "total": "total index",
    "mu_star": "mu* (units of the measure, over the range)",
    "mu": "mu (units of the measure, over the range)",
    "sigma": "sigma (units of the measure, over the range)",
    "median": "median KS distance",
    "least": "least KS distance",
    "most": "largest KS distance",
}
BLOCKS = {"sobol": "base samples", "morris": "trajectories", "pawn": "points"}
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


@dataclass(frozen=True)
class Effects:
    """What one measure owes to each parameter.

    Attributes:
        measure: its name.
        mean, sd: of the outcome over the points, in its units.
        noise: the share of the variance between points that is left over from runs; NaN where
            there is one run.
        missing: the share of runs that have no outcome.
        left_out: base samples, trajectories or points left out, since a point of theirs has no
            outcome in any run.
        indices: by name, [K]; empty where nothing can be said.
        second: second-order indices of pairs, in the order of combinations; Sobol only.
        interactions: the share of the variance that is no parameter's own, [1]; Sobol only.
        chance: what the leading index of a parameter without effect comes to, [K].
    """

    measure: str
    mean: float
    sd: float
    noise: float
    missing: float
    left_out: int
    indices: Mapping[str, Index]
    second: Index | None
    interactions: Index | None
    chance: Values

    @property
    def constant(self) -> bool:
        """Whether the outcome is the same at every point."""
        return self.sd == 0.0


@dataclass(frozen=True)
class SensitivityFindings:
    """The findings of a study, for each measure.

    Attributes:
        method: ``sobol``, ``morris`` or ``pawn``.
        parameters: K of them.
        samples: base samples, trajectories or points.
        points: how many were simulated.
        runs: at each point.
        resamples: of the bootstrap.
        effects: a measure each.
    """

    method: str
    parameters: tuple[Parameter, ...]
    samples: int
    points: int
    runs: int
    resamples: int
    effects: tuple[Effects, ...]

    @property
    def leading(self) -> str:
        """The name of the index by which parameters are ranked."""
        return LEADING[self.method]

    @property
    def pairs(self) -> tuple[tuple[int, int], ...]:
        """The places of pairs of parameters, in the order of second-order indices."""
        return tuple(combinations(range(len(self.parameters)), 2))

    def ranked(self, effects: Effects) -> list[int]:
        """The places of parameters, the one that matters most first."""
        order = np.argsort(-effects.indices[self.leading].value, kind="stable")
        return [int(place) for place in order]

    def above_chance(self, effects: Effects) -> NDArray[np.bool_]:
        """Whether the interval of the leading index is above what a parameter without effect comes
        to, which for sizes (mu*) and distances (PAWN) is more than 0, [K]."""
        above: NDArray[np.bool_] = effects.indices[self.leading].low > effects.chance
        return above

    def tables(self) -> dict[str, pd.DataFrame]:
        """``sensitivity``: a row for each measure and parameter. ``interactions``: for each measure
        and pair, where they were asked for. ``outcomes``: for each measure."""
        tables = {"sensitivity": self._sensitivity_table()}
        if any(one.second for one in self.effects):
            tables["interactions"] = self._interaction_table()
        return {**tables, "outcomes": self._outcome_table()}

    def sentences(self) -> list[str]:
        """What was found, measure by measure, the most important first."""
        return [
            f"{one.measure}: {sentence}"
            for one in self.effects
            for sentence in _on_measure(self, one)
        ]

    def warnings(self) -> list[str]:
        """What the sample does not support, and what to do."""
        return [
            *_few_runs(self),
            *_missing(self),
            *_drowned(self),
            *_noisy(self),
            *_unsettled(self),
            *_unranked(self),
        ]

    def _sensitivity_table(self) -> pd.DataFrame:
        rows = []
        for one in self.effects:
            for place in self.ranked(one) if one.indices else range(len(self.parameters)):
                rows.append({"measure": one.measure, **self._row(one, place)})
        return pd.DataFrame(rows)

    def _row(self, effects: Effects, place: int) -> dict[str, object]:
        parameter = self.parameters[place]
        row: dict[str, object] = {
            "parameter": parameter.name,
            "path": parameter.path,
            "from": parameter.low,
            "to": parameter.high,
            "unit": parameter.unit,
        }
        for name, found in effects.indices.items():
            row |= _with_interval(COLUMNS[name], found, place)
            if name == self.leading and self.method != "sobol":
                row[f"{COLUMNS[name]}, by chance alone"] = effects.chance[place]
                row["above chance"] = self.above_chance(effects)[place]
        if effects.indices and self.method == "morris":
            row[f"{COLUMNS['sigma']}, by chance alone"] = morris.noise_of(effects.chance[place])
        return row

    def _interaction_table(self) -> pd.DataFrame:
        rows = [
            {
                "measure": one.measure,
                "parameter": self.parameters[first].name,
                "with": self.parameters[second].name,
                **_with_interval("second-order index", one.second, place),
            }
            for one in self.effects
            if one.second is not None
            for place, (first, second) in enumerate(self.pairs)
        ]
        return pd.DataFrame(rows)

    def _outcome_table(self) -> pd.DataFrame:
        rows = [
            {
                "measure": one.measure,
                "mean over points": one.mean,
                "standard deviation over points": one.sd,
                "share of it left over from runs (variance)": one.noise,
                "share of runs without outcome": one.missing,
                f"{BLOCKS[self.method]} left out": one.left_out,
            }
            for one in self.effects
        ]
        return pd.DataFrame(rows)


def _with_interval(column: str, found: Index, place: int) -> dict[str, object]:
    return {
        column: found.value[place],
        f"{column}, low end of 95 % interval": found.low[place],
        f"{column}, high end of 95 % interval": found.high[place],
        f"{column}, half width that more points would leave": found.by_runs[place],
    }


# Sentences


def _on_measure(findings: SensitivityFindings, one: Effects) -> list[str]:
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


def _matters(findings: SensitivityFindings, one: Effects, place: int) -> bool:
    """Whether a parameter is above what chance makes, and not small."""
    large = one.indices[findings.leading].high[place] > SMALL * _scale(findings, one)
    return bool(large and findings.above_chance(one)[place])


def _scale(findings: SensitivityFindings, one: Effects) -> float:
    return float(one.indices["mu_star"].value.max()) if findings.method == "morris" else 1.0


def _first(findings: SensitivityFindings, one: Effects, place: int) -> str:
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


def _next(findings: SensitivityFindings, one: Effects, places: list[int]) -> str:
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


def _rest(findings: SensitivityFindings, one: Effects, places: list[int]) -> list[str]:
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


def _together(findings: SensitivityFindings, one: Effects) -> list[str]:
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


def _noise(findings: SensitivityFindings, one: Effects) -> list[str]:
    if math.isnan(one.noise):
        return []
    taken = ", which the indices leave out" if findings.method == "sobol" else ""
    share = "less than 1 %" if one.noise < 0.01 else percent(one.noise)
    return [
        f"{share} of the variance between points is chance left over from "
        f"{findings.runs} runs{taken}."
    ]


# Warnings


def _few_runs(findings: SensitivityFindings) -> list[str]:
    several = "Ask for several runs, such as 20, unless nothing in the scenario is left to chance."
    if findings.runs == 1:
        text = "With one run at each point, chance counts as an effect, and intervals leave it out."
    elif findings.method == "sobol" and findings.runs < LEAST_RUNS:
        text = "With two runs at each point, intervals leave out what chance does at all points."
    else:
        return []
    return [f"{text} {several}"]


def _missing(findings: SensitivityFindings) -> list[str]:
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


def _drowned(findings: SensitivityFindings) -> list[str]:
    return [
        f"{one.measure}: points differ no more than chance makes them. "
        f"Widen the ranges, or ask for more {_samples(findings)} and more runs."
        for one in findings.effects
        if not one.indices and not one.left_out
    ]


def _noisy(findings: SensitivityFindings) -> list[str]:
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


def _unsettled(findings: SensitivityFindings) -> list[str]:
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


def _to_settle(findings: SensitivityFindings, half: float, by_runs: float, goal: float) -> str:
    samples, runs = settling(half, by_runs, goal, findings.samples, findings.runs)
    return f"{_asked_for(findings, samples, runs)} would bring it to"


def _asked_for(findings: SensitivityFindings, samples: int, runs: int) -> str:
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


def _unranked(findings: SensitivityFindings) -> list[str]:
    said = []
    for one in findings.effects:
        if one.indices and not one.constant:
            said += _open_rank(findings, one)
    return said


def _open_rank(findings: SensitivityFindings, one: Effects) -> list[str]:
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


def _settling_order(findings: SensitivityFindings, apart: Index) -> tuple[int, int] | None:
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
def _samples(findings: SensitivityFindings) -> str:
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


def _names(findings: SensitivityFindings, places: Sequence[int]) -> str:
    return _joined([findings.parameters[place].name for place in places])


def _do(places: Sequence[int]) -> str:
    return "does" if len(places) == 1 else "do"


def _joined(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
