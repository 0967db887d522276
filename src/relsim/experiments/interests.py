"""How an experiment takes the interests that it varies: as changed, or as read differently."""

from __future__ import annotations

from collections.abc import Iterable

from relsim.experiments.overlaps import full_steps
from relsim.experiments.parameters import Parameter
from relsim.experiments.study import Setup
from relsim.scenario.interests import changed_interests
from relsim.scenario.schema import Scenario
from relsim.scenario.tree import Mapping


def interest_of(path: str, scenario: Mapping) -> str:
    """The interest that a path leads to, as in ``PAK.ties.USA``; empty for any other number.

    Args:
        path: as changes take it, in any spelling.
        scenario: the tree that it leads into.
    """
    match full_steps(scenario, path):
        case ("states", state, "ties", other, "weight"):
            return f"{state}.ties.{other}"
        case ("states", state, "issues", issue, "stance" | "salience" as number):
            return f"{state}.issues.{issue}.{number}"
        case ("states", state, "capacity", domain):
            return f"{state}.capacity.{domain}"
    return ""


def interests_in_words(
    experiment: Setup, parameters: Iterable[Parameter], scenario: Scenario
) -> str:
    """How an experiment took interests, in a sentence; empty where it varies and sets none.

    Args:
        experiment: what its file says.
        parameters: what is varied.
        scenario: what is simulated.
    """
    several = tuple(parameters)
    paths = [one.path for one in several if one.interest == "changed"]
    for switch in experiment.switches.values():
        paths += [*switch.off, *switch.on]
    now_changed = {change.path for change in changed_interests(scenario)}
    fixed = {interest_of(path, scenario._tree) for path in experiment.set} & now_changed
    varied = {interest_of(path, scenario._tree) for path in paths} - {""}
    changed = len(fixed | varied)
    read = sum(one.interest == "reading" for one in several)
    parts = []
    if changed:
        parts.append(
            f"{_counted(changed)} changed: the opening is read with the scenario's own values"
        )
    if read:
        parts.append(
            f"{_counted(read, alone=not changed)} read differently at each point, so that the "
            "opening is at rest with what the point says"
        )
    return f"{'; '.join(parts)}." if parts else ""


def _counted(count: int, *, alone: bool = True) -> str:
    noun = f" interest{'' if count == 1 else 's'}" if alone else ""
    return f"{count}{noun} {'is' if count == 1 else 'are'}"
