"""What the parts of an account are called: by the names and labels of its scenario."""

from __future__ import annotations

from collections.abc import Sequence

from relsim.analysis.explain import Account
from relsim.ensemble.accounts import OVERALL
from relsim.scenario.naming import titles
from relsim.scenario.schema import Scenario
from relsim.scenario.writer import true_minus


def part_label(account: Account, part: str, direction: str | None = None, step: int = -1) -> str:
    """A part by the names of the scenario.

    Args:
        account: where it is a part.
        part: as on the axis of parts, ``third_party.USA``.
        direction: whose pull it is; where given, it is said what the state makes of a third party.
        step: whose weights say that; the last one where absent.
    """
    kind, _, name = part.partition(".")
    match kind:
        case "affinity":
            return "affinity"
        case "chance":
            return "chance"
        case "reciprocity":
            return "answering in kind"
        case "third_party" if direction is not None:
            return _third_party(account, name, direction, step)
        case "third_party":
            return f"by way of {state_name(account, name)}"
        case "issue":
            issue = next(one.issues[name] for one in scenarios_of(account) if name in one.issues)
            return f"agreement on {issue.label or name}"
        case _:
            return f"“{event_label(account, name)}”"


def _third_party(account: Account, third: str, direction: str, step: int) -> str:
    """What a state makes of a third party, by the sign of its weight; by that of the weight that
    it had where it has none any more."""
    actor = state_name(account, direction.split(">")[0])
    weight = account.data["interest"].isel(step=step).sel(direction=direction, state=third)
    now, change = (float(weight.sel(view=view, statistic="mean")) for view in ("level", "change"))
    telling = now or now - change
    other = with_article(state_name(account, third))
    if telling > 0:
        return f"{actor} takes its cue from {other}"
    if telling < 0:
        return f"{actor} mistrusts whom {other} befriends"
    return f"{possessive(actor)} tie to {other}"


def interest_label(interest: str, *scenarios: Scenario) -> str:
    """An interest by the names of the scenarios, as in "Pakistan's tie to India".

    Args:
        interest: as in "PAK.ties.IND" or "PAK.issues.kashmir".
        scenarios: where it stands; the first that knows a name gives it.
    """
    code, kind, name = interest.split(".")
    state = possessive(_named_in(scenarios, code))
    if kind == "ties":
        return f"{state} tie to {with_article(_named_in(scenarios, name))}"
    issue = next((one.issues[name] for one in scenarios if name in one.issues), None)
    return f"{state} interest in {(issue.label if issue else None) or name}"


def event_label(account: Account, name: str) -> str:
    """An event by its label."""
    event = next(one.events[name] for one in scenarios_of(account) if name in one.events)
    return event.label or name


def state_name(account: Account, code: str) -> str:
    """A state by its name."""
    return _named_in(scenarios_of(account), code)


def _named_in(scenarios: Sequence[Scenario], code: str) -> str:
    state = next(one.states[code] for one in scenarios if code in one.states)
    return state.name or code


def direction_title(account: Account, direction: str) -> str:
    """A direction by the names of its states."""
    return " towards ".join(state_name(account, code) for code in direction.split(">"))


def domain_name(account: Account, domain: str) -> str:
    """A domain by its label."""
    if domain == OVERALL:
        return "all domains"
    return account.scenario.domains[domain].label or domain


def baseline(account: Account) -> str:
    """What changes are measured from."""
    if account.against is None:
        return f"since the opening in {account.scenario.time.start}"
    return f"against “{_against(account)}”"


def _against(account: Account) -> str:
    return titles(scenarios_of(account))[-1]


def runs_in_words(account: Account) -> str:
    """Which runs the numbers are of."""
    if account.run is not None:
        return f"run {account.run}"
    return "one run" if account.runs == 1 else f"mean of {account.runs:,} runs"


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


def scenarios_of(account: Account) -> tuple[Scenario, ...]:
    """The scenario, and the one it is compared with."""
    return (account.scenario, *([account.against] if account.against else []))


def capital(text: str) -> str:
    """The text with a capital first letter."""
    return text[:1].upper() + text[1:]
