"""All that is said of one ensemble: what its tables, figures and page are made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd
import xarray as xr

from relsim.analysis.account import Account
from relsim.analysis.carriers import Carriers
from relsim.analysis.claims import Verdict
from relsim.analysis.compare import Comparison, compare, refusal
from relsim.analysis.explain import explain
from relsim.analysis.explained import Explained, explained
from relsim.analysis.summary import event_table
from relsim.ensemble.simulate import Ensemble
from relsim.scenario.schema import Scenario

ACCOUNT_PAIRS = 6  # watched pairs whose pulls are accounted for unasked
ACCOUNT_RUNS = 100  # of the first runs: means of parts to a tenth of their spread


@dataclass(frozen=True)
class Findings:
    """What an ensemble says.

    Attributes:
        ensemble: every run.
        summary: of :func:`relsim.analysis.summary.summarise`.
        events: of :func:`relsim.analysis.summary.event_table`.
        claims: the verdict on each claim.
        comparisons: by file, it less what its claims compare with.
        carriers: by file, the interests that carry the difference of the first watched pair that
            differs; absent where none does.
        accounts: by pair, why the watched pairs move; of the first runs alone.
        explained: how much of the opening levels interests explain.
    """

    ensemble: Ensemble
    summary: xr.Dataset
    events: pd.DataFrame
    claims: tuple[Verdict, ...]
    comparisons: Mapping[str, Comparison]
    carriers: Mapping[str, Carriers]
    accounts: Mapping[str, Account]
    explained: Explained

    @property
    def scenario(self) -> Scenario:
        """What was simulated."""
        return self.ensemble.scenario

    @property
    def all_pairs(self) -> bool:
        """Whether overall cooperation of every pair is recorded."""
        states = len(self.scenario.states)
        return self.summary.sizes["pair"] == states * (states - 1) // 2


def find(
    ensemble: Ensemble,
    summary: xr.Dataset,
    claims: tuple[Verdict, ...],
    others: Mapping[str, Ensemble],
) -> Findings:
    """Compares and explains an ensemble that is summarised and judged.

    Args:
        ensemble: every run.
        summary: of :func:`relsim.analysis.summary.summarise`.
        claims: the verdict on each claim.
        others: by file, the ensembles that its claims compare with.
    """
    comparisons = _comparisons(ensemble, others)
    return Findings(
        ensemble,
        summary,
        event_table(ensemble),
        claims,
        comparisons,
        _carriers(comparisons),
        _accounts(ensemble),
        explained(ensemble.scenario),
    )


def _comparisons(ensemble: Ensemble, others: Mapping[str, Ensemble]) -> dict[str, Comparison]:
    """It less each of those that can be compared with it; claims say why others cannot."""
    found = {}
    for file, other in others.items():
        if not refusal(other, ensemble):
            found[file] = compare(other, ensemble)
    return found


def _carriers(comparisons: Mapping[str, Comparison]) -> dict[str, Carriers]:
    found = {}
    for file, comparison in comparisons.items():
        effects = {pair: comparison.effect(pair) for pair in comparison.watched}
        if carried := comparison.main_carriers(effects):
            found[file] = carried
    return found


def _accounts(ensemble: Ensemble) -> dict[str, Account]:
    pairs = ensemble.scenario.pair_names(ensemble.scenario.watched_pairs)[:ACCOUNT_PAIRS]
    runs = min(ensemble.asked, ACCOUNT_RUNS)
    return {pair: explain(ensemble, pair, runs=runs) for pair in pairs}
