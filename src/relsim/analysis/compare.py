"""Two scenarios on the same draws: what differs in the second, run by run."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd
import xarray as xr

from relsim.analysis.effects import (
    Effect,
    Reaching,
    effect,
    effects_table,
    first_that_differs,
    opening_level,
    reaching,
)
from relsim.analysis.interests import FEWEST_RUNS, Carriers, affordable_runs, carriers
from relsim.analysis.recorded import (
    label_and_time_blocks,
    lacking_domain,
    lacking_steps,
    on_shared_runs,
    pairing_obstacle,
    recorded_steps,
    step_of_month,
    time_index,
)
from relsim.analysis.summary import months_of, with_statistics
from relsim.display import Displayed, Figure, in_a_line, plotted
from relsim.ensemble.accounts import OVERALL
from relsim.ensemble.agents import compile_with, titles_with_rules
from relsim.ensemble.simulate import Ensemble, spelled_by
from relsim.errors import ResultsError, did_you_mean, plain_hint
from relsim.model.plan import Compiled
from relsim.scenario.diff import act_alike
from relsim.scenario.schema import Scenario
from relsim.scenario.shipped import next_anchor
from relsim.scenario.titles import titles
from relsim.scenario.values import Month
from relsim.stats import QUANTILE_NAMES, SAME, Values, quantiles
from relsim.words import counted

STATISTICS = ("mean", "sd", "p_higher", "p_lower", *QUANTILE_NAMES)


@dataclass(frozen=True, repr=False)
class Comparison(Displayed):
    """The differences between two scenarios, other minus base, run by run.

    Made by :func:`compare`. Nothing is read until asked for, and then in blocks of bounded size.

    Attributes:
        base: the ensemble compared with.
        other: the ensemble that is compared.
        domain: the domain of cooperation that is compared; None for overall cooperation.
        runs: how many runs are paired: those of both.
        pairs: the pairs of states that both record, as the base spells them.
    """

    base: Ensemble
    other: Ensemble
    domain: str | None
    runs: int
    pairs: tuple[str, ...]

    def in_short(self) -> str:
        """What is compared with what, and the paired runs."""
        base, other = (in_a_line(title, 26) for title in self.titles)
        domain = f", {in_a_line(self.domain, 12)}" if self.domain else ""
        return (
            f"of “{other}” with “{base}”: {counted(self.runs, 'paired run')}, "
            f"{counted(len(self.pairs), 'pair')}{domain}"
        )

    def plot(self, pairs: str | Sequence[str] | None = None) -> Figure:
        """The paired differences over time: the median, and bands of 50, 80 and 95 % of the runs.

        Args:
            pairs: one or several; the watched ones where absent. Of many, the largest differences.

        Raises:
            ResultsError: not both record a pair.
        """
        return plotted(self, pairs=pairs)

    def to_frame(self, pairs: Sequence[str] | None = None) -> pd.DataFrame:
        """Quantiles and moments of the paired differences, a row for each month and pair.

        Args:
            pairs: these; all where absent.

        Returns:
            ``month``, ``pair`` and the statistics of :meth:`summary`. What differs at one month,
            with intervals, is :meth:`effects`.

        Raises:
            ResultsError: not both record a pair.
        """
        wide = self.summary(pairs)["difference"].to_series().unstack("statistic").reset_index()
        wide["month"] = months_of(wide["time"].to_numpy())
        return wide[["month", "pair", *STATISTICS]].rename_axis(columns=None)

    @property
    def titles(self) -> tuple[str, str]:
        """The titles of base and other, told apart where they are the same; with the rules by
        which states decided, where these differ."""
        base, other = titles_with_rules(self.scenarios, (self.base.rules, self.other.rules))
        return base, other

    @property
    def scenarios(self) -> tuple[Scenario, Scenario]:
        """Base and other."""
        return self.base.scenario, self.other.scenario

    @property
    def until_clear(self) -> bool:
        """Whether a number of runs was chosen by looking at what they show."""
        return self.base.until_clear or self.other.until_clear

    @cached_property
    def act_alike(self) -> bool:
        """Whether the two differ in nothing that acts, so that no number of runs shows a
        difference."""
        same_rules = self.base.agent_class is self.other.agent_class
        return same_rules and act_alike(*self.scenarios)

    @property
    def watched(self) -> tuple[str, ...]:
        """The pairs that either scenario watches, of those that both record."""
        watched = (pair for scenario in self.scenarios for pair in scenario.watched_pairs)
        names = self.base.scenario.pair_names(watched)
        return tuple(name for name in dict.fromkeys(names) if name in self.pairs) or self.pairs

    def change(self, pair: str) -> xr.DataArray:
        """The paired differences of a pair, (run, time), in the single precision of the record.

        Args:
            pair: as in "PAK-RUS", in any order.

        Raises:
            ResultsError: not both record it.
        """
        base, other = self._levels(self.named(pair))
        difference = (other - base).rename("difference")
        return difference.assign_attrs(long_name=self.quantity)

    def summary(self, pairs: Sequence[str] | None = None) -> xr.Dataset:
        """Quantiles and moments of the paired differences over the runs.

        Args:
            pairs: these alone; all where absent.

        Returns:
            ``difference`` (statistic, time, pair). Statistics are ``mean``, ``sd``, ``p_higher``
            and ``p_lower`` (shares of runs strictly above and below the base) and the quantiles
            as ``q0.1`` and so on.

        Raises:
            ResultsError: not both record a pair.
        """
        chosen = self.pairs if pairs is None else [self.named(pair) for pair in pairs]
        base, other = self._levels(list(chosen))
        result = np.empty((len(STATISTICS), *base.shape[1:]), dtype=np.float32)
        for block in label_and_time_blocks(base, other):
            base_levels, other_levels = block.values
            change = other_levels - base_levels
            mean = change.mean(axis=0, dtype=np.float64)
            deviation = change.std(axis=0, dtype=np.float64)
            higher, lower = (change > SAME).mean(axis=0), (change < -SAME).mean(axis=0)
            statistics = [mean, deviation, higher, lower, *quantiles(change)]
            result[:, block.times, block.labels] = statistics
        difference = with_statistics(result, STATISTICS, base)
        return xr.Dataset({"difference": difference.assign_attrs(long_name=self.quantity)})

    def effect(self, pair: str, at: Month | str | None = None) -> Effect:
        """The difference that the other scenario makes to a pair at a month.

        Args:
            pair: as in "PAK-RUS", in any order.
            at: the month, as in "2025-06"; within a step it counts as its start. The end where
                absent.

        Raises:
            ResultsError: not both record the pair, or the month is not simulated.
        """
        base, other = self.levels_at(pair, at)
        difference = effect(base, other, repeated=self.until_clear)
        return replace(difference, runs_needed=math.nan) if self.act_alike else difference

    def levels_at(self, pair: str, at: Month | str | None = None) -> tuple[Values, Values]:
        """Levels of a pair in base and other, [runs] each, run by run on the same draws.

        Args, Raises:
            As for :meth:`effect`.
        """
        base, other = self._levels(self.named(pair), self._step(at))
        return base.values.astype(np.float64), other.values.astype(np.float64)

    def effects(
        self, at: Month | str | None = None, pairs: Sequence[str] | None = None
    ) -> pd.DataFrame:
        """The differences that the other scenario makes at a month, a row per pair.

        Args:
            at: as for :meth:`effect`.
            pairs: these; the watched ones where absent. ``comparison.pairs`` are all.

        Returns:
            ``pair``, ``month`` and the fields of :class:`relsim.analysis.effects.Effect`; estimates
            have three columns, as ``mean``, ``mean_low`` and ``mean_high``.

        Raises:
            ResultsError: not both record a pair, or the month is not simulated.
        """
        chosen = [self.named(pair) for pair in (self.watched if pairs is None else pairs)]
        return effects_table({pair: self.effect(pair, at) for pair in chosen}, self.month(at))

    def carriers(
        self,
        pair: str,
        at: Month | str | None = None,
        *,
        runs: int | None = None,
        executor: Executor | None = None,
    ) -> Carriers:
        """Which ties and issues of two states carry the difference.

        Each is held at 0 in both scenarios, read so at the opening, and the first runs are
        simulated again; the part of the difference that is then gone went by way of it.

        Args:
            pair: as in "PAK-RUS", in any order.
            at: as for :meth:`effect`.
            runs: how many of the paired runs; at most 64 where absent, and fewer where states
                are so many that those took longer than a few seconds.
            executor: where they are simulated; threads on all cores where absent.

        Raises:
            ResultsError: not both record the pair, or the month is not simulated.
        """
        pair = self.named(pair)
        if runs is None:
            runs = affordable_runs(self._compiled(), pair) or FEWEST_RUNS
        paired = on_shared_runs(self.base, self.other)[0].data.indexes["run"][:runs].tolist()
        month = self.month(at)
        return carriers(
            *(self._compiled(), pair, month),
            seed=self.base.seed,
            runs=paired,
            domain=self.domain,
            executor=executor,
        )

    def main_carriers(
        self, effects: Mapping[str, Effect], at: Month | str | None = None
    ) -> Carriers | None:
        """Which interests carry the difference of the first pair that differs, of those given by
        their effects; None where none does, or to simulate it again takes longer than seconds."""
        pair = first_that_differs(effects)
        if pair is None or not affordable_runs(self._compiled(), pair):
            return None
        return self.carriers(pair, at)

    def time_to(self, pair: str, threshold: float | None = None) -> Reaching:
        """When a pair gets past a level in each of the two, and how much later in the other.

        Args:
            pair: as in "PAK-RUS", in any order.
            threshold: the level; where absent, the first anchor of the coding scale above the
                level at which the base opens.

        Raises:
            ResultsError: not both record the pair at every step, or it opens above the last
                anchor.
        """
        pair = self.named(pair)
        self._refuse_lacking(slice(1, self.base.scenario.time.steps + 1))
        base, other = self._levels(pair)
        if threshold is None:
            opening = opening_level(base)
            threshold = next_anchor(opening)
            if threshold is None:
                text = f"{pair} opens at {opening:.2f}, above the last anchor of the scale."
                raise ResultsError(f"{text} Name a level.")
        return reaching(pair, base, other, threshold, self.base.scenario.time)

    @property
    def quantity(self) -> str:
        """What is compared, in words."""
        return f"{self.domain or 'overall'} cooperation"

    def named(self, pair: str) -> str:
        """The name of a pair that is given in any order.

        Raises:
            ResultsError: not both record it.
        """
        name = self.base.scenario.pair_name(pair)
        if name not in self.pairs:
            text = f"{pair} is not a pair that both scenarios record."
            hint = plain_hint(pair) or did_you_mean(name, self.pairs)
            raise ResultsError(f"{text} {hint}".strip())
        return name

    def month(self, at: Month | str | None = None) -> Month:
        """The month that is compared: the start of the step that ``at`` is in.

        Raises:
            ResultsError: it is no month, or not simulated.
        """
        time = self.base.scenario.time
        return time.start.plus(self._step(at) * time.months_per_step)

    def _compiled(self) -> tuple[Compiled, Compiled]:
        """Base and other, ready to be simulated again."""
        base, other = (
            compile_with(one.scenario, one.agent_class) for one in (self.base, self.other)
        )
        return base, other

    def _step(self, at: Month | str | None) -> int:
        step = step_of_month(self.base.scenario.time, at)
        self._refuse_lacking(slice(step, step + 1))
        return step

    def _refuse_lacking(self, steps: slice) -> None:
        for ensemble in (self.base, self.other):
            if lack := lacking_steps(ensemble, steps):
                raise ResultsError(f"{ensemble.scenario.title} {lack}.")

    def _levels(
        self, pairs: str | list[str], step: int | None = None
    ) -> tuple[xr.DataArray, xr.DataArray]:
        """The levels of both in the paired runs, not read yet: at a step, or at all times that
        both record."""
        both = np.intersect1d(recorded_steps(self.base), recorded_steps(self.other))
        steps = both if step is None else step
        base, other = (
            spelled_by(self.base.scenario, ensemble.levels(self.domain))
            .sel(pair=pairs)
            .isel(time=time_index(ensemble, steps))
            for ensemble in on_shared_runs(self.base, self.other)
        )
        return base, other


def compare(base: Ensemble, other: Ensemble, *, domain: str | None = None) -> Comparison:
    """Compares two scenarios on the same draws; differences are other minus base, run by run.

    Run r is the same draw in an ensemble of any size, so of different numbers of runs the first
    ones are paired.

    Args:
        base: what is compared with.
        other: what is compared; on the same seed, time span, step, domains and version.
        domain: compare cooperation in this domain, of the pairs that both keep by domain;
            overall cooperation of all pairs where absent, or ``overall``.

    Raises:
        ResultsError: they cannot be paired, or have no pair in common.
    """
    domain = None if domain == OVERALL else domain
    if reason := refusal(base, other, domain):
        raise ResultsError(reason)
    runs = on_shared_runs(base, other)[0].runs
    return Comparison(base, other, domain, runs, _shared_pairs(base, other, domain))


def refusal(base: Ensemble, other: Ensemble, domain: str | None = None) -> str:
    """Why two ensembles cannot be compared; empty where they can."""
    if reason := pairing_obstacle(base, other):
        return reason
    if domain is not None:
        for ensemble in (base, other):
            if lack := lacking_domain(ensemble, domain):
                return f"{ensemble.scenario.title} {lack}."
    if not _shared_pairs(base, other, domain):
        kept = "" if domain is None else " by domain; add one to `watch` of both"
        first, second = titles([base.scenario, other.scenario])
        return f"{first} and {second} have no pair in common{kept}."
    return ""


def _shared_pairs(base: Ensemble, other: Ensemble, domain: str | None) -> tuple[str, ...]:
    """The pairs that both ensembles record, as the base spells them."""
    first, second = (
        spelled_by(base.scenario, ensemble.levels(domain)).indexes["pair"]
        for ensemble in (base, other)
    )
    return tuple(str(pair) for pair in first if pair in second)
