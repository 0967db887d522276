"""Verdicts as rows of a page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from relsim.analysis.claims import Verdict
from relsim.words import measured, percent, true_minus

LEAST_WIDTH = 1.0  # of a bar, so that a narrow interval can be seen


@dataclass(frozen=True)
class ClaimRow:
    """One verdict in words and, for its bar, in per cent of the bar's width."""

    scenario: str
    name: str
    says: str
    test: str
    verdict: str
    kind: str
    reason: str
    asked: str
    judged: bool
    share: str = ""
    interval: str = ""
    effect: str = ""
    band: str = ""
    left: float = 0.0
    width: float = 0.0
    mark: float = 0.0


def claim_rows(claims: Sequence[Verdict], scenario: str = "") -> list[ClaimRow]:
    """The rows of a table of claims."""
    return [_row(claim, scenario) for claim in claims]


def _row(claim: Verdict, scenario: str) -> ClaimRow:
    row = ClaimRow(
        scenario=scenario,
        name=claim.name,
        says=claim.says,
        test=true_minus(claim.test),
        verdict=claim.verdict,
        kind=claim.verdict.replace(" ", "-"),
        reason=claim.reason,
        asked=percent(claim.required),
        judged=False,
    )
    if claim.share is None or claim.low is None or claim.high is None:
        return row
    return replace(
        row,
        judged=True,
        share=percent(claim.share, 1),
        interval=f"{100 * claim.low:.1f} to {percent(claim.high, 1)}",
        effect=measured(claim.effect, claim.unit) + (" months" if claim.unit == "months" else ""),
        band=" to ".join(
            measured(edge, claim.unit) for edge in (claim.effect_low, claim.effect_high)
        ),
        left=round(100 * claim.low, 2),
        width=round(max(100 * (claim.high - claim.low), LEAST_WIDTH), 2),
        mark=round(100 * claim.required, 2),
    )
