"""The results of a sensitivity study, in tables and words."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from relsim.experiments.morris import noise_of
from relsim.experiments.replicates import LEAST_RUNS, Index
from relsim.experiments.study import Parameter
from relsim.stats import OUT_OF_REACH, Values, settling
from relsim.words import fixed, listed, number, percent, rounded_up, with_interval


@dataclass(frozen=True)
class Kind:
    """Facts about a method that its tables and sentences need.

    Attributes:
        samples: what its samples are called.
        leading, leading_words: the index by which parameters are ranked.
        indices: their names in words.
        goal: half the width of an interval that settles an index: a twentieth of the variance
            (Sobol) or of the largest possible distance (PAWN), a tenth of the largest mu* (Morris).
            A parameter below it is small beside those that a study is made to find.
        settled: the indices that should be known as well as that.
        unit: ends the headings of indices.
    """

    samples: str
    leading: str
    leading_words: str
    indices: Mapping[str, str]
    goal: float
    settled: tuple[str, ...]
    unit: str = ""


_SOBOL = {"first": "first-order index", "total": "total index"}
_MORRIS = {"mu_star": "mu*", "mu": "mu", "sigma": "sigma"}
_PAWN = {
    "median": "median KS distance",
    "least": "least KS distance",
    "most": "largest KS distance",
}
_MORRIS_UNIT = " (units of the measure, over the range)"
KINDS = {
    "sobol": Kind("base samples", "total", "with interactions", _SOBOL, 0.05, ("first", "total")),
    "morris": Kind("trajectories", "mu_star", "mu*", _MORRIS, 0.1, ("mu_star",), _MORRIS_UNIT),
    "pawn": Kind("points", "median", "KS distance", _PAWN, 0.05, ("median",)),
}
MOST_NAMED = 4  # parameters with numbers of their own in a sentence
SMALL = 0.05  # of the leading index, relative to the variance, the distance or the largest mu*
NOISY = 0.1  # of the variance between points; more of it from runs is worth a word
# Effects spread by more than half their mean size are far from a straight line, or depend on other
# parameters. Source: Garcia Sanchez et al. (2014).
BENT = 0.5
ONE_WAY = 0.95  # of mu*, that mu reaches where effects go one way


@dataclass(frozen=True)
class Effects:
    """The effects of all parameters on one measure.

    Attributes:
        measure: its name.
        mean, sd: of the outcome over the points, in its units.
        noise: the share of the variance between points that is left over from runs; NaN where
            there is one run.
        missing: the share of runs that have no outcome.
        left_out: base samples, trajectories or points left out, since a point of theirs has no
            outcome in any run.
        indices: by name, [K]; empty where the sample is too small for any.
        second: second-order indices of pairs, in the order of combinations; Sobol only.
        interactions: the share of the variance that is no parameter's own, [1]; Sobol only.
        chance: the leading index of a parameter without effect, [K].
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
        runs: at each point.
        effects: a measure each.
    """

    method: str
    parameters: tuple[Parameter, ...]
    samples: int
    runs: int
    effects: tuple[Effects, ...]

    @property
    def kind(self) -> Kind:
        """Facts about its method."""
        return KINDS[self.method]

    @property
    def leading(self) -> str:
        """The name of the index by which parameters are ranked."""
        return self.kind.leading

    @property
    def pairs(self) -> tuple[tuple[int, int], ...]:
        """The columns of pairs of parameters, in the order of second-order indices."""
        return tuple(combinations(range(len(self.parameters)), 2))

    def ranked(self, effects: Effects) -> list[int]:
        """The columns of parameters, the one that matters most first."""
        order = np.argsort(-effects.indices[self.leading].value, kind="stable")
        return [int(column) for column in order]

    def above_chance(self, effects: Effects) -> NDArray[np.bool_]:
        """Whether the interval of the leading index is above what a parameter without effect comes
        to, which for sizes (mu*) and distances (PAWN) is more than 0, [K]."""
        above: NDArray[np.bool_] = effects.indices[self.leading].low > effects.chance
        return above

    def tables(self) -> dict[str, pd.DataFrame]:
        """``sensitivity``: a row for each measure and parameter. ``interactions``: for each measure
        and pair, where they were estimated. ``outcomes``: for each measure."""
        every = range(len(self.parameters))
        rows = [
            {"measure": effects.measure, **self._row(effects, column)}
            for effects in self.effects
            for column in (self.ranked(effects) if effects.indices else every)
        ]
        of_pairs = [
            {
                "measure": effects.measure,
                "parameter": self.parameters[first].name,
                "with": self.parameters[second].name,
                **_interval_cells("second-order index", effects.second, row),
            }
            for effects in self.effects
            if effects.second is not None
            for row, (first, second) in enumerate(self.pairs)
        ]
        of_measures = [
            {
                "measure": effects.measure,
                "mean over points": effects.mean,
                "standard deviation over points": effects.sd,
                "share of it left over from runs (variance)": effects.noise,
                "share of runs without outcome": effects.missing,
                f"{self.kind.samples} left out": effects.left_out,
            }
            for effects in self.effects
        ]
        tables = {"sensitivity": rows, "interactions": of_pairs, "outcomes": of_measures}
        return {name: pd.DataFrame(table) for name, table in tables.items() if table}

    def _row(self, effects: Effects, column: int) -> dict[str, object]:
        parameter = self.parameters[column]
        row: dict[str, object] = {
            "parameter": parameter.name,
            "path": parameter.path,
            "from": parameter.low,
            "to": parameter.high,
            "unit": parameter.unit,
        }
        for name, index in effects.indices.items():
            heading = f"{self.kind.indices[name]}{self.kind.unit}"
            row |= _interval_cells(heading, index, column)
            if name == self.leading and self.method != "sobol":
                row[f"{heading}, by chance alone"] = effects.chance[column]
                row["above chance"] = self.above_chance(effects)[column]
        if effects.indices and self.method == "morris":
            row[f"sigma{self.kind.unit}, by chance alone"] = noise_of(effects.chance[column])
        return row

    def sentences(self) -> list[str]:
        """The results, measure by measure, the most important first."""
        return [
            f"{effects.measure}: {sentence}"
            for effects in self.effects
            for sentence in _Summary(self, effects).sentences()
        ]

    def warnings(self) -> list[str]:
        """Limits of the sample, and how to overcome them."""
        return [
            *_few_runs(self),
            *_gaps(self),
            *_noisy(self),
            *_unsettled(self),
            *(text for effects in self.effects for text in _Summary(self, effects).open_rank()),
        ]


def _interval_cells(heading: str, index: Index, row: int) -> dict[str, object]:
    return {
        heading: index.value[row],
        f"{heading}, low end of 95 % interval": index.low[row],
        f"{heading}, high end of 95 % interval": index.high[row],
        f"{heading}, CI half-width due to runs": index.by_runs[row],
    }


@dataclass(frozen=True)
class _Summary:
    """Writes about one measure."""

    findings: SensitivityFindings
    effects: Effects

    @property
    def leading(self) -> Index:
        """The index by which parameters are ranked."""
        return self.effects.indices[self.findings.leading]

    @property
    def scale(self) -> float:
        """The unit of sizes: the largest mu* for Morris, else 1."""
        return float(self.leading.value.max()) if self.findings.method == "morris" else 1.0

    def mattering(self) -> list[int]:
        """The columns of parameters above what chance makes and not small, ranked."""
        large = self.leading.high > SMALL * self.scale
        seen = large & self.findings.above_chance(self.effects)
        return [column for column in self.findings.ranked(self.effects) if seen[column]]

    def names(self, columns: Sequence[int]) -> str:
        """Parameters, listed."""
        return listed(self.findings.parameters[column].name for column in columns)

    def sentences(self) -> list[str]:
        """Parameters that matter, do little or have no visible effect; interactions; chance."""
        effects = self.effects
        if effects.constant:
            return ["the same at every point, so no parameter matters; all indices are 0."]
        if not effects.indices and effects.left_out:
            return ["too few points have an outcome to say what matters."]
        if not effects.indices:
            return ["points differ no more than chance makes them, so nothing can be said."]
        columns = self.mattering()
        first = self.first(columns[0]) if columns else "no parameter is seen to matter."
        following = [self.following(columns[1:])] if len(columns) > 1 else []
        return [first, *following, *self.rest(columns), *self.together(), *self.noise()]

    def first(self, column: int) -> str:
        """The parameter that matters most."""
        name = f"{self.names([column])} matters most"
        indices = self.effects.indices
        if self.findings.method == "sobol":
            alone, total = (_share(indices[index], column) for index in ("first", "total"))
            return f"{name}: {alone} of the variance by itself, {total} with interactions."
        if self.findings.method == "morris":
            size, manner = _number(indices["mu_star"], column), self.manner(column)
            return f"{name}: over its range it makes a difference of {size}{manner}."
        least, most = (number(indices[end].value[column], 2) for end in ("least", "most"))
        return (
            f"{name}: held in a slice, it moves the distribution by "
            f"{_number(indices['median'], column)} (KS distance, median over slices, which range "
            f"from {least} to {most}; {number(self.effects.chance[column], 2)} by chance alone)."
        )

    def manner(self, column: int) -> str:
        """The direction of effects, and whether they depend on the other parameters."""
        values = (self.effects.indices[name].value[column] for name in ("mu_star", "mu", "sigma"))
        size, mean, spread = map(float, values)
        noise = noise_of(float(self.effects.chance[column]))
        way = "up" if mean > 0 else "down"
        direction = f"always {way}" if abs(mean) >= ONE_WAY * size else "up or down"
        bent = "much" if spread**2 - noise**2 > (BENT * size) ** 2 else "little"
        sigma = f"sigma {number(spread)}" + (f", {number(noise)} by chance alone" if noise else "")
        return f", {direction}, {bent} depending on where it and the others stand ({sigma})"

    def following(self, columns: list[int]) -> str:
        """The other parameters that matter."""
        write = _share if self.findings.method == "sobol" else _number
        shown = [
            f"{self.names([column])} {write(self.leading, column)}"
            for column in columns[:MOST_NAMED]
        ]
        more = len(columns) - MOST_NAMED
        shown += [f"{more} more"] if more > 0 else []
        return f"then {listed(shown)} ({self.findings.kind.leading_words})."

    def rest(self, mattering: list[int]) -> Iterator[str]:
        """Parameters that do little, and those without a visible effect."""
        columns = [
            column for column in self.findings.ranked(self.effects) if column not in mattering
        ]
        above = self.findings.above_chance(self.effects)
        small = [column for column in columns if above[column]]
        unseen = [column for column in columns if not above[column]]
        if small:
            most = float(self.leading.high[small].max())
            size = percent(most) if self.findings.method == "sobol" else number(most, 2)
            verb = "does" if len(small) == 1 else "do"
            yield f"{self.names(small)} {verb} little, at most {size}."
        if unseen:
            yield f"no effect is seen of {self.names(unseen)}."

    def together(self) -> Iterator[str]:
        """The share of interactions, and the largest of them."""
        share, second = self.effects.interactions, self.effects.second
        if share is None or len(self.findings.parameters) == 1:
            return
        text = f"interactions make {_share(share, 0)} of the variance"
        if second is None:
            yield f"{text}."
            return
        seen = [int(row) for row in np.argsort(-second.value) if second.low[row] > 0]
        if not seen:
            yield f"{text}; no single pair stands out."
            return
        names = (self.findings.parameters[column].name for column in self.findings.pairs[seen[0]])
        yield f"{text}, the most that of {' with '.join(names)}: {_share(second, seen[0])}."

    def noise(self) -> Iterator[str]:
        """The share of the variance between points that is chance."""
        noise = self.effects.noise
        if math.isnan(noise):
            return
        left_out = ", which the indices leave out" if self.findings.method == "sobol" else ""
        share = "less than 1 %" if noise < 0.01 else percent(noise)
        yield (
            f"{share} of the variance between points is chance left over from "
            f"{self.findings.runs} runs{left_out}."
        )

    def open_rank(self) -> Iterator[str]:
        """The first two neighbours in rank whose order the sample leaves open."""
        if not self.effects.indices or self.effects.constant:
            return
        for pair in pairwise(self.mattering()):
            apart = self.leading.difference(*pair)
            if apart.low[0] > 0:
                continue
            names, gap, half = self.names(pair), float(apart.value[0]), float(apart.half[0])
            if half >= OUT_OF_REACH * gap:
                text = f"{names} matter alike, as far as this sample can tell."
            else:
                low, high = number(apart.low[0]), number(apart.high[0])
                needed = _needed(self.findings, half, float(apart.by_runs[0]), gap)
                text = f"which of {names} matters more is not settled (difference {number(gap, 2)},"
                text += f" 95 % interval {low} to {high}). If it is this large, about {needed}"
                text += " would settle it."
            yield f"{self.effects.measure}: {text}"
            return


def _share(index: Index, row: int) -> str:
    low, high = (fixed(100 * float(end[row]), 0) for end in (index.low, index.high))
    return f"{percent(float(index.value[row]))} ({low} to {high} %)"


def _number(index: Index, row: int) -> str:
    return with_interval(index.value[row], index.low[row], index.high[row])


# Warnings


def _few_runs(findings: SensitivityFindings) -> Iterator[str]:
    several = "Ask for several runs, such as 20, unless nothing in the scenario is left to chance."
    if findings.runs == 1:
        text = "With one run at each point, chance counts as an effect, and intervals leave it out."
        yield f"{text} {several}"
    elif findings.method == "sobol" and findings.runs < LEAST_RUNS:
        text = "With two runs at each point, intervals leave out what chance does at all points."
        yield f"{text} {several}"


def _gaps(findings: SensitivityFindings) -> Iterator[str]:
    """Runs without an outcome, and outcomes that chance alone moves."""
    samples = findings.kind.samples
    for effects in findings.effects:
        if effects.missing:
            text = f"{effects.measure}: {percent(effects.missing, 1)} of the runs have no outcome "
            text += "and are left out of the means, which speak of the others only"
            if effects.left_out:
                text += f"; {effects.left_out:,} of {findings.samples:,} {samples} are left out"
            yield f"{text}. Use a measure that all runs have."
        if not effects.indices and not effects.left_out:
            yield (
                f"{effects.measure}: points differ no more than chance makes them. "
                f"Widen the ranges, or ask for more {samples} and more runs."
            )


def _noisy(findings: SensitivityFindings) -> Iterator[str]:
    """The share from runs falls as 1/R against the variance that parameters make."""
    noisy = [each for each in findings.effects if each.indices and NOISY < each.noise < 1]
    if noisy:
        worst = max(noisy, key=lambda effects: effects.noise)
        odds = worst.noise / (1 - worst.noise)
        runs = rounded_up(findings.runs * odds * (1 - NOISY) / NOISY)
        yield (
            f"{worst.measure}: {percent(worst.noise)} of the variance between points is chance "
            f"left over from {findings.runs} runs. About {runs:,} runs would bring it to "
            f"{percent(NOISY)}."
        )


def _unsettled(findings: SensitivityFindings) -> Iterator[str]:
    """The index known least well, of all measures; second-order ones need not be known as well."""
    kind, worst = findings.kind, (findings.kind.goal, 0.0, "", "")
    for effects in findings.effects:
        if not effects.indices or effects.constant:
            continue
        scale = _Summary(findings, effects).scale
        for name in kind.settled:
            index = effects.indices[name]
            for column, parameter in enumerate(findings.parameters):
                half = float(index.half[column] / scale)
                if half > worst[0]:
                    by_runs = float(index.by_runs[column] / scale)
                    words = f"{kind.indices[name]} of {parameter.name}"
                    worst = half, by_runs, effects.measure, words
    half, by_runs, measure, text = worst
    if text:
        unit = " of the largest" if findings.method == "morris" else ""
        needed = _needed(findings, half, by_runs, kind.goal)
        yield (
            f"{measure}: the {text} is known to ± {half:.2f}{unit}, others as well or better. "
            f"About {needed} would bring it to ± {kind.goal:.2f}."
        )


def _needed(findings: SensitivityFindings, half: float, by_runs: float, goal: float) -> str:
    """So many samples, and runs where they are more than now."""
    samples, runs = settling(half, by_runs, goal, findings.samples, findings.runs)
    if findings.method == "sobol":
        samples = 2 ** math.ceil(math.log2(samples))
    else:
        samples = rounded_up(samples)
    also = f" and {rounded_up(runs):,} runs" if runs > findings.runs else ""
    return f"{samples:,} {findings.kind.samples}{also}"
