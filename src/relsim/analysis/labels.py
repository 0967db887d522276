"""Names of states, interests and numbers as they stand in sentences."""

from __future__ import annotations

from collections.abc import Sequence

from relsim.scenario.schema import Scenario
from relsim.scenario.text import true_minus


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


def signed(value: float, digits: int = 3) -> str:
    """A number with its sign, a true minus; what rounds to zero has a plus."""
    return true_minus(f"{round(value, digits) + 0.0:+.{digits}f}")


# Last words of names of states that take an article in a sentence.
_WITH_ARTICLE = {"Emirates", "Federation", "Kingdom", "Netherlands", "Philippines", "Republic"}
_WITH_ARTICLE |= {"States", "Union"}


def with_article(name: str) -> str:
    """The name of a state within a sentence, as in "the United States"."""
    return f"the {name}" if name.split()[-1] in _WITH_ARTICLE else name


def possessive(name: str) -> str:
    """The name with its 's."""
    return f"{name}'" if name.endswith("s") else f"{name}'s"


def capital(text: str) -> str:
    """The text with a capital first letter."""
    return text[:1].upper() + text[1:]
