"""The verdicts on claims as a table."""

from __future__ import annotations

from collections.abc import Sequence

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from relsim.analysis.claims import Verdict, VerdictWord
from relsim.words import measured

COLOURS: dict[VerdictWord, str] = {
    "supported": "green",
    "contradicted": "red",
    "not distinguishable": "yellow",
    "not judged": "dim",
}


def claims_table(claims: Sequence[tuple[str, Verdict]], *, scenarios: bool = False) -> Table:
    """Each claim: in how many runs it holds, what it asks for, how large the effect is.

    Args:
        claims: verdicts, each with the slug of its scenario.
        scenarios: whether to name those.
    """
    table = Table(
        title="Claims, under the scenario's assumptions", title_justify="left", box=SIMPLE_HEAD
    )
    table.add_column("claim", justify="left", overflow="fold")
    for name in ("holds, of asked", "median (80 %)"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("verdict", justify="left", min_width=len("distinguishable"))
    heading = None
    for scenario, claim in claims:
        if scenarios and scenario != heading:
            heading = scenario
            table.add_section()
            table.add_row(Text(scenario, style="bold underline"))
        said = Text.assemble((claim.name, "bold"), f"\n{claim.says}")
        word = Text(claim.verdict, style=COLOURS[claim.verdict])
        table.add_row(said, _share(claim), _effect(claim), word)
    return table


def _share(claim: Verdict) -> str:
    if claim.share is None or claim.low is None:
        return "–"
    return f"{claim.share:.1%} of {claim.required:.0%}\n{100 * claim.low:.1f} to {claim.high:.1%}"


def _effect(claim: Verdict) -> str:
    if claim.effect is None:
        return "–"
    middle, low, high = (
        measured(value, claim.unit) for value in (claim.effect, claim.effect_low, claim.effect_high)
    )
    return f"{middle}{' months' if claim.unit == 'months' else ''}\n{low} to {high}"


def undecided_line(claims: Sequence[Verdict]) -> str:
    """What to do about claims that the runs do not decide; empty where they decide all."""
    undecided = sum(claim.verdict == "not distinguishable" for claim in claims)
    if not undecided:
        return ""
    which = "1 claim is" if undecided == 1 else f"{undecided} claims are"
    return (
        f"{which} not decided by these runs. --until-clear adds runs, by bounds that allow for "
        "looking again; judging again and again as here decides wrongly too often."
    )


def unjudged_lines(claims: Sequence[Verdict]) -> list[str]:
    """Why some claims were not judged."""
    return [f"{claim.name} is not judged: {claim.reason}" for claim in claims if claim.reason]
