"""Problems between the parts of a scenario: names that do not exist, levels that cannot be."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from relsim.errors import Problem, did_you_mean, with_article
from relsim.scenario.changes import SECTIONS
from relsim.scenario.conditions import Condition
from relsim.scenario.effects import Effect
from relsim.scenario.references import CODE, NumberRef, TieRef
from relsim.scenario.schema import (
    DEFAULT_DOMAINS,
    Event,
    Expectation,
    Interests,
    Scenario,
)
from relsim.scenario.tree import Items, Mapping, Path, Scalar, locate, plain
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
        self, path: Path, code: str, text: str, hint: str = "", *, key: bool = False
    ) -> Problem:
        return Problem(locate(self.tree, path, key=key), code, text, hint)

    def _known(self, kind: str, name: str, path: Path, *, key: bool = False) -> Iterator[Problem]:
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

    def _interests(self, here: Path, code: str, interests: Interests) -> Iterator[Problem]:
        for other, interest in interests.ties.items():
            path: Path = (*here, "ties", other)
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
            path: Path = ("ties", str(tie))
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

    def _tie_states(self, tie: TieRef, path: Path, *, key: bool = False) -> Iterator[Problem]:
        for code in (tie.first, tie.second):
            yield from self._known("state", code, path, key=key)

    def _tie_ref(self, tie: TieRef, path: Path) -> Iterator[Problem]:
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

    def _event(self, path: Path, event: Event) -> Iterator[Problem]:
        if event.when is not None:
            yield from self._condition((*path, "when"), event.when)
        for index, effect in enumerate(event.effects):
            yield from self._effect((*path, "effects", index), effect)

    def _effect(self, path: Path, effect: Effect) -> Iterator[Problem]:
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

    def _number_ref(self, path: Path, number: NumberRef) -> Iterator[Problem]:
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

    def _condition(self, path: Path, condition: Condition) -> Iterator[Problem]:
        if condition.tie is not None:
            yield from self._tie_ref(condition.tie, (*path, "tie"))
        if condition.context is not None:
            yield from self._known("context", condition.context, (*path, "context"))
        if condition.event is not None:
            yield from self._known("event", condition.event, (*path, "event"))

    def _expectation(self, path: Path, expect: Expectation) -> Iterator[Problem]:
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

    def _judged_tie(self, tie: TieRef, path: Path) -> Iterator[Problem]:
        yield from self._tie_ref(tie, path)
        if tie.one_sided:
            domain = f".{tie.domain}" if tie.domain else ""
            hint = f"Write {tie.first}-{tie.second}{domain}."
            yield self._problem(path, "bad-tie", "Claims judge cooperation, not a posture.", hint)

    def _watched(self, path: Path, tie: TieRef) -> Iterator[Problem]:
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
