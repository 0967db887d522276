"""What differs in the inputs of two scenarios, by the paths that ``--set`` takes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, TypeAlias

from relsim.errors import Position
from relsim.scenario.interests import DifferingInterest, differing_interests
from relsim.scenario.load import load
from relsim.scenario.names import CODE
from relsim.scenario.schema import Scenario
from relsim.scenario.tree import from_plain, is_single, open_shorthand, plain
from relsim.scenario.values import Distribution

Kind: TypeAlias = Literal["added", "removed", "changed"]
Taken: TypeAlias = Literal["changed", "recoded", "read otherwise"]
Steps: TypeAlias = "tuple[str, ...]"

_WORDS = {"name", "about", "label", "says", "minus", "plus"}
_NOT_ACTING = ("claims", "watch", "ensemble")
_NOWHERE = Position("")
_NAME, _PAIR = re.compile(CODE), re.compile(f"{CODE}-{CODE}")


@dataclass(frozen=True)
class Difference:
    """One input that two scenarios do not share.

    Attributes:
        path: where it stands; a change of the first to ``after`` at this path, as by ``--set``
            or `with_changes`, makes it that of the second.
        before: its value in the first scenario, as plain data; None where it is not there.
        after: its value in the second; None where it is not there.
        taken: of an interest, why it differs: it is "changed", so that relations move; it is
            "recoded", read differently at the opening, and the change has to name it in
            `recoded`; or it is the same in force and "read otherwise" at the opening, where the
            path begins with ``reference``.
    """

    path: str
    before: Any
    after: Any
    taken: Taken | None = None

    @property
    def kind(self) -> Kind:
        """Whether the second scenario adds, removes or changes it."""
        if self.before is None:
            return "added"
        return "removed" if self.after is None else "changed"

    @property
    def is_claim(self) -> bool:
        """Whether it is of a claim, which judges the futures and does not make them."""
        return self.path.split(".")[0] == "claims"

    @property
    def may_act(self) -> bool:
        """Whether it may move a future."""
        return self.path.split(".")[0] not in _NOT_ACTING and not self.is_words

    @property
    def is_words(self) -> bool:
        """Whether it is for readers alone: a name, a label, a source."""
        steps = self.path.split(".")
        text = any(isinstance(value, str) for value in (self.before, self.after))
        return steps[0] == "sources" or (steps[-1] in _WORDS and text)


def diff(first: Scenario | str | Path, second: Scenario | str | Path) -> tuple[Difference, ...]:
    """What differs in the inputs of two scenarios, inheritance and changes applied.

    Numbers come first, in the order of the second scenario, then words, claims last. A value
    that one of the two writes out and the other leaves to its default counts as a difference;
    two ways to write the same thing (``0.3`` and ``{overall: 0.3}``) do not. Interests that the
    second reads differently at the opening, rather than changes, are listed at ``recoded``.

    Args:
        first, second: scenarios or their files.

    Raises:
        ScenarioError: a file has problems.
    """
    before, after = (
        scenario if isinstance(scenario, Scenario) else load(scenario)
        for scenario in (first, second)
    )
    interests = differing_interests(before, after)
    rows = [
        replace(row, taken=_taken(row.path, interests))
        for row in _differences((), _written(before), _written(after))
    ]
    covered = {
        interest.path
        for row in rows
        for interest in interests
        if row.taken is not None and interest.taken == row.taken and _is_within(interest, row.path)
    }
    rows += [_reading(interest) for interest in interests if interest.path not in covered]
    return tuple(sorted(rows, key=lambda row: (row.is_claim, row.is_words)))


def _taken(path: str, interests: tuple[DifferingInterest, ...]) -> Taken | None:
    """How the interests at a path, or below it, were taken; None where there are none."""
    words = {interest.taken for interest in interests if _is_within(interest, path)}
    if not words - {"read otherwise"}:
        return None
    return "recoded" if words == {"recoded"} else "changed"


def _is_within(interest: DifferingInterest, path: str) -> bool:
    within = path.removeprefix("states.").removesuffix(".weight")
    return f"{interest.path}.".startswith(f"{within}.")


def _reading(interest: DifferingInterest) -> Difference:
    """How the opening is read, where that differs beside what is in force."""
    before, after = (
        {value.kind: list(value.arguments)} if isinstance(value, Distribution) else value
        for value in (interest.read_before, interest.read_after)
    )
    return Difference(f"reference.{interest.path}", before, after, "read otherwise")


def events_reordered(first: Scenario, second: Scenario) -> bool:
    """Whether events that both have stand in another order, in which their effects apply."""
    both = first.events.keys() & second.events.keys()
    return [name for name in first.events if name in both] != [
        name for name in second.events if name in both
    ]


def acting_differences(first: Scenario, second: Scenario) -> tuple[Difference, ...]:
    """Those of :func:`diff` that may move a future: no words, claims or pairs to show."""
    return tuple(row for row in diff(first, second) if row.may_act)


def act_alike(first: Scenario, second: Scenario) -> bool:
    """Whether the same acts in two scenarios, whatever it is called and however it is written.

    Names that only one of the two has are taken for those that only the other has, in the order
    of the files. Where such scenarios draw by name, as for chance events, their runs differ, and
    their futures as a whole do not.
    """
    if events_reordered(first, second):
        return False
    renamed: dict[str, str] = {}
    for section in ("states", "events", "issues", "context", "domains"):
        own, other = list(getattr(first, section)), list(getattr(second, section))
        gone = [name for name in own if name not in other]
        new = [name for name in other if name not in own]
        if len(gone) != len(new) or renamed.keys() & {*new, *other}:
            return False
        renamed |= dict(zip(new, gone, strict=True))
    texts = (_retold(_written(first), {}), _retold(_written(second), renamed))
    return not any(row.may_act for row in _differences((), *texts))


def _retold(value: Any, names: Mapping[str, str]) -> Any:
    """Plain data in which names are replaced, and pairs stand in alphabetical order."""
    if isinstance(value, dict):
        return {_retold(key, names): _retold(item, names) for key, item in value.items()}
    if isinstance(value, list):
        return [_retold(item, names) for item in value]
    if not isinstance(value, str):
        return value
    text = _NAME.sub(lambda match: names.get(match[0], match[0]), value)
    pair, dot, domain = text.partition(".")
    return f"{'-'.join(sorted(pair.split('-')))}{dot}{domain}" if _PAIR.fullmatch(pair) else text


def _differences(path: Steps, before: Any, after: Any) -> Iterator[Difference]:
    if before == after:
        return
    if _is_map(before) != _is_map(after):
        before, after = _opened(path, before), _opened(path, after)
    if _is_map(before) and _is_map(after):
        for key in (*after, *(key for key in before if key not in after)):
            yield from _differences((*path, key), before.get(key), after.get(key))
    elif _is_maps(before) and _is_maps(after) and len(before) == len(after):
        for index, (old, new) in enumerate(zip(before, after, strict=True)):
            yield from _differences((*path, str(index)), old, new)
    else:
        yield Difference(".".join(path), before, after)


def _is_map(value: Any) -> bool:
    """Whether a value is a map with parts; a distribution is one value."""
    return isinstance(value, dict) and not is_single(from_plain(value, _NOWHERE))


def _is_maps(value: Any) -> bool:
    return isinstance(value, list) and all(_is_map(item) for item in value)


def _opened(path: Steps, value: Any) -> Any:
    """A lone number where a map may stand, as that map."""
    return value if value is None else plain(open_shorthand(path, from_plain(value, _NOWHERE)))


def _written(scenario: Scenario) -> dict[str, Any]:
    """The resolved scenario less keys with nothing behind them, and less its reference, which
    follows from its interests; a bare state is an empty map."""
    data: dict[str, Any] = _filled(scenario.as_written)
    data.pop("reference", None)
    states = {code: state or {} for code, state in scenario.as_written["states"].items()}
    data["states"] = {code: _filled(state) for code, state in states.items()}
    return data


def _filled(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _filled(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_filled(item) for item in value]
    return value
