"""Problems between the parts of a scenario, and warnings of what is likely a slip."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from relsim.errors import Problem, did_you_mean, with_article
from relsim.scenario.effects import Condition, Effect
from relsim.scenario.names import CODE, NumberRef, TieRef
from relsim.scenario.schema import (
    DEFAULT_DOMAINS,
    SECTIONS,
    Event,
    Expectation,
    Interests,
    Scenario,
)
from relsim.scenario.text import is_file, yaml_files
from relsim.scenario.tree import Items, Mapping, Scalar, TreePath, locate, plain
from relsim.scenario.validation import Typed
from relsim.scenario.values import Month, central, look_alike

_NAMED = ("domains", "context", "issues", "states", "events", "claims")
_UNKNOWN = {f"unknown-{kind}" for kind in ("state", "issue", "domain", "event", "context")}
_LISTED = 5  # lines that are named where an unknown name stands on many
_RESERVED_STATES = frozenset(SECTIONS) | {"extends"}


class Checker:
    """Checks one typed scenario against the names that its tree knows.

    ``names`` are the keys of each section before broken parts were left out, so that one
    mistake does not make others; a section that cannot be read at all is not among them.
    """

    def __init__(self, scenario: Scenario, typed: Typed, names: dict[str, set[str]]) -> None:
        self.scenario = scenario
        self.tree = typed.tree
        self.stand_ins = typed.stand_ins
        self.names = names

    def problems(self) -> list[Problem]:
        """Every problem; a name that is not known once, with how often it stands there."""
        return _once_each(self._all_problems())

    def _all_problems(self) -> Iterator[Problem]:
        yield from self._names()
        yield from self._domains()
        yield from self._states()
        yield from self._ties()
        yield from self._ceilings()
        for name, event in self.scenario.events.items():
            yield from self._event(("events", name), event)
        for name, claim in self.scenario.claims.items():
            yield from self._expectation(("claims", name, "expect"), claim.expect)
        for index, tie in enumerate(self.scenario.watch):
            yield from self._watched(("watch", index), tie)

    def _problem(
        self, path: TreePath, code: str, text: str, hint: str = "", *, key: bool = False
    ) -> Problem:
        return Problem(locate(self.tree, path, key=key), code, text, hint)

    def _known(
        self, kind: str, name: str, path: TreePath, *, key: bool = False
    ) -> Iterator[Problem]:
        """A problem where ``name`` is not in the section that ``kind`` names."""
        section = {"state": "states", "issue": "issues", "domain": "domains", "event": "events"}
        known = self.names.get(section.get(kind, kind))
        if known is not None and name not in known:
            word = "context variable" if kind == "context" else kind
            text = f"'{name}' is not {with_article(word)} here."
            yield self._problem(
                path, f"unknown-{kind}", text, did_you_mean(name, sorted(known)), key=key
            )

    def _names(self) -> Iterator[Problem]:
        for section in _NAMED:
            for name in self.names.get(section, ()):
                if not re.fullmatch(CODE, name):
                    text = f"'{name}' cannot be a name."
                    hint = look_alike(name) or "Letters, digits and '_', a letter first."
                    yield self._problem((section, name), "bad-name", text, hint, key=True)
        for name in self.names.get("states", set()) & _RESERVED_STATES:
            text = f"'{name}' is a section, so no state can be called that."
            yield self._problem(("states", name), "bad-name", text, key=True)

    def _domains(self) -> Iterator[Problem]:
        if "overall" in self.names.get("domains", ()):
            text = "'overall' is the mean of the domains, so no domain can be called that."
            yield self._problem(("domains", "overall"), "bad-name", text, key=True)
        if all(central(domain.weight) == 0 for domain in self.scenario.domains.values()):
            yield self._problem(("domains",), "out-of-range", "All domain weights are 0.", key=True)

    def _states(self) -> Iterator[Problem]:
        for code, state in self.scenario.states.items():
            yield from self._interests(("states", code), code, state)
        for code, reference in self.scenario.reference.items():
            yield from self._known("state", code, ("reference", code), key=True)
            yield from self._interests(("reference", code), code, reference)

    def _interests(self, here: TreePath, code: str, interests: Interests) -> Iterator[Problem]:
        for other, interest in interests.ties.items():
            path: TreePath = (*here, "ties", other)
            yield from self._known("state", other, path, key=True)
            if other == code:
                text = f"{code} has a tie interest in itself."
                yield self._problem(path, "self-tie", text, key=True)
            if interest.fades_with is not None:
                yield from self._known("context", interest.fades_with, (*path, "fades_with"))
        for issue in interests.issues:
            yield from self._known("issue", issue, (*here, "issues", issue), key=True)
        for domain in interests.capacity:
            yield from self._known("domain", domain, (*here, "capacity", domain), key=True)

    def _ties(self) -> Iterator[Problem]:
        seen: dict[tuple[tuple[str, str], bool], TieRef] = {}
        for tie, levels in self.scenario.ties.items():
            path: TreePath = ("ties", str(tie))
            yield from self._tie_states(tie, path, key=True)
            if tie.domain is not None:
                hint = f"Write {tie.first}-{tie.second}: {{{tie.domain}: …}}."
                text = "A tie is named without its domain here."
                yield self._problem(path, "bad-tie", text, hint, key=True)
            twin = (tie.pair if not tie.one_sided else (tie.first, tie.second), tie.one_sided)
            if twin in seen:
                text = f"{tie} is the tie {seen[twin]} once more."
                yield self._problem(path, "duplicate-tie", text, f"Keep {seen[twin]}.", key=True)
            seen[twin] = tie
            for domain in set(levels) - {"overall"}:
                yield from self._known("domain", domain, (*path, domain), key=True)

    def _tie_states(self, tie: TieRef, path: TreePath, *, key: bool = False) -> Iterator[Problem]:
        for code in (tie.first, tie.second):
            yield from self._known("state", code, path, key=key)

    def _tie_ref(self, tie: TieRef, path: TreePath) -> Iterator[Problem]:
        yield from self._tie_states(tie, path)
        if tie.domain is not None:
            yield from self._known("domain", tie.domain, path)

    def _ceilings(self) -> Iterator[Problem]:
        """Opening levels above what both states could afford by the reference could not be at
        rest."""
        states = self.scenario.states
        capacity = {code: self.scenario.opening_interests(code).capacity for code in states}
        for tie, levels in self.scenario.ties.items():
            for domain in self.scenario.domains:
                key = domain if domain in levels else "overall"
                level = central(levels.get(key, 0.0))
                both = [code for code in (tie.first, tie.second) if code in states]
                ceilings = [(central(capacity[code].get(domain, 1.0)), code) for code in both]
                ceiling, holder = min(ceilings, default=(1.0, ""))
                if level > ceiling:
                    text = f"{tie} opens at {level:g} in {domain}; {holder} can afford {ceiling:g}."
                    hint = f"Raise {holder}.capacity.{domain} or lower the tie."
                    yield self._problem(("ties", str(tie), key), "above-capacity", text, hint)

    def _event(self, path: TreePath, event: Event) -> Iterator[Problem]:
        if event.when is not None:
            yield from self._condition((*path, "when"), event.when)
        for index, effect in enumerate(event.effects):
            yield from self._effect((*path, "effects", index), effect)

    def _effect(self, path: TreePath, effect: Effect) -> Iterator[Problem]:
        for key, value in effect:
            match value:
                case TieRef():
                    yield from self._tie_ref(value, (*path, key))
                case NumberRef():
                    yield from self._number_ref((*path, key), value)
                case Condition():
                    yield from self._condition((*path, key), value)
        for key, code, text, hint in effect.mistakes():
            yield self._problem((*path, key), code, text, hint)

    def _number_ref(self, path: TreePath, number: NumberRef) -> Iterator[Problem]:
        if number.state is not None:
            yield from self._known("state", number.state, path)
        kinds = {
            "weight": "state",
            "stance": "issue",
            "salience": "issue",
            "capacity": "domain",
            "context": "context",
        }
        if number.kind in kinds and number.key is not None:
            yield from self._known(kinds[number.kind], number.key, path)
        if number.kind == "weight" and number.state == number.key:
            yield self._problem(path, "self-tie", f"{number.state} has no interest in itself.")

    def _condition(self, path: TreePath, condition: Condition) -> Iterator[Problem]:
        if condition.tie is not None:
            yield from self._tie_ref(condition.tie, (*path, "tie"))
        if condition.context is not None:
            yield from self._known("context", condition.context, (*path, "context"))
        if condition.event is not None:
            yield from self._known("event", condition.event, (*path, "event"))

    def _expectation(self, path: TreePath, expect: Expectation) -> Iterator[Problem]:
        for key in ("level", "change", "reach", "halfway"):
            tie = getattr(expect, key)
            if tie is not None:
                yield from self._judged_tie(tie, (*path, key))
        for index, tie in enumerate(expect.order or ()):
            yield from self._judged_tie(tie, (*path, "order", index))
        if "time" not in self.stand_ins:
            for key in ("since", "at", "by", "after", "before"):
                month = getattr(expect, key)
                text = "" if month is None else self._outside(key, month)
                if text:
                    yield self._problem((*path, key), "outside-time", text)
            if text := self._none_since(expect):
                yield self._problem((*path, "since"), "outside-time", text)

    def _none_since(self, expect: Expectation) -> str:
        """Why a change cannot be judged so soon after the month it counts from; empty where it
        can."""
        time = self.scenario.time
        if expect.since is None or not time.start <= expect.since <= time.end:
            return ""
        steps = (expect.since.serial - time.start.serial) // time.months_per_step
        first = time.start.plus((steps + 1) * time.months_per_step)
        judged = expect.at or expect.by or time.end
        if judged >= first:
            return ""
        return f"No step ends between {expect.since} and {judged}: the next ends at {first}."

    def _outside(self, key: str, month: Month) -> str:
        """Why nothing can be judged at, by, since, after or before a month; empty where it can."""
        time = self.scenario.time
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

    def _judged_tie(self, tie: TieRef, path: TreePath) -> Iterator[Problem]:
        yield from self._tie_ref(tie, path)
        if tie.one_sided:
            domain = f".{tie.domain}" if tie.domain else ""
            hint = f"Write {tie.first}-{tie.second}{domain}."
            yield self._problem(path, "bad-tie", "Claims judge cooperation, not a posture.", hint)

    def _watched(self, path: TreePath, tie: TieRef) -> Iterator[Problem]:
        yield from self._tie_states(tie, path)
        if tie.one_sided or tie.domain is not None:
            hint = f"Write {tie.first}-{tie.second}."
            yield self._problem(path, "bad-tie", "Figures show whole pairs.", hint)


def _once_each(problems: Iterator[Problem]) -> list[Problem]:
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
        if node is None or plain(node) is None:
            if section != "states":
                names[section] = set(DEFAULT_DOMAINS) if section == "domains" else set()
        elif isinstance(node, Mapping):
            names[section] = set(node.entries)
        elif isinstance(node, Items) and section == "domains":
            names[section] = {str(item.value) for item in node.items if isinstance(item, Scalar)}
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
