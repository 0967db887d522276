"""What can be moved in a scenario, as plain data: numbers with their ranges, and events.

A control's path is one that :meth:`relsim.scenario.schema.Scenario.with_changes` takes. Not among
them are numbers that cannot be moved alone: an issue on which a state has no stance (it needs a
salience as well), and the half-life of history where the past persists.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias

import numpy as np
from pydantic import BaseModel

from relsim.analysis.interests import state_name
from relsim.analysis.number_names import number_name
from relsim.ensemble.accounts import OVERALL
from relsim.model.compile_events import scheduled_months
from relsim.model.draws import quantile
from relsim.scenario.effects import (
    PULL,
    AddToNumber,
    EffectPart,
    Pulse,
    SetNumber,
    Shift,
)
from relsim.scenario.names import (
    CAPACITY,
    CONTEXT,
    COOPERATION,
    HALF_LIFE,
    PARAMETER_BOUNDS,
    SALIENCE,
    STANCE,
    TRAITS,
    WEIGHT,
    TieRef,
)
from relsim.scenario.schema import (
    CHANCE,
    DOMAIN_WEIGHT,
    SECTIONS,
    ContextVariable,
    Domain,
    Event,
    IssueInterest,
    Parameters,
    Scenario,
    State,
    TieInterest,
    Traits,
)
from relsim.scenario.shipped import goldstein_weights
from relsim.scenario.timing import timing_words
from relsim.scenario.values import DISTRIBUTIONS, LARGE, Bounds, Distribution, Number, central
from relsim.words import possessive

Group: TypeAlias = Literal[
    "ties",
    "issues",
    "capacity",
    "traits",
    "gains",
    "parameters",
    "context",
    "domains",
    "opening",
    "events",
]
GAINS = ("alignment_gain", "rivalry_gain", "issue_gain")
MOST_STATES = 40  # whose absent ties are controls: 1,480 of them, half a megabyte of a page
STEPS = 50  # at least, of a slider; a power of ten each
ROUND = (1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)  # ends of sliders, times a power of ten
SHARES = (0.025, 0.975)  # the central 95 % of an uncertain number

# Where a slider reaches if its number has no bound of its own and is small or 0.
ATTENTION = 1.0  # saliences of a state that add up to more are scaled to 1
STRONGEST = 0.3  # pull units: ten points of the Goldstein scale at the usual unit
LEAST_REACH = {
    SALIENCE: ATTENTION,
    PULL: STRONGEST,
    CONTEXT: 1.0,  # ties fade altogether with a variable at 1
    DOMAIN_WEIGHT: 2.0,  # twice the weight that a domain has unless another is written
    CHANCE: 1.0,  # once a year
    HALF_LIFE: 24.0,  # months; twice what diplomatic acts take to fade
}
SHORTEST = 1.0  # months: a half-life of less than a step is over within it


@dataclass(frozen=True)
class Uncertain:
    """The central 95 % of what a number may be, and its distribution in words."""

    low: float
    high: float
    words: str


@dataclass(frozen=True)
class Control:
    """A number that can be moved.

    Attributes:
        path: as changes take it, ``PAK.ties.USA``.
        label: what it is called under the name of its state, if it has one.
        state: code of the state whose number it is; empty where it is nobody's.
        group: what kind of number it is.
        value: as the scenario has it; its median where it is uncertain, 0 for an absent tie.
        low, high, step: of a slider; both ends are allowed.
        unit: empty, ``months`` or ``per year`` where changes have to name it (see
            :func:`with_units`), or a unit to show.
        words: what it means, from the format.
        uncertain: None where it is certain.
        main: whether it is shown before anybody searches: interests that the file gives the states
            of the watched pairs, and the three gains.
    """

    path: str
    label: str
    state: str
    group: Group
    value: float
    low: float
    high: float
    step: float
    unit: str
    words: str
    uncertain: Uncertain | None = None
    main: bool = False


@dataclass(frozen=True)
class EventControl:
    """An event that can be switched, and moved in time where it has dates.

    Attributes:
        event, label, about: its key, its name and why it is there.
        off: whether it does not happen as the scenario has it.
        kind: how it is timed.
        months: of ``at`` and ``every``; empty for other kinds.
        chance: of one that happens by chance, else None.
        sizes: of its effects.
        pairs: that it pushes, as results name them.
        note: when it happens, in words; empty where ``months`` are all that there is to say.
    """

    event: str
    label: str
    about: str
    off: bool
    kind: Literal["at", "every", "chance", "when"]
    months: tuple[str, ...]
    chance: Control | None
    sizes: tuple[Control, ...]
    pairs: tuple[str, ...]
    note: str


def controls_of(scenario: Scenario) -> list[Control]:
    """All numbers of a scenario that can be moved: the main ones first, by state."""
    watched = dict.fromkeys(code for pair in scenario.watched_pairs for code in pair)
    codes = [*watched, *(code for code in scenario.states if code not in watched)]
    controls = [
        *(control for code in codes for control in _of_state(scenario, code, code in watched)),
        *_of_parameters(scenario),
        *_of_context(scenario),
        *_of_domains(scenario),
        *_of_opening(scenario),
        *(
            control
            for name, event in scenario.events.items()
            for control in (*_chances(scenario, name, event), *_sizes(scenario, name, event))
        ),
    ]
    return sorted(controls, key=lambda control: not control.main)


def events_of(scenario: Scenario) -> list[EventControl]:
    """The events of a scenario, in its order."""
    start = scenario.time.start
    return [
        EventControl(
            event=name,
            label=event.label or name,
            about=event.about,
            off=event.off,
            kind=_kind(event),
            months=tuple(
                str(start.plus(serial - start.serial))
                for serial in scheduled_months(event, scenario.time)
            ),
            chance=next(_chances(scenario, name, event), None),
            sizes=tuple(_sizes(scenario, name, event)),
            pairs=tuple(
                scenario.pair_names(
                    dict.fromkeys(tie.pair for effect in event.effects for tie in effect.ties)
                )
            ),
            note="" if event.at is not None else timing_words(event, scenario.events),
        )
        for name, event in scenario.events.items()
    ]


# Changes, as a page makes them and as scenarios take them


def with_units(changes: Mapping[str, Any]) -> dict[str, Any]:
    """Changes whose numbers have the unit that the format asks for: ``9 months``, ``0.2 per year``.

    Args:
        changes: values by dotted path; numbers as a slider gives them.
    """
    return {path: _with_unit(path, value) for path, value in changes.items()}


def _with_unit(path: str, value: Any) -> Any:
    unit = _unit(path)
    if not unit or isinstance(value, bool) or not isinstance(value, (int, float)):
        return value
    return f"{value} {unit}"


def _unit(path: str) -> str:
    """The unit that the number at a path is written with."""
    match path.split("."):
        case ["events", _, "chance"]:
            return "per year"
        case ["events", _, "every"] | [*_, "half_life" | "history_half_life"]:
            return "months"
    return ""


# Numbers of states


def _of_state(scenario: Scenario, code: str, watched: bool) -> Iterator[Control]:
    """The interests, means and traits of a state: those in the file first."""
    state, top = scenario.states[code], f"states.{code}" if code in SECTIONS else code
    written = scenario.as_written["states"][code] or {}
    owner = possessive(state_name(code, [scenario]))

    def control(group: Group, tail: str, value: Number, bounds: Bounds, words: str) -> Control:
        name = number_name(scenario, f"states.{code}.{tail}").removeprefix(f"{owner} ")
        path = f"{top}.{tail}"
        return _control(path, name, group, value, bounds, words, state=code)

    for other, tie in state.ties.items():
        is_map = _is_map(written["ties"][other])
        weight = control(
            "ties", f"ties.{other}.weight", tie.weight, WEIGHT, _words(TieInterest, "weight")
        )
        path = weight.path if is_map else weight.path.removesuffix(".weight")
        yield replace(weight, path=path, main=watched)
    for issue, stand in state.issues.items():
        for kind, bounds in (("stance", STANCE), ("salience", SALIENCE)):
            words = _words(IssueInterest, kind)
            if kind == "stance":
                about = scenario.issues[issue]
                words = f"From −1 ({about.minus}) to +1 ({about.plus})."
            tail = f"issues.{issue}.{kind}"
            interest = control("issues", tail, getattr(stand, kind), bounds, words)
            yield replace(interest, main=watched)
    capacity = _words(State, "capacity")
    for domain, ceiling in state.capacity.items():
        own = control("capacity", f"capacity.{domain}", ceiling, CAPACITY, capacity)
        yield replace(own, main=watched)
    if len(scenario.states) <= MOST_STATES:
        for other in scenario.states:
            if other != code and other not in state.ties:
                tail, words = f"ties.{other}.weight", _words(TieInterest, "weight")
                absent = control("ties", tail, 0.0, WEIGHT, words)
                yield replace(absent, path=absent.path.removesuffix(".weight"))
    for domain in scenario.domains:
        if domain not in state.capacity:
            yield control("capacity", f"capacity.{domain}", 1.0, CAPACITY, capacity)
    for trait in TRAITS:
        value = getattr(state.traits, trait)
        if value is None:
            value = central(getattr(scenario.parameters, trait))
        words = _words(Traits, trait)
        yield control("traits", f"traits.{trait}", value, PARAMETER_BOUNDS[trait], words)


# Numbers of the world


def _of_parameters(scenario: Scenario) -> Iterator[Control]:
    names = (*GAINS, *(name for name in Parameters.model_fields if name not in GAINS))
    for name in names:
        value = getattr(scenario.parameters, name)
        if value is None:
            continue
        path = f"parameters.{name}"
        label = number_name(scenario, path).removeprefix("the parameter ")
        group: Group = "gains" if name in GAINS else "parameters"
        bounds = PARAMETER_BOUNDS.get(name, HALF_LIFE)
        control = _control(path, label, group, value, bounds, _words(Parameters, name))
        yield replace(control, main=group == "gains")


def _of_context(scenario: Scenario) -> Iterator[Control]:
    for name, variable in scenario.context.items():
        is_map = _is_map(scenario.as_written["context"][name])
        for end in ("start", "end"):
            value = getattr(variable, end)
            if value is not None:
                label = number_name(scenario, f"context.{name}.{end}")
                words = _words(ContextVariable, end)
                path = f"context.{name}.{end}" if is_map else f"context.{name}"
                yield _control(path, label, "context", value, CONTEXT, words)


def _of_domains(scenario: Scenario) -> Iterator[Control]:
    """The weights of domains, where the file has several in a map: a change to a domain would take
    the place of a whole list, or of the domains that are there by default."""
    written = scenario.as_written.get("domains")
    if not isinstance(written, dict) or len(written) < 2:
        return
    for name, domain in scenario.domains.items():
        path = f"domains.{name}.weight"
        control = _control(
            path,
            number_name(scenario, path).removeprefix("the "),
            "domains",
            domain.weight,
            DOMAIN_WEIGHT,
            _words(Domain, "weight"),
        )
        yield control if _is_map(written[name]) else replace(control, path=f"domains.{name}")


def _of_opening(scenario: Scenario) -> Iterator[Control]:
    written = scenario.as_written.get("ties") or {}
    levels_of = {str(tie): levels for tie, levels in scenario.ties.items()}
    for tie, raw in written.items():
        for domain, level in levels_of[tie].items():
            if "." in tie or level is None:
                continue
            label = number_name(scenario, f"ties.{tie}.{domain}").removeprefix("the ")
            path = f"ties.{tie}.{domain}" if _is_map(raw) else f"ties.{tie}"
            words = _words(Scenario, "ties")
            control = _control(path, label, "opening", level, COOPERATION, words)
            yield replace(control, high=_ceiling(scenario, tie, domain, raw))


def _ceiling(scenario: Scenario, tie: str, domain: str, raw: Any) -> float:
    """The highest opening level that both states could afford; a higher one is refused."""
    if domain != OVERALL:
        domains = [domain]
    else:
        domains = [name for name in scenario.domains if not (_is_map(raw) and name in raw)]
    capacities = [scenario.opening_interests(code).capacity for code in TieRef.read(tie).pair]
    ceilings = [central(own.get(name, 1.0)) for own in capacities for name in domains]
    return min(ceilings, default=COOPERATION.high)


# Numbers of events


def _chances(scenario: Scenario, name: str, event: Event) -> Iterator[Control]:
    """The chance of an event that happens by chance."""
    if event.chance is not None:
        path = f"events.{name}.chance"
        label, words = number_name(scenario, path).removeprefix("the "), _words(Event, "chance")
        yield _control(path, label, "events", event.chance, CHANCE, words)


def _sizes(scenario: Scenario, name: str, event: Event) -> Iterator[Control]:
    """The size of each effect of an event. To move one overrides the published weight of an act."""
    for index, effect in enumerate(event.effects):
        key, value, bounds = _size(scenario, effect)
        path = f"events.{name}.effects.{index}.{key}"
        label, words = number_name(scenario, path).removeprefix("the "), _words(type(effect), key)
        yield _control(path, label, "events", value, bounds, words)


def _size(scenario: Scenario, effect: EffectPart) -> tuple[str, Number, Bounds]:
    """The key of the size of an effect, its value and its range."""
    match effect:
        case Pulse(size=None):
            unit = central(scenario.parameters.goldstein_unit)
            return "size", unit * goldstein_weights()[str(effect.cameo)], PULL
        case Pulse(size=size) | Shift(size=size) if size is not None:
            return "size", size, PULL
        case SetNumber():
            return "to", effect.to, effect.set.bounds
        case AddToNumber():
            bounds = effect.add.bounds
            span = bounds.high - bounds.low if bounds.high < LARGE else LARGE
            return "by", effect.by, replace(bounds, low=-span, high=span, form="number")
    raise TypeError(f"{type(effect).__name__} has no size that is known here")


def _kind(event: Event) -> Literal["at", "every", "chance", "when"]:
    if event.at is not None:
        return "at"
    if event.every is not None:
        return "every"
    return "chance" if event.chance is not None else "when"


# One control


def _control(
    path: str,
    label: str,
    group: Group,
    value: Number,
    bounds: Bounds,
    words: str,
    *,
    state: str = "",
) -> Control:
    uncertain = _uncertain(value) if isinstance(value, Distribution) else None
    middle = _tidy(central(value))
    ends = [middle, *((uncertain.low, uncertain.high) if uncertain else ())]
    low, high = _range(ends, bounds)
    step = 10.0 ** math.floor(math.log10((high - low) / STEPS) + 1e-9)
    return Control(
        path, label, state, group, middle, low, high, step, _shown_unit(path), words,
        uncertain,
    )  # fmt: skip


def _shown_unit(path: str) -> str:
    steps = path.split(".")
    if steps[-1] == "adaptability":
        return "per month"
    if steps[0] == "events" and steps[-1] == "size":
        return "pull units"
    return _unit(path)


def _uncertain(value: Distribution) -> Uncertain:
    low, high = map(_tidy, quantile(value, np.array(SHARES)).tolist())
    return Uncertain(low, high, value.in_words)


def _range(ends: list[float], bounds: Bounds) -> tuple[float, float]:
    """Where a slider ends: at the bounds of its number, or where these are far off at twice the
    value and its uncertain range, rounded outward.

    Args:
        ends: the value, and both ends of its range where it is uncertain.
        bounds: of the number.
    """
    reach = _rounded_up(max(LEAST_REACH.get(bounds, 0.0), *(2 * abs(end) for end in ends)) or 1.0)
    high = bounds.high if bounds.high < LARGE else reach
    if bounds.low > -LARGE:
        low = bounds.low
    else:
        low = 0.0 if bounds is CONTEXT and min(ends) >= 0 else -reach
    if bounds.form == "duration":
        low = min(SHORTEST, *ends)
    return float(low), float(high)


def _rounded_up(size: float) -> float:
    """The next round number that is not smaller."""
    power = 10.0 ** math.floor(math.log10(size))
    times = next(times for times in ROUND if times * power >= size * (1 - 1e-9))
    return float(f"{times * power:.6g}")


def _tidy(value: float) -> float:
    """A number without its rounding error: 0.3, not 0.30000000000000004."""
    return float(f"{value:.12g}")


def _is_map(raw: Any) -> bool:
    """Whether a number is written as a map with parts, and not alone or as a distribution."""
    return isinstance(raw, dict) and not (len(raw) == 1 and next(iter(raw)) in DISTRIBUTIONS)


def _words(part: type[BaseModel], key: str) -> str:
    return part.model_fields[key].description or ""
