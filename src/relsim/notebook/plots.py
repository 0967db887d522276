"""The figure of each thing that shows itself: the same charts as on pages and in files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import singledispatch
from typing import Any

import xarray as xr

from relsim.analysis.account import Account
from relsim.analysis.claims import Verdicts
from relsim.analysis.compare import Comparison
from relsim.analysis.summary import event_table, summarise
from relsim.display import Displayed, Figure
from relsim.ensemble.accounts import OVERALL
from relsim.ensemble.simulate import Ensemble
from relsim.errors import ResultsError, did_you_mean
from relsim.figures.compare import difference_chart
from relsim.figures.hindcast import beside_charts, hindcast_charts
from relsim.figures.inline import drawn
from relsim.figures.result import MOST_STATES, fan_chart, opening_matrix, verdict_chart
from relsim.figures.save import unchecked
from relsim.figures.why import why_chart
from relsim.hindcast.beside import Beside
from relsim.hindcast.findings import Hindcast
from relsim.notebook.tables import table
from relsim.scenario.schema import Scenario
from relsim.words import capital

Pairs = str | Sequence[str] | None


def plot(subject: Displayed, **options: Any) -> Figure:
    """The figure of a subject, with the options of its own ``plot``.

    Raises:
        ResultsError: an option names what is not there, or there is nothing to draw.
    """
    with unchecked():
        return drawn(chart(subject, **options), subject.in_short())


@singledispatch
def chart(subject: Any, **options: Any) -> Any:
    """The chart of a subject, by its class."""
    raise TypeError(f"There is no figure of {type(subject).__name__}.")


@chart.register
def _(scenario: Scenario, most: int = MOST_STATES) -> Any:
    levels = table(scenario)
    overall = levels[levels["domain"] == OVERALL].set_index("pair")["level"]
    return opening_matrix(scenario, overall, most)


@chart.register
def _(ensemble: Ensemble, pairs: Pairs = None, domain: str | None = None) -> Any:
    scenario, levels = ensemble.scenario, ensemble.levels(domain)
    names = scenario.pair_names(scenario.watched_pairs)
    if pairs is not None:
        chosen = [pairs] if isinstance(pairs, str) else pairs
        names = [str(ensemble.level(pair, domain)["pair"].item()) for pair in chosen]
    kept = xr.Dataset({"overall": levels, "fired": ensemble.data["fired"]})
    shown = replace(ensemble, data=kept)
    label = "Overall" if domain is None else scenario.domains[domain].label or domain
    summary = summarise(shown, names)
    return fan_chart(scenario, summary, event_table(shown), names, f"{capital(label)} cooperation")


@chart.register
def _(comparison: Comparison, pairs: Pairs = None) -> Any:
    return difference_chart(comparison, [pairs] if isinstance(pairs, str) else pairs)


@chart.register
def _(
    account: Account,
    directions: Sequence[str] | None = None,
    domain: str = OVERALL,
    levels: bool = False,
) -> Any:
    chosen = None if directions is None else tuple(directions)
    return why_chart(account, directions=chosen, domain=domain, levels=levels)


@chart.register
def _(verdicts: Verdicts) -> Any:
    if all(verdict.share is None for verdict in verdicts):
        raise ResultsError("No claim was judged, so there is no figure of them.")
    return verdict_chart(verdicts.scenario, verdicts)


@chart.register
def _(hindcast: Hindcast, name: str | None = None) -> Any:
    return named(hindcast_charts(hindcast), name)


@chart.register
def _(beside: Beside, name: str | None = None) -> Any:
    return named(beside_charts(beside), name)


def named(charts: dict[str, Any], name: str | None) -> Any:
    """The chart of a name; the first, which is the main one, where none is given.

    Raises:
        ResultsError: there is none of that name.
    """
    name = next(iter(charts)) if name is None else name
    if name not in charts:
        text = f"There is no figure {name}. {did_you_mean(name, charts)}"
        raise ResultsError(text.rstrip())
    return charts[name]
