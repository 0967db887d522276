"""The verdicts on claims as a table."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from relsim.analysis.claims import Verdict, VerdictWord

COLOURS: dict[VerdictWord, str] = {
    "supported": "green",
    "contradicted": "red",
    "not distinguishable": "yellow",
    "not judged": "dim",
}


def claims_table(claims: Sequence[Verdict]) -> Table:
    """Each claim: in how many runs it holds, what it asks for, how large the effect is."""
    table = Table(title="Claims, under the scenario's assumptions", title_justify="left")
    table.add_column("claim", justify="left", overflow="fold", min_width=20)
    for name in ("holds (95 %)", "asked", "median (80 %)"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("verdict", justify="left")
    for claim in claims:
        said = Text.assemble((claim.name, "bold"), f"\n{claim.says}")
        word = Text(claim.verdict, style=COLOURS[claim.verdict])
        table.add_row(said, _share(claim), f"{claim.required:.0%}", _effect(claim), word)
    return table


def _share(claim: Verdict) -> str:
    if claim.share is None or claim.low is None:
        return "–"
    return f"{claim.share:.1%}\n{100 * claim.low:.1f} to {claim.high:.1%}"


def _effect(claim: Verdict) -> str:
    if claim.effect is None:
        return "–"
    if claim.unit == "months":
        return f"{claim.effect:.0f} months\n{claim.effect_low:.0f} to {claim.effect_high:.0f}"
    return f"{claim.effect:+.3f}\n{claim.effect_low:+.3f} to {claim.effect_high:+.3f}"


def unjudged_lines(claims: Sequence[Verdict]) -> list[str]:
    """Why some claims were not judged."""
    return [f"{claim.name} is not judged: {claim.reason}" for claim in claims if claim.reason]
