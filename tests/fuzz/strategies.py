"""Hypothesis strategies for scenarios: valid ones of every make, and damaged ones.

:func:`scenarios` gives plain data, ready for ``yaml.safe_dump``. Whatever it gives is valid:
it may be odd (a tie at -1, a gain of a million), but relsim has to load and simulate it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from hypothesis import strategies as st

from relsim.scenario.names import (
    COOPERATION,
    PARAMETER_BOUNDS,
    SALIENCE,
    STANCE,
    TRAITS,
    WEIGHT,
)
from relsim.scenario.schema import DEFAULT_DOMAINS
from relsim.scenario.shipped import goldstein_weights
from relsim.scenario.values import LARGE, Bounds, Month, central

Data: TypeAlias = "dict[str, Any]"
Strategy: TypeAlias = "st.SearchStrategy[Any]"

CODES = ("PAK", "RUS", "IND", "NO", "on", "x_1")
DOMAINS = ("trade", "arms", "talk")
ISSUES = ("border", "off")
CONTEXTS = ("order", "oil")
EVENTS = ("visit", "flood", "crisis", "y")
START = Month(2020, 7)
MONTHS_PER_STEP = {"month": 1, "quarter": 3, "year": 12}
LIKELY = 2.0  # ordinary numbers lie within this, where their bounds are wider

THRESHOLD = Bounds("a threshold", -1, 1)
PUSH = Bounds("a size", -LARGE, LARGE)
SHARE = Bounds("a share", 0, 1)
ASKED = Bounds("a probability", 1e-9, 0.999)


def floats(low: float, high: float) -> Strategy:
    """A float that YAML writes and reads back as it is."""
    return st.floats(low, high, allow_nan=False, allow_infinity=False, allow_subnormal=False)


def certain(bounds: Bounds) -> Strategy:
    """A number in range: mostly ordinary, sometimes 0, minute or at an end of the range."""
    ordinary = floats(max(bounds.low, -LIKELY), min(bounds.high, LIKELY))
    low, high = max(bounds.low, -LARGE), min(bounds.high, LARGE)
    ends = [low, high, *(x for x in (0, 1e-9, 1) if low <= x <= high)]
    return ordinary | st.sampled_from(ends)


@st.composite
def uncertain(draw: st.DrawFn, bounds: Bounds) -> Data:
    """A distribution whose values lie in range, or are clipped to it."""
    kind = draw(st.sampled_from(["uniform", "triangular", "normal", "lognormal"]))
    values = certain(bounds)
    if kind == "uniform":
        return {kind: sorted([draw(values), draw(values)])}
    if kind == "triangular":
        return {kind: sorted([draw(values), draw(values), draw(values)])}
    spread = draw(floats(0, 3))
    middle = draw(values)
    if kind == "lognormal" and middle <= 0:
        return {"normal": [middle, spread]}
    return {kind: [middle, spread]}


def numbers(bounds: Bounds) -> Strategy:
    """A number in range, perhaps uncertain."""
    return st.one_of(certain(bounds), certain(bounds), uncertain(bounds))


def durations() -> Strategy:
    """A text such as ``9 months``."""
    amount = st.integers(1, 60) | floats(0.1, 9).map(lambda number: round(number, 3))
    unit = st.sampled_from(["month", "months", "quarters", "years"])
    return st.builds(lambda number, word: f"{number} {word}", amount, unit)


def whole_durations() -> Strategy:
    """A duration of whole months."""
    return st.builds(
        lambda number, word: f"{number} {word}",
        st.integers(1, 14),
        st.sampled_from(["months", "quarters", "years"]),
    )


def rates(least: float = 0) -> Strategy:
    """A text such as ``0.15 per year``."""
    amount = st.sampled_from([least, 0.15, 1, 500]) | floats(least, 9).map(lambda x: round(x, 3))
    unit = st.sampled_from(["month", "quarter", "year"])
    return st.builds(lambda number, word: f"{number} per {word}", amount, unit)


def uncertain_or(single: Strategy) -> Strategy:
    """A duration or rate, or a lognormal one; the others need an order or a unit more."""
    spread = floats(0, 2)
    return single | st.builds(lambda one, sd: {"lognormal": [one, sd]}, single, spread)


def months() -> Strategy:
    """A month in or somewhat outside every span that :func:`scenarios` gives."""
    return st.integers(-6, 90).map(lambda after: str(START.plus(after)))


def optional(strategies: dict[str, Strategy]) -> Strategy:
    """A map with some of these keys."""
    return st.fixed_dictionaries({}, optional=strategies)


class Names:
    """The names that one scenario has, for its parts to refer to."""

    def __init__(
        self,
        states: list[str],
        domains: list[str],
        issues: list[str],
        contexts: list[str],
        events: list[str],
    ) -> None:
        self.states = states
        self.domains = domains
        self.issues = issues
        self.contexts = contexts
        self.events = events

    def pairs(self) -> Strategy:
        """Two states."""
        return st.lists(st.sampled_from(self.states), min_size=2, max_size=2, unique=True)

    def ties(self) -> Strategy:
        """A tie as an effect or a condition names it."""
        domain = st.just("") | st.sampled_from(self.domains).map(lambda name: f".{name}")
        return st.builds(
            lambda pair, sign, end: f"{pair[0]}{sign}{pair[1]}{end}",
            self.pairs(),
            st.sampled_from("->"),
            domain,
        )


@st.composite
def scenarios(draw: st.DrawFn) -> Data:
    """A valid scenario of two to five states over 12 to 24 steps, as plain data."""
    names = draw(_names())
    states = {code: draw(_state(names, code)) for code in names.states}
    data: Data = {"relsim": 1, "name": draw(texts(1)), "time": draw(_time()), "states": states}
    data["ensemble"] = draw(
        optional({"runs": st.integers(1, 10_000), "seed": st.integers(0, 2**63 - 1)})
    )
    if names.domains != list(DEFAULT_DOMAINS):
        data["domains"] = draw(_domains(names.domains))
    if names.contexts:
        data["context"] = {name: draw(_context()) for name in names.contexts}
    if names.issues:
        data["issues"] = {name: draw(_issue()) for name in names.issues}
    if draw(st.booleans()):
        data["reference"] = draw(optional({code: _interests(names, code) for code in names.states}))
    data["ties"] = draw(_ties(names, states, data.get("reference", {})))
    if draw(st.booleans()):
        data["parameters"] = draw(_parameters())
    if names.events:
        data["events"] = {name: draw(_event(names)) for name in names.events}
    if draw(st.booleans()):
        data["claims"] = {"first": draw(claims(names, data["time"], numbers(THRESHOLD)))}
    if draw(st.booleans()):
        data["watch"] = [f"{a}-{b}" for a, b in draw(st.lists(names.pairs(), max_size=3))]
    return data


def texts(least: int = 0) -> Strategy:
    """Words that a person might write, YAML's own words among them."""
    return st.text(
        st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs")),
        min_size=least,
        max_size=12,
    ) | st.sampled_from(["NO", "yes", "12:30", "2020-07-01", "062", "1e3", "~", "null", "=", "<<"])


