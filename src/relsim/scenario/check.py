"""Problems between the parts of a scenario, and warnings of what is likely a slip."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from relsim.errors import Problem, did_you_mean
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
    is_null,
    locate,
)
from relsim.scenario.values import Bounds, Month, central, look_alike
from relsim.words import with_a

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


class _Finding(NamedTuple):
    """A problem at a path of a tree, or (with ``at_key``) at the last key of the path."""

    path: TreePath
    code: str
    text: str
    hint: str = ""
    at_key: bool = False

    def located(self, tree: Mapping) -> Problem:
        position = locate(tree, self.path, key=self.at_key)
        return Problem(position, self.code, self.text, self.hint)


def contradictions(tree: Mapping, sound: Mapping | None = None) -> list[Problem]:
    """Problems between the parts of a tree, whether or not it could be typed.

    A name that is not known is told once for each file, with how often it stands there.

    Args:
        tree: what is to be a scenario.
        sound: a tree without problems. What the two share refers to nothing unknown as long as
            both have the same names.
    """
    names = section_names(tree)
    known = sound if sound is not None and section_names(sound) == names else None
    references = [item for item in walk(tree, known=known) if isinstance(item, Reference)]
    findings = [
        *_bad_names(names),
        *(finding for item in references for finding in _unknown_names(item, names)),
        *(finding for item in references for finding in _misused_reference(item)),
        *_bad_ties(tree),
        *_above_capacity(tree, names),
        *_outside_time(tree),
    ]
    return _once_each(finding.located(tree) for finding in findings)


def _bad_names(names: dict[str, set[str]]) -> Iterator[_Finding]:
    for section in _NAMED:
        for name in names.get(section, ()):
            text = hint = ""
            if not re.fullmatch(CODE, name):
                text = f"'{name}' cannot be a name."
                hint = look_alike(name) or "Letters, digits and '_', a letter first."
            elif section == "states" and name in _RESERVED_STATES:
                text = f"'{name}' is a section, so no state can be called that."
            elif section == "domains" and name == "overall":
                text = "'overall' is the mean of the domains, so no domain can be called that."
            if text:
                yield _Finding((section, name), "bad-name", text, hint, at_key=True)


def _unknown_names(reference: Reference, names: dict[str, set[str]]) -> Iterator[_Finding]:
    is_whole_pair = reference.path[0] in ("ties", "watch") and len(reference.path) == 2
    for kind, name in reference.names:
        known = names.get(_SECTIONS[kind])
        if known is None or name in known or (kind == "domain" and is_whole_pair):
            continue
        word = "context variable" if kind == "context" else kind
        text, hint = (
            f"'{name}' is not {with_a(word)} here.",
            did_you_mean(name, sorted(known)),
        )
        yield _Finding(reference.path, f"unknown-{kind}", text, hint, reference.is_key)


def _misused_reference(reference: Reference) -> Iterator[_Finding]:
    """A tie with a domain or a direction that it cannot have there, or an interest in oneself."""
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
        yield _Finding(reference.path, code, text, hint, reference.is_key)


def _opening(tree: Mapping) -> dict[TieRef, dict[str, Node]]:
    """The levels of the opening by tie and key, those of ties that can be read."""
    ties = {}
    for name, node in entries_of(tree.entries.get("ties")).items():
        tie = Shape(read=TieRef.read).sound(Scalar(name, node.position))
        if tie is not None:
            is_map = isinstance(node, Mapping) and not is_uncertain(node)
            ties[tie] = entries_of(node) if is_map else {"overall": node}
    return ties


def _bad_ties(tree: Mapping) -> Iterator[_Finding]:
    """Ties of a state to itself, and ties that are written twice."""
    for section in ("states", "reference"):
        for code, state in entries_of(tree.entries.get(section)).items():
            if code in entries_of(child(state, "ties")):
                text = f"{code} has a tie interest in itself."
                yield _Finding((section, code, "ties", code), "self-tie", text, at_key=True)
    seen: dict[tuple[tuple[str, str], bool], TieRef] = {}
    for tie in _opening(tree):
        twin = ((tie.first, tie.second) if tie.one_sided else tie.pair, tie.one_sided)
        if twin in seen:
            text, hint = f"{tie} is the tie {seen[twin]} once more.", f"Keep {seen[twin]}."
            yield _Finding(("ties", str(tie)), "duplicate-tie", text, hint, at_key=True)
        seen[twin] = tie


def _above_capacity(tree: Mapping, names: dict[str, set[str]]) -> Iterator[_Finding]:
    """Opening levels above what both states could afford by the reference: not at rest."""
    capacity: dict[str, dict[str, float]] = {}
    for section in ("states", "reference"):
        for code, state in entries_of(tree.entries.get(section)).items():
            for domain, node in entries_of(child(state, "capacity")).items():
                capacity.setdefault(code, {})[domain] = _number(CAPACITY, node, 1.0)
    for tie, levels in _opening(tree).items():
        both = [code for code in (tie.first, tie.second) if code in capacity]
        for domain in names.get("domains", ()) if both else ():
            key = domain if domain in levels else "overall"
            level = _number(COOPERATION, levels[key], 0.0) if key in levels else 0.0
            ceiling, holder = min((capacity[code].get(domain, 1.0), code) for code in both)
            if level > ceiling:
                text = f"{tie} opens at {level:g} in {domain}; {holder} can afford {ceiling:g}."
                hint = f"Raise {holder}.capacity.{domain} or lower the tie."
                yield _Finding(("ties", str(tie), key), "above-capacity", text, hint)


def _number(bounds: Bounds, node: Node, otherwise: float) -> float:
    """The number of a node, or the middle of an uncertain one."""
    number = Shape(read=bounds.read).sound(node)
    return otherwise if number is None else central(number)


def _outside_time(tree: Mapping) -> Iterator[_Finding]:
    """Claims that are judged in months in which nothing can be judged."""
    time = _sound(Time, tree.entries.get("time"))
    if time is None or time.step is None:
        return
    for name, claim in entries_of(tree.entries.get("claims")).items():
        expect = _sound(Expectation, child(claim, "expect"))
        for key in ("since", "at", "by", "after", "before") if expect is not None else ():
            text = _outside(time, key, getattr(expect, key))
            if key == "since" and expect is not None and expect.since is not None and not text:
                steps = (expect.since.serial - time.start.serial) // time.months_per_step
                first = time.start.plus((steps + 1) * time.months_per_step)
                judged = expect.at or expect.by or time.end
                if judged < first:
                    text = f"No step ends between {expect.since} and {judged}: "
                    text += f"the next ends at {first}."
            if text:
                yield _Finding(("claims", name, "expect", key), "outside-time", text)


def _sound(model: type[AnyPart], node: Node | None) -> AnyPart | None:
    """A part without mistakes and without other keys than its own; None if it is not sound."""
    if not isinstance(node, Mapping) or node.entries.keys() - fields_of(model).keys():
        return None
    part = sound_part(model, node)
    return None if part is None or any(part.mistakes()) else part


def _outside(time: Time, key: str, month: Month | None) -> str:
    """Why nothing can be judged at, by, since, after or before a month; empty if it can."""
    first = time.start.plus(time.months_per_step)
    if month is None:
        return ""
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
        hint = alike[0].hint
        if len(alike) > 1:
            lines = [str(line) for line in dict.fromkeys(item.position.line for item in alike)]
            *but_last, last = lines[:_LISTED]
            listed = f"lines {', '.join(but_last)} and {last}" if but_last else f"line {last}"
            more = ", and further down" if len(lines) > _LISTED else ""
            hint = f"{hint} It stands in {len(alike):,} places, on {listed}{more}."
        kept.append(replace(alike[0], hint=hint.strip()))
    return kept


def section_names(tree: Mapping) -> dict[str, set[str]]:
    """The names each readable section declares, whatever else is wrong with them."""
    names: dict[str, set[str]] = {}
    for section in _NAMED:
        node = tree.entries.get(section)
        if node is None or is_null(node):
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
    findings = [
        *_too_many_interests(scenario),
        *_cues_from_rivals(scenario),
        *_extreme_ties(scenario),
        *_lonely_states(scenario),
        *_one_sided_issues(scenario),
        *_events_without_use(scenario),
        *(_missing_comparisons(scenario, folder) if folder is not None else ()),
    ]
    for finding in findings:
        yield finding._replace(at_key=len(finding.path) < 3).located(tree)


def _too_many_interests(scenario: Scenario) -> Iterator[_Finding]:
    for code, state in scenario.states.items():
        total = sum(abs(central(tie.weight)) for tie in state.ties.values())
        if total > ATTENTION:
            text = f"The sizes of {code}'s ties add up to {total:.2g}; attention is finite."
            hint = "Let them add up to about 1, for which the strength of ties was estimated."
            yield _Finding(("states", code, "ties"), "heavy-interest", text, hint)
        for issue, stand in state.issues.items():
            salience = central(stand.salience)
            if salience > 1.0:
                path = ("states", code, "issues", issue, "salience")
                text = f"{code}'s salience of {issue} is {salience:g}; it is a share of attention."
                yield _Finding(path, "heavy-interest", text)


def _cues_from_rivals(scenario: Scenario) -> Iterator[_Finding]:
    """Positive ties to states with which the opening is hostile: likely a sign that is missing."""
    postures = _opening_postures(scenario)
    for code, state in scenario.states.items():
        for other, tie in state.ties.items():
            weight = central(tie.weight)
            level = (postures.get((code, other), 0.0) + postures.get((other, code), 0.0)) / 2
            if weight > 0.0 and level < HOSTILE:
                text = f"{code}.ties.{other} is {weight:g}, so {code} takes its cue from {other}, "
                text += f"but the two open at {level:.2g}."
                hint = f"If {code} mistrusts whom {other} befriends, write {-weight:g}."
                yield _Finding(("states", code, "ties", other), "cue-from-rival", text, hint)


def _opening_postures(scenario: Scenario) -> dict[tuple[str, str], float]:
    """The opening posture of each direction: the mean over domains by weight."""
    weights = {name: central(domain.weight) for name, domain in scenario.domains.items()}
    postures: dict[tuple[str, str], float] = {}
    for tie in sorted(scenario.ties, key=lambda tie: tie.one_sided):
        levels = scenario.ties[tie]
        overall = levels.get("overall", 0.0)
        total = sum(weight * central(levels.get(name, overall)) for name, weight in weights.items())
        postures |= dict.fromkeys(tie.directions, total / sum(weights.values()))
    return postures


def _extreme_ties(scenario: Scenario) -> Iterator[_Finding]:
    for tie, levels in scenario.ties.items():
        for key, level in levels.items():
            path = ("ties", str(tie), key)
            share = _share_of_ceiling(scenario, tie, key, central(level))
            if abs(central(level)) > EXTREME_LEVEL:
                text = f"{tie} opens at {central(level):g}; hardly anything moves it there."
                yield _Finding(path, "extreme-tie", text)
            elif share > EXTREME_LEVEL:
                text = f"{tie} opens at {share:.0%} of what its states can afford in {key}."
                hint = "Hardly anything moves it there: raise the capacity or lower the tie."
                yield _Finding(path, "extreme-tie", text, hint)


def _share_of_ceiling(scenario: Scenario, tie: TieRef, key: str, level: float) -> float:
    named = scenario.ties[tie]
    domains = [key] if key != "overall" else [d for d in scenario.domains if d not in named]
    ceilings = [
        central(scenario.states[code].capacity.get(domain, 1.0))
        for code in (tie.first, tie.second)
        for domain in domains
    ]
    return level / min(ceilings) if ceilings and min(ceilings) > 0 else 0.0


def _lonely_states(scenario: Scenario) -> Iterator[_Finding]:
    touched = {code for tie in scenario.ties for code in tie.pair}
    for code, state in scenario.states.items():
        if state.ties or state.issues:
            touched |= {code, *state.ties}
    for event in scenario.events.values():
        touched |= {code for effect in event.effects for tie in effect.ties for code in tie.pair}
    for code in scenario.states:
        if code not in touched:
            text = f"Nobody interacts with {code}: no tie, interest, issue or event names it."
            yield _Finding(("states", code), "lonely-state", text)


def _one_sided_issues(scenario: Scenario) -> Iterator[_Finding]:
    for issue in scenario.issues:
        holders = [
            code
            for code, state in scenario.states.items()
            if issue in state.issues and central(state.issues[issue].stance) != 0
        ]
        if len(holders) < 2:
            who = f"Only {holders[0]} takes" if holders else "Nobody takes"
            text = f"{who} a side on {issue}, so it moves nothing."
            yield _Finding(("issues", issue), "idle-issue", text)


def _missing_comparisons(scenario: Scenario, folder: Path) -> Iterator[_Finding]:
    for name, claim in scenario.claims.items():
        other = claim.expect.against
        if other is not None and not is_file(folder / other):
            hint = did_you_mean(other, yaml_files(folder))
            text = f"There is no file {other} here to compare with, so {name} cannot be judged."
            path = ("claims", name, "expect", "against")
            yield _Finding(path, "missing-comparison", text, hint)


def _events_without_use(scenario: Scenario) -> Iterator[_Finding]:
    """Events that never happen or change nothing, and effects that are likely slips."""
    for name, event in scenario.events.items():
        path: TreePath = ("events", name)
        yield from _never(name, event, scenario.time)
        if not event.effects:
            yield _Finding(path, "idle-event", f"{name} has no effects, so it changes nothing.")
        for index, effect in enumerate(event.effects):
            for key, code, text, hint in effect.suspicions():
                yield _Finding((*path, "effects", index, key), code, text, hint)


def _never(name: str, event: Event, time: Time) -> Iterator[_Finding]:
    """Months of an event that lie outside the simulation."""
    code, path = "event-outside-time", ("events", name)
    for index, month in enumerate(event.at or ()):
        if not time.start <= month < time.end:
            where = "after the end" if month >= time.end else "before the start"
            text = f"{name} at {month} lies {where} of the simulation, so it never happens."
            hint = f"It runs from {time.start} up to {time.end}."
            yield _Finding((*path, "at", index), code, text, hint)
    if event.from_ is not None and event.from_ >= time.end:
        text = f"{name} starts at {event.from_}, after the end, so it never happens."
        yield _Finding((*path, "from"), code, text)
    if event.until is not None and event.until < time.start:
        text = f"{name} is over by {event.until}, before the start, so it never happens."
        yield _Finding((*path, "until"), code, text)
