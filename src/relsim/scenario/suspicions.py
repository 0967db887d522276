"""Warnings: what is legal, but more likely a slip than a wish."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path as FilePath

from relsim.errors import Problem, did_you_mean
from relsim.scenario.reader import is_file, yaml_files
from relsim.scenario.references import TieRef
from relsim.scenario.schema import Event, Scenario
from relsim.scenario.tree import Mapping, Path, locate
from relsim.scenario.values import central

ATTENTION = 1.5  # sizes of a state's ties; the gains were estimated for a sum near 1
HOSTILE = -0.2  # below this level two states are at odds: two thirds of the way to sanctions
EXTREME_LEVEL = 0.95  # above this nothing but an enormous pull moves a tie


def suspicions(scenario: Scenario, tree: Mapping, folder: FilePath | None) -> Iterator[Problem]:
    """Every warning about a scenario that has no problems.

    Files that claims compare with are looked for in ``folder``.
    """
    yield from _too_many_interests(scenario, tree)
    yield from _cues_from_rivals(scenario, tree)
    yield from _extreme_ties(scenario, tree)
    yield from _lonely_states(scenario, tree)
    yield from _one_sided_issues(scenario, tree)
    for name, event in scenario.events.items():
        yield from _event(scenario, tree, ("events", name), event)
    if folder is not None:
        yield from _missing_comparisons(scenario, tree, folder)


def _warning(tree: Mapping, path: Path, code: str, text: str, hint: str = "") -> Problem:
    return Problem(locate(tree, path, key=len(path) < 3), code, text, hint)


def _too_many_interests(scenario: Scenario, tree: Mapping) -> Iterator[Problem]:
    for code, state in scenario.states.items():
        total = sum(abs(central(tie.weight)) for tie in state.ties.values())
        if total > ATTENTION:
            text = f"The sizes of {code}'s ties add up to {total:.2g}; attention is finite."
            hint = "Let them add up to about 1, for which the strength of ties was estimated."
            yield _warning(tree, ("states", code, "ties"), "heavy-interest", text, hint)
        for issue, stand in state.issues.items():
            salience = central(stand.salience)
            if salience > 1.0:
                path = ("states", code, "issues", issue, "salience")
                text = f"{code}'s salience of {issue} is {salience:g}; it is a share of attention."
                yield _warning(tree, path, "heavy-interest", text)


def _cues_from_rivals(scenario: Scenario, tree: Mapping) -> Iterator[Problem]:
    """Positive ties to states with which the opening is hostile: likely a sign that is missing."""
    for code, state in scenario.states.items():
        for other, tie in state.ties.items():
            weight, level = central(tie.weight), _opening_level(scenario, code, other)
            if weight > 0.0 and level < HOSTILE:
                text = f"{code}.ties.{other} is {weight:g}, so {code} takes its cue from {other}, "
                text += f"but the two open at {level:.2g}."
                hint = f"If {code} mistrusts whom {other} befriends, write {-weight:g}."
                path = ("states", code, "ties", other)
                yield _warning(tree, path, "cue-from-rival", text, hint)


def _opening_level(scenario: Scenario, first: str, second: str) -> float:
    """The mean of the two opening postures of a pair, over domains by weight."""
    weights = {name: central(domain.weight) for name, domain in scenario.domains.items()}
    sides = {(first, second): 0.0, (second, first): 0.0}
    for tie in sorted(scenario.ties, key=lambda tie: tie.one_sided):
        for direction in tie.directions:
            if direction in sides:
                levels = scenario.ties[tie]
                sides[direction] = sum(
                    weight * central(levels.get(name, levels.get("overall", 0.0)))
                    for name, weight in weights.items()
                )
    return sum(sides.values()) / 2 / sum(weights.values())


def _extreme_ties(scenario: Scenario, tree: Mapping) -> Iterator[Problem]:
    for tie, levels in scenario.ties.items():
        for key, level in levels.items():
            path = ("ties", str(tie), key)
            share = _share_of_ceiling(scenario, tie, key, central(level))
            if abs(central(level)) > EXTREME_LEVEL:
                text = f"{tie} opens at {central(level):g}; hardly anything moves it there."
                yield _warning(tree, path, "extreme-tie", text)
            elif share > EXTREME_LEVEL:
                text = f"{tie} opens at {share:.0%} of what its states can afford in {key}."
                hint = "Hardly anything moves it there: raise the capacity or lower the tie."
                yield _warning(tree, path, "extreme-tie", text, hint)


def _share_of_ceiling(scenario: Scenario, tie: TieRef, key: str, level: float) -> float:
    named = set(scenario.ties[tie])
    domains = [key] if key != "overall" else [d for d in scenario.domains if d not in named]
    ceilings = [
        central(scenario.states[code].capacity.get(domain, 1.0))
        for code in (tie.first, tie.second)
        for domain in domains
    ]
    return level / min(ceilings) if ceilings and min(ceilings) > 0 else 0.0


def _lonely_states(scenario: Scenario, tree: Mapping) -> Iterator[Problem]:
    touched = {code for tie in scenario.ties for code in tie.pair}
    for code, state in scenario.states.items():
        if state.ties or state.issues:
            touched |= {code, *state.ties}
    for event in scenario.events.values():
        touched |= {code for effect in event.effects for tie in effect.ties for code in tie.pair}
    for code in scenario.states:
        if code not in touched:
            text = f"Nobody interacts with {code}: no tie, interest, issue or event names it."
            yield _warning(tree, ("states", code), "lonely-state", text)


def _one_sided_issues(scenario: Scenario, tree: Mapping) -> Iterator[Problem]:
    for issue in scenario.issues:
        holders = [
            code
            for code, state in scenario.states.items()
            if issue in state.issues and central(state.issues[issue].stance) != 0
        ]
        if len(holders) < 2:
            who = f"Only {holders[0]} takes" if holders else "Nobody takes"
            text = f"{who} a side on {issue}, so it moves nothing."
            yield _warning(tree, ("issues", issue), "idle-issue", text)


def _missing_comparisons(scenario: Scenario, tree: Mapping, folder: FilePath) -> Iterator[Problem]:
    for name, claim in scenario.claims.items():
        other = claim.expect.against
        if other is not None and not is_file(folder / other):
            near = yaml_files(folder)
            text = f"There is no file {other} here to compare with, so {name} cannot be judged."
            path = ("claims", name, "expect", "against")
            yield _warning(tree, path, "missing-comparison", text, did_you_mean(other, near))


def _event(scenario: Scenario, tree: Mapping, path: Path, event: Event) -> Iterator[Problem]:
    time = scenario.time
    for index, month in enumerate(event.at or ()):
        if not time.start <= month < time.end:
            where = "after the end" if month >= time.end else "before the start"
            text = f"{path[1]} at {month} lies {where} of the simulation, so it never happens."
            hint = f"It runs from {time.start} up to {time.end}."
            place: Path = (*path, "at", index)
            if locate(tree, place) == locate(tree, (*path, "at")):
                place = (*path, "at")
            yield _warning(tree, place, "event-outside-time", text, hint)
    if event.from_ is not None and event.from_ >= time.end:
        text = f"{path[1]} starts at {event.from_}, after the end, so it never happens."
        yield _warning(tree, (*path, "from"), "event-outside-time", text)
    if event.until is not None and event.until < time.start:
        text = f"{path[1]} is over by {event.until}, before the start, so it never happens."
        yield _warning(tree, (*path, "until"), "event-outside-time", text)
    if not event.effects:
        text = f"{path[1]} has no effects, so it changes nothing."
        yield _warning(tree, path, "idle-event", text)
    for index, effect in enumerate(event.effects):
        for key, code, text, hint in effect.suspicions():
            yield _warning(tree, (*path, "effects", index, key), code, text, hint)