@st.composite
def _names(draw: st.DrawFn) -> Names:
    def some(known: tuple[str, ...], least: int, most: int) -> list[str]:
        chosen: list[str] = draw(
            st.lists(st.sampled_from(known), min_size=least, max_size=most, unique=True)
        )
        return chosen

    domains = some(DOMAINS, 1, 3) if draw(st.booleans()) else list(DEFAULT_DOMAINS)
    return Names(
        some(CODES, 2, 5), domains, some(ISSUES, 0, 2), some(CONTEXTS, 0, 2), some(EVENTS, 0, 4)
    )


@st.composite
def _time(draw: st.DrawFn) -> Data:
    step = draw(st.sampled_from(list(MONTHS_PER_STEP)))
    length = draw(st.integers(12, 24)) * MONTHS_PER_STEP[step]
    return {"start": str(START), "end": str(START.plus(length)), "step": step}


@st.composite
def _domains(draw: st.DrawFn, names: list[str]) -> Any:
    if draw(st.booleans()):
        return names
    weight = numbers(Bounds("a domain weight", 0.01, LARGE))
    one = weight | st.builds(
        lambda number, label: {"weight": number, "label": label}, weight, texts()
    )
    return {name: draw(one) for name in names}


@st.composite
def _context(draw: st.DrawFn) -> Any:
    value = numbers(Bounds("a context variable", -LARGE, LARGE))
    if draw(st.booleans()):
        return draw(value)
    return {"start": draw(value), **draw(optional({"end": value, "label": texts()}))}


def _issue() -> Strategy:
    return st.fixed_dictionaries({"minus": texts(), "plus": texts()}, optional={"label": texts()})


