"""Warnings: what is legal, but more likely a slip than a wish."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path as FilePath

from relsim.errors import Problem, did_you_mean
from relsim.scenario.reader import is_file, yaml_files
from relsim.scenario.references import TieRef
from relsim.scenario.schema import AddToNumber, Event, Pulse, Scenario, SetNumber, Shift
from relsim.scenario.tree import Mapping, Path, locate
from relsim.scenario.values import central

SUSPICIOUS_WEIGHT = 2.0  # twice the weight of a dominant interest
SUSPICIOUS_SIZE = 1.0  # three times the strongest act on the Goldstein scale
EXTREME_LEVEL = 0.95  # above this nothing but an enormous pull moves a tie


def suspicions(scenario: Scenario, tree: Mapping, folder: FilePath | None) -> Iterator[Problem]:
    """Every warning about a scenario that has no problems.

    Files that claims compare with are looked for in ``folder``.
    """
    yield from _heavy_interests(scenario, tree)
    yield from _extreme_ties(scenario, tree)
    yield from _lonely_states(scenario, tree)
    yield from _one_sided_issues(scenario, tree)
    for name, event in scenario.events.items():
        yield from _event(scenario, tree, ("events", name), event)
    if folder is not None:
        yield from _missing_comparisons(scenario, tree, folder)


def _warning(tree: Mapping, path: Path, code: str, text: str, hint: str = "") -> Problem:
    return Problem(locate(tree, path, key=len(path) < 3), code, text, hint)


def _heavy_interests(scenario: Scenario, tree: Mapping) -> Iterator[Problem]:
    for code, state in scenario.states.items():
        for other, interest in state.ties.items():
            weight = central(interest.weight)
            if weight > SUSPICIOUS_WEIGHT:
                path = ("states", code, "ties", other, "weight")
                text = f"{code}'s interest in {other} weighs {weight:g}; a dominant one weighs 1."
                yield _warning(tree, path, "heavy-interest", text)
        for issue, stand in state.issues.items():
            salience = central(stand.salience)
            if salience > SUSPICIOUS_WEIGHT:
                path = ("states", code, "issues", issue, "salience")
                text = f"{code}'s salience of {issue} is {salience:g}; a dominant one is 1."
                yield _warning(tree, path, "heavy-interest", text)


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
        for effect in event.effects:
            if isinstance(effect, Pulse):
                touched |= set(effect.pulse.pair)
            elif isinstance(effect, Shift):
                touched |= set(effect.shift.pair)
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
        yield from _effect(tree, (*path, "effects", index), effect)


def _effect(
    tree: Mapping, path: Path, effect: Pulse | Shift | SetNumber | AddToNumber
) -> Iterator[Problem]:
    if isinstance(effect, (Pulse, Shift)) and effect.size is not None:
        size = central(effect.size)
        if abs(size) > SUSPICIOUS_SIZE:
            text = f"A push of {size:g} pull units; the strongest act on the scale gives 0.3."
            yield _warning(tree, (*path, "size"), "large-push", text)
