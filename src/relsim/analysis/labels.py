"""Names of states, interests and numbers as they stand in sentences."""

from __future__ import annotations

from collections.abc import Sequence

from relsim.scenario.schema import Scenario
from relsim.words import possessive, with_article


def interest_label(interest: str, *scenarios: Scenario) -> str:
    """An interest by the names of the scenarios, as in "Pakistan's tie to India".

    Args:
        interest: as in "PAK.ties.IND" or "PAK.issues.kashmir".
        scenarios: where it stands; the first that knows a name gives it.
    """
    code, kind, name = interest.split(".")
    state = possessive(state_name(code, scenarios))
    if kind == "ties":
        return f"{state} tie to {with_article(state_name(name, scenarios))}"
    issue = next((one.issues[name] for one in scenarios if name in one.issues), None)
    return f"{state} interest in {(issue.label if issue else None) or name}"


def state_name(code: str, scenarios: Sequence[Scenario]) -> str:
    """A state by its name, in the first of some scenarios that knows it."""
    state = next(one.states[code] for one in scenarios if code in one.states)
    return state.name or code
