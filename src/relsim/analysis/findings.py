"""All findings on one ensemble, for its figures and page, and sentences about them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd
import xarray as xr

from relsim.analysis.account import Account
from relsim.analysis.claims import Verdict
from relsim.analysis.compare import Comparison, compare, refusal
from relsim.analysis.explain import explain_pairs, runs_to_explain
from relsim.analysis.interests import Carriers, Explained, explained
from relsim.analysis.summary import event_table
from relsim.ensemble.simulate import Ensemble
from relsim.scenario.schema import Parameters, Scenario
from relsim.scenario.shipped import ANCHORS, FIT, Fit
from relsim.words import counted, listed, percent, signed

ACCOUNT_PAIRS = 6  # watched pairs that get an account without being asked for
NEAR = 0.03  # of an anchor: a sixth of the usual distance between two
# Share of runs above the start from which a direction is named: odds of 9 to 1, and of 2 to 1.
CLEAR, LIKELY = 0.9, 2 / 3
VERDICTS = ("supported", "not distinguishable", "contradicted", "not judged")
# What sets the width of bands; those not fitted are part of how the fitted ones were found.
OF_BANDS = ("adaptability", "volatility", "drift", "domain_correlation")


@dataclass(frozen=True)
class Findings:
    """Everything that tables, figures and the page of an ensemble are made of.

    Attributes:
        ensemble: every run.
        summary: of :func:`relsim.analysis.summary.summarise`.
        events: of :func:`relsim.analysis.summary.event_table`.
        claims: the verdict on each claim.
        comparisons: by file, the comparison with each scenario that its claims name.
        carriers: by file, the interests that carry the difference of the first watched pair that
            differs; absent where none does.
        accounts: by pair, why the watched pairs move; of the first runs alone where all would take
            long (see :func:`relsim.analysis.explain.runs_to_explain`).
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
    comparisons = {
        file: compare(other, ensemble)
        for file, other in others.items()
        if not refusal(other, ensemble)  # claims say why
    }
    carriers = {}
    for file, comparison in comparisons.items():
        effects = {pair: comparison.effect(pair) for pair in comparison.watched}
        if main := comparison.main_carriers(effects):
            carriers[file] = main
    scenario = ensemble.scenario
    pairs = scenario.pair_names(scenario.watched_pairs)[:ACCOUNT_PAIRS]
    runs = runs_to_explain(ensemble, len(pairs))
    return Findings(
        ensemble,
        summary,
        event_table(ensemble),
        claims,
        comparisons,
        carriers,
        explain_pairs(ensemble, pairs, runs=runs, progress=False),
        explained(scenario),
    )


# Sentences on pairs and claims


def pair_sentences(scenario: Scenario, summary: xr.Dataset) -> list[str]:
    """A sentence on each watched pair: direction, levels and band of overall cooperation."""
    sentences = []
    for pair in scenario.pair_names(scenario.watched_pairs):
        levels = summary["overall"].sel(pair=pair)
        start = float(levels.sel(statistic="q0.5").isel(time=0))
        low, middle, high, up = (
            float(levels.sel(statistic=name).isel(time=-1))
            for name in ("q0.1", "q0.5", "q0.9", "p_up")
        )
        sentences.append(
            f"{pair_title(scenario, pair)} {direction(up)}: from {signed(start)} to a median of "
            f"{signed(middle)} in {scenario.time.end} ({anchor_words(middle)}). "
            f"80 % of runs end between {signed(low)} and {signed(high)}; {percent(up)} end "
            "higher than they began."
        )
    return sentences


def pair_title(scenario: Scenario, pair: str) -> str:
    """A pair by the names of its states, in the order in which the scenario spells it."""
    codes = scenario.pair_name(pair).split("-")
    return " – ".join(scenario.states[code].name or code for code in codes)


def direction(p_up: float) -> str:
    """A verb for the share of runs that end above their start."""
    if p_up >= CLEAR:
        return "rises"
    if p_up >= LIKELY:
        return "tends to rise"
    if p_up <= 1 - CLEAR:
        return "falls"
    return "tends to fall" if p_up <= 1 - LIKELY else "shows no clear direction"


def anchor_words(level: float) -> str:
    """A level of cooperation in the words of the anchors for coding."""
    for anchor, words in ANCHORS.items():
        if abs(level - anchor) <= NEAR:
            return f"about {words}"
    below = [words for anchor, words in ANCHORS.items() if anchor < level]
    above = [words for anchor, words in ANCHORS.items() if anchor > level]
    if not below:
        return f"below {above[0]}"
    return f"between {below[-1]} and {above[0]}" if above else f"above {below[-1]}"


def claims_sentence(claims: Sequence[Verdict]) -> str:
    """How many claims have which verdict; empty where there are none."""
    if not claims:
        return ""
    words = [claim.verdict for claim in claims]
    counts = [f"{words.count(word)} {word}" for word in VERDICTS if word in words]
    return f"{counted(len(claims), 'claim')} judged: {', '.join(counts)}."


# The sentence on bands


def own_numbers(scenario: Scenario) -> list[str]:
    """The parameters that set the width of bands and are not the defaults."""
    own, defaults = scenario.parameters, Parameters()
    return [name for name in OF_BANDS if getattr(own, name) != getattr(defaults, name)]


def coverage_sentence(scenario: Scenario, fit: Fit = FIT) -> str:
    """That bands of scenarios were never scored, which others were, and how those differ."""
    held = listed(percent(row.held) for row in fit.coverage)
    years = listed(str(row.years) for row in fit.coverage)
    forecasts = sum(row.values for row in fit.coverage)
    own = own_numbers(scenario)
    numbers = (
        f"This scenario has its own {listed(own)}, which are not fitted at all."
        if own
        else "The defaults of this scenario are from a later fit, to all years, and "
        "were not scored."
    )
    return (
        "How often the bands of this scenario hold what comes has not been measured. The nearest "
        f"there is: in a hindcast of yearly news of {fit.pairs} pairs of states (series "
        f"{fit.series}, {fit.first_year} to {fit.last_year}; {forecasts:,} forecasts) 80 % bands "
        f"held {held} of the values measured {years} years ahead. Those bands were made by this "
        "model with speed, volatility and drift fitted on the years before each forecast, under "
        "priors chosen with the series in view. They include the noise of a single year's news, "
        "the error of counting it, and the uncertainty of the fit at the opening, which bands of "
        "cooperation do not. They leave out reciprocity, mutuality, several domains, issues and "
        f"events, which bands of cooperation may include. {numbers}"
    )
