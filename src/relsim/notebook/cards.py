"""Cards, which notebooks show: a line, findings in words, a short table and the main figure."""

from __future__ import annotations

import html
import math
from dataclasses import replace

from relsim.analysis.account import Account
from relsim.analysis.compare import Comparison
from relsim.display import Displayed, Figure
from relsim.ensemble.simulate import Ensemble
from relsim.errors import RelsimError
from relsim.notebook.tables import Rows, short_table
from relsim.results.experiment import ExperimentResult
from relsim.results.hindcast import HindcastResult
from relsim.results.result import Result
from relsim.scenario.schema import Scenario, Time

# What keeps a card under 150 kB and legible; `plot` draws more.
MOST_PANELS, MOST_POINTS = 3, 400  # pairs, and points of a line over all of them
MOST_STEPS = 120  # of an account, with a dozen areas in each of two panels
MOST_STATES = 16
MOST_SENTENCES = 4


def card(subject: Displayed) -> str:
    """What a notebook shows of a subject, as HTML that needs no network.

    Colours of text are those of the notebook, light or dark; a figure has its own background.
    Nothing is simulated for it. Where the figure cannot be drawn, a sentence says why.
    """
    kind = type(subject).__name__
    parts = [f"<div><b>{kind}</b> {html.escape(subject.in_short())}</div>"]
    if isinstance(subject, (ExperimentResult, HindcastResult)):
        parts += [f"<div>{html.escape(text)}</div>" for text in subject.sentences[:MOST_SENTENCES]]
    parts.append(html_table(short_table(subject)))
    try:
        parts.append(card_figure(subject)._repr_html_())
    except RelsimError as error:
        parts.append(f"<div><i>{html.escape(str(error))}</i></div>")
    return "\n".join(part for part in parts if part)


def card_figure(subject: Displayed) -> Figure:
    """The main figure, with as much as a card has room for."""
    match subject:
        case Scenario():
            return subject.plot(MOST_STATES)
        case Ensemble() | Result():
            scenario = subject.scenario
            pairs = scenario.pair_names(scenario.watched_pairs)
            return subject.plot(pairs[: panels(scenario.time)])
        case Comparison():
            return subject.plot(subject.watched[: panels(subject.base.scenario.time)])
        case Account():
            every = math.ceil(subject.scenario.time.steps / MOST_STEPS)
            return replace(subject, data=subject.data.isel(step=slice(None, None, every))).plot()
    return subject.plot()


def panels(time: Time) -> int:
    """How many pairs a card has room for."""
    return min(max(MOST_POINTS // time.steps, 1), MOST_PANELS)


def html_table(rows: Rows) -> str:
    """Rows as a table; nothing where there are none. Notebooks style the class of pandas' tables."""
    if not rows:
        return ""
    head = "".join(f"<th>{html.escape(name)}</th>" for name in rows[0])
    body = "".join(
        f"<tr>{''.join(f'<td>{html.escape(text)}</td>' for text in row.values())}</tr>"
        for row in rows
    )
    return (
        f'<table border="0" class="dataframe"><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table>"
    )