@st.composite
def _state(draw: st.DrawFn, names: Names, code: str) -> Any:
    if draw(st.integers(0, 9)) == 0:
        return draw(st.sampled_from([None, {}]))
    parts = {
        "name": texts(),
        "traits": optional({name: numbers(PARAMETER_BOUNDS[name]) for name in TRAITS}),
    }
    return {**draw(optional(parts)), **draw(_interests(names, code))}


def _interests(names: Names, code: str) -> Strategy:
    """What a state is after and its means, perhaps: as they are, or as the opening was read."""
    others = [other for other in names.states if other != code]
    weight = numbers(WEIGHT)
    fades = (
        optional({"fades_with": st.sampled_from(names.contexts)})
        if names.contexts
        else (st.just({}))
    )
    interest = weight | st.builds(lambda one, more: {"weight": one, **more}, weight, fades)
    stand = st.fixed_dictionaries({"stance": numbers(STANCE), "salience": numbers(SALIENCE)})
    return optional(
        {
            "ties": optional(dict.fromkeys(others, interest)),
            "issues": optional(dict.fromkeys(names.issues, stand)),
            "capacity": optional(dict.fromkeys(names.domains, numbers(SHARE))),
        }
    )


@st.composite
def _ties(draw: st.DrawFn, names: Names, states: Data, reference: Data) -> Data:
    """Opening levels that the two states of each could afford by the reference."""
    ties: Data = {}
    for i, one in enumerate(names.states):
        for other in names.states[i + 1 :]:
            for name in draw(_tie_names(one, other)):
                ceiling = _ceilings(names, states, reference, one, other)
                ties[name] = draw(_levels(ceiling))
    return ties


def _tie_names(one: str, other: str) -> Strategy:
    forth, back = f"{one}>{other}", f"{other}>{one}"
    both = st.sampled_from([f"{one}-{other}", f"{other}-{one}"])
    return st.one_of(
        st.just([]),
        both.map(lambda name: [name]),
        st.lists(st.sampled_from([forth, back]), unique=True),
        both.map(lambda name: [name, back]),
    )


def _ceilings(
    names: Names, states: Data, reference: Data, one: str, other: str
) -> dict[str, float]:
    """The highest opening level that both states can afford, by domain."""
    capacities: list[Data] = [
        {
            **(states[code] or {}).get("capacity", {}),
            **reference.get(code, {}).get("capacity", {}),
        }
        for code in (one, other)
    ]
    return {
        domain: min(central(SHARE.read(means.get(domain, 1.0))) for means in capacities)
        for domain in names.domains
    }


@st.composite
def _levels(draw: st.DrawFn, ceiling: dict[str, float]) -> Any:
    if draw(st.booleans()):
        return draw(_level(min(ceiling.values())))
    named = [domain for domain in ceiling if draw(st.booleans())]
    levels: Data = {domain: draw(_level(ceiling[domain])) for domain in named}
    rest = [top for domain, top in ceiling.items() if domain not in levels]
    if draw(st.booleans()) and rest:
        levels["overall"] = draw(_level(min(rest)))
    return levels


@st.composite
def _level(draw: st.DrawFn, ceiling: float) -> Any:
    """A level whose middle value is at most the ceiling; its draws may lie above."""
    level = draw(numbers(COOPERATION))
    return level if central(COOPERATION.read(level)) <= ceiling else ceiling


def _parameters() -> Strategy:
    own = {name: numbers(bounds) for name, bounds in PARAMETER_BOUNDS.items()}
    half_lives = dict.fromkeys(("half_life", "history_half_life"), uncertain_or(durations()))
    return optional({**own, **half_lives})


@st.composite
def _condition(draw: st.DrawFn, names: Names) -> Data:
    subjects: list[Callable[[], Data]] = [lambda: {"tie": draw(names.ties())}]
    if names.contexts:
        subjects.append(lambda: {"context": draw(st.sampled_from(names.contexts))})
    if names.events:
        subjects.append(lambda: {"event": draw(st.sampled_from(names.events))})
    subject = draw(st.sampled_from(subjects))()
    if "event" in subject:
        return subject
    return {**subject, draw(st.sampled_from(["above", "below"])): draw(numbers(THRESHOLD))}


