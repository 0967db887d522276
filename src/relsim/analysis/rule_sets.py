"""Structural uncertainty: one scenario under several rules by which states decide.

All rule sets have the same draws, so that what differs between them is the work of the rules alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from functools import reduce
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from relsim.analysis.compare import Comparison, compare
from relsim.ensemble.agents import compile_with
from relsim.ensemble.executors import suited
from relsim.ensemble.record import RecordLevel
from relsim.ensemble.simulate import Ensemble, simulate
from relsim.errors import RelsimError, ResultsError, did_you_mean
from relsim.progress import Progress
from relsim.scenario.schema import Scenario
from relsim.scenario.values import Month
from relsim.stats import QUANTILE_NAMES, quantiles, share_between

if TYPE_CHECKING:
    from relsim.model.mesa_model import StateAgent  # Mesa is loaded by what needs agents

COLUMNS = (
    "pair",
    "rules",
    "month",
    "runs",
    "median",
    "low",
    "high",
    "difference",
    "difference_low",
    "difference_high",
    "verdict",
    "between",
)


@dataclass(frozen=True)
class RuleSets:
    """One scenario under several rule sets, run by run on the same draws.

    Made by :func:`simulate_rule_sets`.

    Attributes:
        ensembles: by the name of the rule set; the others are compared with the first.
    """

    ensembles: Mapping[str, Ensemble]

    @property
    def names(self) -> tuple[str, ...]:
        """The rule sets, the one compared with first."""
        return tuple(self.ensembles)

    def comparison(self, name: str, *, domain: str | None = None) -> Comparison:
        """A rule set compared with the first, as by :func:`relsim.compare`.

        Args:
            name: of the rule set.
            domain: compare cooperation in this domain; overall cooperation where absent.

        Raises:
            ResultsError: there is no such rule set, or the domain is not recorded.
        """
        if name not in self.ensembles:
            hint = did_you_mean(name, self.names)
            raise ResultsError(f"There is no rule set '{name}'. {hint}".rstrip())
        return compare(self.ensembles[self.names[0]], self.ensembles[name], domain=domain)

    def table(
        self,
        at: Month | str | None = None,
        *,
        domain: str | None = None,
        pairs: Sequence[str] | None = None,
    ) -> pd.DataFrame:
        """What each rule set makes of each pair at a month, a row for each.

        Args:
            at: the month, as in "2025-06"; within a step it counts as its start. The end where
                absent.
            domain: of cooperation; overall where absent.
            pairs: these; the watched ones where absent.

        Returns:
            ``pair``, ``rules``, ``month``, ``runs`` (those that failed under no rule set);
            ``median``, and 80 % of the runs between ``low`` and ``high``; the mean ``difference``
            from the first rule set, run by run, with its 95 % interval (``difference_low``,
            ``difference_high``) and ``verdict``, as by :meth:`relsim.Comparison.effect`; and
            ``between``, the same for all rows of a pair: how much of the pooled variance of all
            runs lies between the rule sets (:func:`relsim.stats.share_between`). Near 0, which
            rules are right matters little beside chance and uncertain numbers; near 1, they decide
            the level.

        Raises:
            ResultsError: a pair, the domain or the month is not recorded.
        """
        shared = RuleSets(self._on_shared_runs())
        comparisons = {name: shared.comparison(name, domain=domain) for name in shared.names}
        first = comparisons[shared.names[0]]
        chosen = first.watched if pairs is None else [first.named(pair) for pair in pairs]
        rows = [row for pair in chosen for row in _rows(comparisons, pair, at)]
        return pd.DataFrame(rows, columns=list(COLUMNS))

    def _on_shared_runs(self) -> dict[str, Ensemble]:
        """Every ensemble with only the runs that all have: a rule may fail in some."""
        every = [ensemble.data.indexes["run"] for ensemble in self.ensembles.values()]
        shared = reduce(lambda first, second: first.intersection(second), every)
        return {
            name: replace(ensemble, data=ensemble.data.sel(run=shared))
            for name, ensemble in self.ensembles.items()
        }


def simulate_rule_sets(
    scenario: Scenario,
    rules: Mapping[str, type[StateAgent] | None],
    *,
    runs: int | None = None,
    seed: int | None = None,
    record: RecordLevel = "domains",
    executor: Executor | None = None,
    progress: Progress | bool = True,
) -> RuleSets:
    """Simulates a scenario under several rules by which states decide.

    Args:
        scenario: what to simulate.
        rules: by a name for people, a subclass of :class:`relsim.StateAgent`; others are compared
            with the first. ``StateAgent`` itself, or None, is the standard rule, which the compiled
            kernel simulates: the numbers are the same, a hundred times sooner.
        runs, seed, record, executor: as for :func:`relsim.simulate`, alike for all.
        progress: called as runs finish, of which each rule set has ``runs``; else as for
            :func:`relsim.simulate`.

    Raises:
        RelsimError: there are fewer than two rule sets, or one is no class of agents.
        ResultsError: every run of a rule set failed from the start.
    """
    if len(rules) < 2:
        raise RelsimError("Rule sets are two or more; the others are compared with the first.")
    from relsim.model.mesa_model import StateAgent

    classes = {name: None if kind is StateAgent else kind for name, kind in rules.items()}
    programs = [compile_with(scenario, kind) for kind in classes.values()]
    with suited(executor, *programs) as pool:  # one pool for all
        ensembles = {
            name: simulate(
                scenario,
                runs=runs,
                seed=seed,
                record=record,
                agent_class=kind,
                executor=pool,
                progress=progress,
            )
            for name, kind in classes.items()
        }
    return RuleSets(ensembles)


def _rows(
    comparisons: Mapping[str, Comparison], pair: str, at: Month | str | None
) -> Iterator[tuple[Any, ...]]:
    """A row for each rule set, of one pair, in the order of ``COLUMNS``."""
    first = next(iter(comparisons))
    levels = {name: found.levels_at(pair, at)[1] for name, found in comparisons.items()}
    between = share_between(np.stack(list(levels.values())))
    for name, comparison in comparisons.items():
        ranked = dict(zip(QUANTILE_NAMES, quantiles(levels[name]), strict=True))
        band = (float(ranked[quantile]) for quantile in ("q0.5", "q0.1", "q0.9"))
        effect = comparison.effect(pair, at)
        difference = (np.nan,) * 3 if name == first else effect.mean
        verdict = "" if name == first else effect.verdict
        month = str(comparison.month(at))
        yield (pair, name, month, effect.runs, *band, *difference, verdict, between)
