"""Templates to pages: everything inside one file, every text escaped; their tables and claims."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from relsim import __version__
from relsim.analysis.claims import Verdict
from relsim.figures.save import definition
from relsim.words import measured, number, percent, true_minus

LEAST_PLAIN = 1e-6  # a number in a table; smaller ones have an exponent
LEAST_WIDTH = 1.0  # of the bar of a claim, so that a narrow interval can be seen


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("relsim.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_unbroken,
    )
    environment.filters.update(
        thousands="{:,}".format,
        json_text=lambda data: json.dumps(data, ensure_ascii=False, indent=2),
    )
    return environment


def _unbroken(value: Any) -> Any:
    """A text in which no line breaks between a number and its per cent sign."""
    plain = isinstance(value, str) and not isinstance(value, Markup)
    return re.sub(r"(?<=\d) %", "\u00a0%", value) if plain else value


def render(template: str, script: str, **content: Any) -> str:
    """A page of a template.

    Args:
        template: its name, as in ``result.html``.
        script: the scripts that show charts, from :meth:`relsim.figures.save.Painter.script`.
        content: what the template names. Charts go through :func:`chart_data`.
    """
    assets = {
        name: Markup(files("relsim.report").joinpath("templates", file).read_text(encoding="utf-8"))
        for name, file in (
            ("controls", "page.js"),
            ("sweep_controls", "sweep.js"),
            ("style", "page.css"),
        )
    }
    safe = Markup(script.replace("</script", "<\\/script"))  # nothing in it ends its element
    page = _environment().get_template(template)
    return page.render(script=safe, version=__version__, **assets, **content)


def chart_data(chart: Any) -> dict[str, Any]:
    """A chart as data for the ``tojson`` filter of a template."""
    return definition(chart)


@dataclass(frozen=True)
class Table:
    """A table of a page: texts throughout, of several lines where they have line breaks.

    Attributes:
        title: what it holds.
        caption: how to read it.
        head: a word for each column.
        rows: as many texts in each.
        open: whether the page shows it unasked.
    """

    title: str
    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    open: bool = False


def frame_table(title: str, caption: str, frame: pd.DataFrame, most: int) -> Table:
    """The first rows of a data frame, ``most`` of them, numbers to four digits."""
    rows = tuple(
        tuple(_cell(cell) for cell in row) for row in frame.head(most).itertuples(index=False)
    )
    return Table(title, caption, tuple(str(column) for column in frame.columns), rows)


def _cell(cell: Any) -> str:
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, float):
        plain = cell == 0 or abs(cell) >= LEAST_PLAIN
        return "" if cell != cell else number(cell, 4) if plain else true_minus(f"{cell:.1e}")
    return cell if isinstance(cell, str) else true_minus(str(cell))


def claim_rows(claims: Sequence[Verdict], scenario: str = "") -> list[dict[str, Any]]:
    """Verdicts in words and, for their bars, in per cent of the bar's width."""
    return [_claim_row(claim) | {"scenario": scenario} for claim in claims]


def _claim_row(claim: Verdict) -> dict[str, Any]:
    row = {
        "name": claim.name,
        "says": claim.says,
        "test": true_minus(claim.test),
        "verdict": claim.verdict,
        "kind": claim.verdict.replace(" ", "-"),
        "reason": claim.reason,
        "asked": percent(claim.required),
        "judged": False,
        "others": None,
    }
    if claim.share is None or claim.low is None or claim.high is None:
        return row
    ends = [measured(end, claim.unit) for end in (claim.effect_low, claim.effect_high)]
    return row | {
        "judged": True,
        "share": percent(claim.share, 1),
        "interval": f"{100 * claim.low:.1f} to {percent(claim.high, 1)}",
        "effect": measured(claim.effect, claim.unit) + " months" * (claim.unit == "months"),
        "band": " to ".join(ends),
        "left": round(100 * claim.low, 2),
        "width": round(max(100 * (claim.high - claim.low), LEAST_WIDTH), 2),
        "mark": round(100 * claim.required, 2),
    }