@st.composite
def _effect(draw: st.DrawFn, names: Names) -> Data:
    kind = draw(st.sampled_from(["pulse", "shift", "set", "add"]))
    effect: Data
    if kind == "pulse":
        sizes = [{"size": numbers(PUSH)}, {"cameo": st.sampled_from(list(goldstein_weights()))}]
        chosen = draw(st.sampled_from([*sizes, {**sizes[0], **sizes[1]}]))
        effect = {kind: draw(names.ties()), **draw(st.fixed_dictionaries(chosen))}
        more = {"half_life": uncertain_or(durations()), "lasting": numbers(SHARE)}
        effect |= draw(optional(more))
    elif kind == "shift":
        effect = {kind: draw(names.ties()), "size": draw(numbers(PUSH))}
    else:
        path, bounds = draw(st.sampled_from(_number_paths(names)))
        effect = {kind: path}
        effect |= {"to": draw(numbers(bounds))} if kind == "set" else {"by": draw(numbers(PUSH))}
    if draw(st.integers(0, 2)) == 0:
        effect["only_if"] = draw(_condition(names))
    return effect


def _number_paths(names: Names) -> list[tuple[str, Bounds]]:
    """Every number that an event may change, with its range."""
    large = Bounds("", -LARGE, LARGE)
    paths = [(f"parameters.{name}", bounds) for name, bounds in PARAMETER_BOUNDS.items()]
    paths += [(f"context.{name}", large) for name in names.contexts]
    for code in names.states:
        paths += [(f"{code}.traits.{name}", PARAMETER_BOUNDS[name]) for name in TRAITS]
        paths += [(f"states.{code}.capacity", SHARE)]
        paths += [(f"{code}.capacity.{domain}", SHARE) for domain in names.domains]
        for issue in names.issues:
            paths += [(f"{code}.issues.{issue}.stance", THRESHOLD)]
            paths += [(f"{code}.issues.{issue}.salience", SALIENCE)]
        for other in names.states:
            if other != code:
                paths += [(f"{code}.ties.{other}", WEIGHT)]
    return paths


@st.composite
def _event(draw: st.DrawFn, names: Names) -> Data:
    timing = draw(st.sampled_from(["at", "every", "chance", "when", "chance when"]))
    event: Data = {}
    if timing == "at":
        event["at"] = draw(months() | st.lists(months(), min_size=1, max_size=4))
    else:
        event |= draw(optional({"from": months(), "until": months()}))
        if "from" in event and "until" in event:
            event["from"], event["until"] = sorted([event["from"], event["until"]])
    if timing == "every":
        event["every"] = draw(whole_durations())
    if timing.startswith("chance"):
        event["chance"] = draw(rates() | uncertain_or(rates(0.001)))
    if timing.endswith("when"):
        event["when"] = draw(_condition(names))
    more = {"off": st.booleans(), "at_most": st.integers(1, 3), "label": texts(), "about": texts()}
    event |= draw(optional(more))
    event["effects"] = draw(st.lists(_effect(names), max_size=4))
    return event


@st.composite
def claims(draw: st.DrawFn, names: Names, time: Data, threshold: Strategy) -> Data:
    """A claim on what may happen between the start and the end of ``time``."""
    kind = draw(st.sampled_from(["level", "change", "order", "reach", "halfway"]))
    ties = names.ties().map(lambda tie: tie.replace(">", "-"))
    expect: Data = {kind: [draw(ties), draw(ties)] if kind == "order" else draw(ties)}
    if kind == "order":
        expect |= draw(optional({"of": st.sampled_from(["level", "change"])}))
    elif kind == "halfway":
        expect |= draw(_bounds("after", "before", time["start"], time["end"]))
    elif kind == "reach":
        expect[draw(st.sampled_from(["above", "below"]))] = draw(threshold)
    else:
        low, high = draw(st.lists(threshold, min_size=2, max_size=2, unique_by=_middle))
        expect |= draw(_bounds("above", "below", *sorted([low, high], key=_middle)))
    whens = {"reach": ["", "by"], "halfway": [""]}
    when = draw(st.sampled_from(whens.get(kind, ["", "at", "by"])))
    if when:
        months = {"at": [time["start"], time["end"]], "by": [time["end"]]}
        expect[when] = draw(st.sampled_from(months[when]))
    return {"says": draw(texts()), "expect": expect, "probability": draw(certain(ASKED))}


def _bounds(low: str, high: str, least: Any, most: Any) -> Strategy:
    """A lower bound, an upper one, or both."""
    return st.sampled_from([{low: least}, {high: most}, {low: least, high: most}])


def _middle(number: Any) -> float:
    return central(THRESHOLD.read(number))
