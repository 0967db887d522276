"""Cards, which notebooks show: a line, findings in words, a short table and the main figure."""

from __future__ import annotations

import html
import math
from collections.abc import Mapping
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
NUMERIC = "+−–0123456789"  # how what is written as a number begins


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
    """Rows as a table, of the class that notebooks style; nothing where there are none."""
    if not rows:
        return ""
    sides = {
        name: "right" if all(row[name][:1] in NUMERIC for row in rows) else "left"
        for name in rows[0]
    }

    def line(cells: Mapping[str, str], tag: str) -> str:
        written = (
            f'<{tag} style="text-align: {sides[name]}">{html.escape(text)}</{tag}>'
            for name, text in cells.items()
        )
        return f"<tr>{''.join(written)}</tr>"

    head = line({name: name for name in rows[0]}, "th") if any(map(str.strip, rows[0])) else ""
    body = "".join(line(row, "td") for row in rows)
    table = (
        f'<table border="0" class="dataframe"><thead>{head}</thead><tbody>{body}</tbody></table>'
    )
    return f'<div style="overflow-x: auto">{table}</div>'
