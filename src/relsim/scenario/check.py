"""Problems between the parts of a scenario, and warnings of what is likely a slip."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from pydantic_core import PydanticCustomError

from relsim.errors import Problem, did_you_mean, with_article
from relsim.scenario.names import CAPACITY, CODE, COOPERATION, NumberRef, TieRef
from relsim.scenario.schema import (
    DEFAULT_DOMAINS,
    SECTIONS,
    Event,
    Expectation,
    Scenario,
    Time,
)
from relsim.scenario.shapes import (
    AnyPart,
    Reference,
    Shape,
    fields_of,
    is_uncertain,
    sound_part,
    walk,
)
from relsim.scenario.text import is_file, yaml_files
from relsim.scenario.tree import (
    Items,
    Mapping,
    Node,
    Scalar,
    TreePath,
    child,
    entries_of,
    locate,
)
from relsim.scenario.values import Bounds, Month, central, look_alike

_NAMED = ("domains", "context", "issues", "states", "events", "claims")
_SECTIONS = {
    "state": "states",
    "issue": "issues",
    "domain": "domains",
    "event": "events",
    "context": "context",
}
_UNKNOWN = {f"unknown-{kind}" for kind in _SECTIONS}
_LISTED = 5  # lines that are named where an unknown name stands on many
_RESERVED_STATES = frozenset(SECTIONS) | {"extends"}


def contradictions(tree: Mapping) -> list[Problem]:
    """Problems between the parts of a tree, whether or not it could be typed.

    A name that is not known is told once for each file, with how often it stands there.
    """
    names = section_names(tree)
    references = [item for item in walk(tree) if isinstance(item, Reference)]
    problems = [
        *_bad_names(tree, names),
        *(problem for name in references for problem in _unknown_names(name, tree, names)),
        *(problem for name in references for problem in _misused_reference(name, tree)),
        *_self_ties(tree),
        *_repeated_ties(tree),
        *_above_capacity(tree, names),
        *_outside_time(tree),
    ]
    return _once_each(problems)


def _bad_names(tree: Mapping, names: dict[str, set[str]]) -> Iterator[Problem]:
    for section in _NAMED:
        for name in names.get(section, ()):
            place = locate(tree, (section, name), key=True)
            if not re.fullmatch(CODE, name):
                text = f"'{name}' cannot be a name."
                hint = look_alike(name) or "Letters, digits and '_', a letter first."
                yield Problem(place, "bad-name", text, hint)
            if section == "states" and name in _RESERVED_STATES:
                text = f"'{name}' is a section, so no state can be called that."
                yield Problem(place, "bad-name", text)
            if section == "domains" and name == "overall":
                text = "'overall' is the mean of the domains, so no domain can be called that."
                yield Problem(place, "bad-name", text)


def _unknown_names(
    reference: Reference, tree: Mapping, names: dict[str, set[str]]
) -> Iterator[Problem]:
    """Problems where a reference names something that its section does not have."""
    is_whole_pair = reference.path[0] in ("ties", "watch") and len(reference.path) == 2
    for kind, name in reference.names:
        known = names.get(_SECTIONS[kind])
        if known is None or name in known or (kind == "domain" and is_whole_pair):
            continue
        word = "context variable" if kind == "context" else kind
        place = locate(tree, reference.path, key=reference.is_key)
        text = f"'{name}' is not {with_article(word)} here."
        yield Problem(place, f"unknown-{kind}", text, did_you_mean(name, sorted(known)))


def _misused_reference(reference: Reference, tree: Mapping) -> Iterator[Problem]:
    """A problem where a tie has a domain or a direction that it cannot have there, or a state has
    an interest in itself."""
    code, text, hint = "bad-tie", "", ""
    match reference.value, reference.path:
        case TieRef() as tie, ("ties", _) if tie.domain is not None:
            text = "A tie is named without its domain here."
            hint = f"Write {tie.first}-{tie.second}: {{{tie.domain}: …}}."
        case TieRef() as tie, ("claims", *_) if tie.one_sided:
            text = "Claims judge cooperation, not a posture."
            hint = f"Write {tie.first}-{tie.second}{f'.{tie.domain}' if tie.domain else ''}."
        case TieRef() as tie, ("watch", _) if tie.one_sided or tie.domain is not None:
            text, hint = "Figures show whole pairs.", f"Write {tie.first}-{tie.second}."
        case NumberRef(kind="weight") as number, _ if number.state == number.key:
            code, text = "self-tie", f"{number.state} has no interest in itself."
    if text:
        yield Problem(locate(tree, reference.path, key=reference.is_key), code, text, hint)


def _self_ties(tree: Mapping) -> Iterator[Problem]:
    for section in ("states", "reference"):
        for code, state in entries_of(tree.entries.get(section)).items():
            if code in entries_of(child(state, "ties")):
                place = locate(tree, (section, code, "ties", code), key=True)
                yield Problem(place, "self-tie", f"{code} has a tie interest in itself.")


def _opening(tree: Mapping) -> dict[TieRef, dict[str, Node]]:
    """The levels of the opening by tie and key, those of ties that can be read."""
    ties = {}
    for name, node in entries_of(tree.entries.get("ties")).items():
        tie = _tie(name)
        if tie is not None:
            is_map = isinstance(node, Mapping) and not is_uncertain(node)
            ties[tie] = entries_of(node) if is_map else {"overall": node}
    return ties


def _tie(name: str) -> TieRef | None:
    try:
        return TieRef.read(name)
    except PydanticCustomError:
        return None


def _repeated_ties(tree: Mapping) -> Iterator[Problem]:
    seen: dict[tuple[tuple[str, str], bool], TieRef] = {}
    for tie in _opening(tree):
        twin = ((tie.first, tie.second) if tie.one_sided else tie.pair, tie.one_sided)
        if twin in seen:
            text = f"{tie} is the tie {seen[twin]} once more."
            place = locate(tree, ("ties", str(tie)), key=True)
            yield Problem(place, "duplicate-tie", text, f"Keep {seen[twin]}.")
        seen[twin] = tie


def _above_capacity(tree: Mapping, names: dict[str, set[str]]) -> Iterator[Problem]:
    """Opening levels above what both states could afford by the reference: not at rest."""
    capacity: dict[tuple[str, str], float] = {}
    for section in ("states", "reference"):
        for code, state in entries_of(tree.entries.get(section)).items():
            for domain, node in entries_of(child(state, "capacity")).items():
                capacity[code, domain] = _number(CAPACITY, node, 1.0)
    if not capacity:
        return
    for tie, nodes in _opening(tree).items():
        levels = {key: _number(COOPERATION, node, 0.0) for key, node in nodes.items()}
        for domain in names.get("domains", ()):
            key = domain if domain in levels else "overall"
            level = levels.get(key, 0.0)
            ceiling, holder = min(
                (capacity.get((code, domain), 1.0), code) for code in (tie.first, tie.second)
            )
            if level > ceiling:
                text = f"{tie} opens at {level:g} in {domain}; {holder} can afford {ceiling:g}."
                hint = f"Raise {holder}.capacity.{domain} or lower the tie."
                place = locate(tree, ("ties", str(tie), key))
                yield Problem(place, "above-capacity", text, hint)


def _number(bounds: Bounds, node: Node, otherwise: float) -> float:
    """The number of a node, or the middle of an uncertain one."""
    number = Shape(read=bounds.read).sound(node)
    return otherwise if number is None else central(number)


def _outside_time(tree: Mapping) -> Iterator[Problem]:
    """Claims that are judged in months in which nothing can be judged."""
    time = _sound(Time, tree.entries.get("time"))
    if time is None or time.step is None:
        return
    for name, claim in entries_of(tree.entries.get("claims")).items():
        expect = _sound(Expectation, child(claim, "expect"))
        for key in ("since", "at", "by", "after", "before"):
            month = getattr(expect, key, None)
            text = "" if month is None else _outside(time, key, month)
            if key == "since" and expect is not None and not text:
                text = _none_since(time, expect)
            if text:
                place = locate(tree, ("claims", name, "expect", key))
                yield Problem(place, "outside-time", text)


def _sound(model: type[AnyPart], node: Node | None) -> AnyPart | None:
    """A part without mistakes and without other keys than its own; None if it is not sound."""
    if not isinstance(node, Mapping) or node.entries.keys() - fields_of(model).keys():
        return None
    part = sound_part(model, node)
    return None if part is None or any(part.mistakes()) else part


def _none_since(time: Time, expect: Expectation) -> str:
    """Why a change cannot be judged so soon after the month it counts from; empty if it can."""
    if expect.since is None:
        return ""
    steps = (expect.since.serial - time.start.serial) // time.months_per_step
    first = time.start.plus((steps + 1) * time.months_per_step)
    judged = expect.at or expect.by or time.end
    if judged >= first:
        return ""
    return f"No step ends between {expect.since} and {judged}: the next ends at {first}."


def _outside(time: Time, key: str, month: Month) -> str:
    """Why nothing can be judged at, by, since, after or before a month; empty if it can."""
    first = time.start.plus(time.months_per_step)
    if not time.start <= month <= time.end:
        return f"{month} is outside {time.start} to {time.end}."
    if key == "by" and month < first:
        return f"No step ends by {month}: the first ends at {first}."
    if key == "before" and month <= first:
        return f"No step ends before {month}: the first ends at {first}."
    if key == "after" and month == time.end:
        return f"No step ends after {month}, the end."
    return ""


def _once_each(problems: Iterable[Problem]) -> list[Problem]:
    """The problems, and of those with a name that is not known the first of each file."""
    kept: list[Problem] = []
    unknown: dict[tuple[str, str], list[Problem]] = {}
    for problem in sorted(set(problems)):
        if problem.code in _UNKNOWN:
            unknown.setdefault((problem.position.file, problem.text), []).append(problem)
        else:
            kept.append(problem)
    for alike in unknown.values():
        kept.append(replace(alike[0], hint=f"{alike[0].hint} {_places(alike)}".strip()))
    return kept


def _places(problems: list[Problem]) -> str:
    """Where the same is wrong, if in more than one place."""
    if len(problems) == 1:
        return ""
    lines = [str(line) for line in dict.fromkeys(one.position.line for one in problems)]
    *but_last, last = lines[:_LISTED]
    listed = f"lines {', '.join(but_last)} and {last}" if but_last else f"line {last}"
    more = ", and further down" if len(lines) > _LISTED else ""
    return f"It stands in {len(problems):,} places, on {listed}{more}."


def section_names(tree: Mapping) -> dict[str, set[str]]:
    """The names each readable section declares, whatever else is wrong with them."""
    names: dict[str, set[str]] = {}
    for section in _NAMED:
        node = tree.entries.get(section)
        if node is None or (isinstance(node, Scalar) and node.value is None):
            if section != "states":
                names[section] = set(DEFAULT_DOMAINS) if section == "domains" else set()
        elif isinstance(node, Mapping):
            names[section] = set(node.entries)
        elif isinstance(node, Items) and section == "domains":
            values = (item.value for item in node.items if isinstance(item, Scalar))
            names[section] = {value for value in values if isinstance(value, str)}
    return names


ATTENTION = 1.5  # sizes of a state's ties; the gains were estimated for a sum near 1
HOSTILE = -0.2  # below this level two states are at odds: two thirds of the way to sanctions
EXTREME_LEVEL = 0.95  # above this nothing but an enormous pull moves a tie


def suspicions(scenario: Scenario, tree: Mapping, folder: Path | None) -> Iterator[Problem]:
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


def _warning(tree: Mapping, path: TreePath, code: str, text: str, hint: str = "") -> Problem:
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


def _missing_comparisons(scenario: Scenario, tree: Mapping, folder: Path) -> Iterator[Problem]:
    for name, claim in scenario.claims.items():
        other = claim.expect.against
        if other is not None and not is_file(folder / other):
            near = yaml_files(folder)
            text = f"There is no file {other} here to compare with, so {name} cannot be judged."
            path = ("claims", name, "expect", "against")
            yield _warning(tree, path, "missing-comparison", text, did_you_mean(other, near))


def _event(scenario: Scenario, tree: Mapping, path: TreePath, event: Event) -> Iterator[Problem]:
    time = scenario.time
    for index, month in enumerate(event.at or ()):
        if not time.start <= month < time.end:
            where = "after the end" if month >= time.end else "before the start"
            text = f"{path[1]} at {month} lies {where} of the simulation, so it never happens."
            hint = f"It runs from {time.start} up to {time.end}."
            place: TreePath = (*path, "at", index)
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
