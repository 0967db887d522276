"""A made-up world as a scenario file: what ``relsim new --world`` writes.

A state minds few others: it takes its cue from its leader, and from the largest state of its region
where that is no adversary; it mistrusts whom its rivals befriend. Camps take sides on
the world order; rivals, and their neighbours in a camp, on up to four local disputes. Crises and
thaws of the rivals and meetings of the great powers happen by chance, in balance.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from random import Random

from relsim.scenario.world import DrawnState, DrawnWorld, Pair, draw_world

DISPUTES = 4  # at most
LONG_STEPS_FROM = 61  # so many states take steps of a quarter

# Where ties open, by kind: level, and how much defence differs. On the anchors of the format.
LEVELS = {
    "leader": (0.55, 0.10),  # close to a strategic partnership, closer in defence
    "allies": (0.40, 0.00),  # regular programmes
    "others": (0.20, -0.15),  # normal, little defence
    "adversaries": (-0.25, -0.15),  # sanctions, recalled envoys
    "great rivals": (-0.45, -0.15),  # between that and rivalry
    "rivals": (-0.60, -0.15),  # rivalry
}
SPREAD = 0.1  # of levels around those: what two coders differ by
AFFORDABLE = 0.8  # of the lower ceiling: no tie opens above it


def world_text(states: int, seed: int = 0) -> str:
    """A scenario of a made-up world, as YAML.

    Args:
        states: how many, 3 to 300.
        seed: another seed, another world; the same one, the same text.

    Raises:
        ValueError: too few or too many states.
    """
    chance = Random(seed)  # noqa: S311 (a simulation, no secret)
    world = draw_world(states, chance)
    sections = [
        _head(states, seed, world),
        _issues(world),
        _states(world),
        _ties(world, chance),
        _events(world),
        _claims(world),
    ]
    return "\n".join("\n".join(lines) + "\n" for lines in sections)


def _head(count: int, seed: int, world: DrawnWorld) -> list[str]:
    step = "quarter" if count >= LONG_STEPS_FROM else "month"
    powers = ", ".join(one.code for one in world.great_powers)
    return [
        f"# A made-up world of {count} states. Nothing here is data: it was drawn at random by",
        f"#   relsim new --world {count} --seed {seed} FILE",
        "# The letter of a state is its region. The same command writes the same file.",
        "relsim: 1",
        f"name: Made-up world of {count} states",
        f"about: Drawn at random with seed {seed}. Two camps, led by {powers}.",
        "",
        f"time: {{start: 2025-01, end: 2035-01, step: {step}}}",
        f"ensemble: {{runs: 200, seed: {seed}}}",
    ]


def _issues(world: DrawnWorld) -> list[str]:
    lines = ["issues:", "  order: {minus: one camp's order, plus: the other camp's order}"]
    for one, other in _disputed(world):
        lines.append(
            f"  {_dispute(one, other)}: {{minus: with {one.code}, plus: with {other.code}}}"
        )
    return lines


def _disputed(world: DrawnWorld) -> tuple[Pair, ...]:
    """The rivals with a dispute of their own."""
    return world.rivals[:DISPUTES]


def _dispute(one: DrawnState, other: DrawnState) -> str:
    return f"dispute_{one.code}_{other.code}"


def _states(world: DrawnWorld) -> list[str]:
    lines = [
        "# ties: positive, from whom it takes its cue; negative, whose friends it mistrusts.",
        "# A state's sizes add up to 1 at most.",
        "states:",
    ]
    for state in world.states:
        parts = {
            "ties": _flow(_interests(world, state)),
            "issues": _flow(_stances(world, state)),
            "capacity": _flow(_capacity(state)),
        }
        lines.append(f"  {state.code}:{_role(world, state)}")
        lines += [f"    {key}: {text}" for key, text in parts.items() if text]
    return lines


def _role(world: DrawnWorld, state: DrawnState) -> str:
    if state.great:
        return f"  # great power of camp {_camp(world, state)}"
    if state.code in world.leaders:
        return f"  # camp {_camp(world, state)}, follows {world.leaders[state.code].code}"
    return "  # non-aligned"


def _camp(world: DrawnWorld, state: DrawnState) -> str:
    return "one" if world.sides[state.code] > 0 else "two"


def _interests(world: DrawnWorld, state: DrawnState) -> Iterator[tuple[str, str]]:
    """The few ties that a state minds, with their signed weights, which share its attention."""
    minded = _rivals_and_leaders(world, state)
    head = world.heads[state.region]
    if head != state:
        hostile = world.kind(*sorted((state, head), key=lambda one: one.code)) == "adversaries"
        minded.setdefault(head.code, -0.3 if hostile else 0.3)
    share = 1 / max(1.0, sum(abs(weight) for weight in minded.values()))
    leader = world.leaders.get(state.code)
    for code, weight in minded.items():
        size = weight * share
        if leader is not None and code == leader.code:
            yield code, f"{{uniform: [{0.8 * size:.2f}, {1.2 * size:.2f}]}}"
        else:
            yield code, f"{size:.2f}"


def _rivals_and_leaders(world: DrawnWorld, state: DrawnState) -> dict[str, float]:
    """Weights before they share the state's attention: 0.3 notable, 0.6 strong."""
    minded: dict[str, float] = {}
    if state.great:
        for other in world.great_powers:
            if other != state:
                minded[other.code] = 0.3 if world.share_a_camp(state, other) else -0.6
    elif state.code in world.leaders:
        minded[world.leaders[state.code].code] = 0.5
    for one, other in world.rivals:
        if state in (one, other):
            minded[(other if state == one else one).code] = -0.6
    return minded


def _stances(world: DrawnWorld, state: DrawnState) -> Iterator[tuple[str, str]]:
    """Sides in the world order and in the disputes of the region."""
    side = world.sides[state.code]
    if side:
        strength = (0.9, 0.6) if state.great else (0.6, 0.3)
        yield "order", f"{{stance: {-side * strength[0]:g}, salience: {strength[1]:g}}}"
    for one, other in _disputed(world):
        stance = _side_in(world, state, one, other)
        if stance:
            salience = 0.4 if state in (one, other) else 0.2
            yield _dispute(one, other), f"{{stance: {stance:g}, salience: {salience:g}}}"


def _side_in(world: DrawnWorld, state: DrawnState, one: DrawnState, other: DrawnState) -> float:
    """-1 and 1 of the two; half of it of their neighbours who share a camp with one of them."""
    if state in (one, other):
        return -1.0 if state == one else 1.0
    if state.region != one.region:
        return 0.0
    return 0.5 * (world.share_a_camp(state, other) - world.share_a_camp(state, one))


def _capacity(state: DrawnState) -> Iterator[tuple[str, str]]:
    """Small states can afford less: from 1 down to a little over 0.5."""
    ceiling = _ceiling(state)
    if ceiling < 1:
        yield from ((domain, f"{ceiling:g}") for domain in ("economic", "defence"))


def _ceiling(state: DrawnState) -> float:
    return min(1.0, _rounded(0.5 + 2 * state.size))


def _ties(world: DrawnWorld, chance: Random) -> list[str]:
    lines = [
        "# Opening: -0.6 rivalry, -0.3 sanctions, 0.2 normal, 0.4 programmes, 0.6 partnership.",
        "ties:",
    ]
    for one, other in world.pairs:
        level, more = LEVELS[world.kind(one, other)]
        highest = AFFORDABLE * min(_ceiling(one), _ceiling(other))
        overall = min(level + SPREAD * (2 * chance.random() - 1), highest)
        defence = min(overall + more, highest)
        levels = f"{{overall: {_rounded(overall):g}, defence: {_rounded(defence):g}}}"
        lines.append(f"  {one.code}-{other.code}: {levels}")
    return lines


def _rounded(number: float) -> float:
    """To steps of 0.05, towards 0: as finely as a coder can judge."""
    return math.trunc(round(number * 20, 6)) / 20 + 0.0  # no -0


def _events(world: DrawnWorld) -> list[str]:
    """Crises weigh -10 and thaws +8 on the scale, so thaws are as much more frequent."""
    first, second = world.great_powers[:2]
    lines = ["events:"]
    for one, other in world.rivals[: 2 * DISPUTES]:
        tie = f"{one.code}-{other.code}"
        name = f"{one.code}_{other.code}"
        lines += _event(f"crisis_{name}", "[0.10 per year, 0.30 per year]", f"{tie}, cameo: '190'")
        lines += _event(f"thaw_{name}", "[0.125 per year, 0.375 per year]", f"{tie}, cameo: '057'")
    tie = f"{first.code}-{second.code}"
    lines += _event("quarrel", "[0.2 per year, 0.4 per year]", f"{tie}.diplomatic, cameo: '163'")
    lines += _event("summit", "[0.2 per year, 0.4 per year]", f"{tie}.diplomatic, cameo: '057'")
    lines += [
        "  detente:",
        "    off: true  # a lever: --set events.detente.off=false",
        "    at: 2027-01",
        f"    effects: [{{shift: {tie}, size: 0.3}}]",
    ]
    return lines


def _event(name: str, rates: str, pulse: str) -> list[str]:
    return [
        f"  {name}:",
        f"    chance: {{uniform: {rates}}}",
        f"    effects: [{{pulse: {pulse}, half_life: 9 months}}]",
    ]


def _claims(world: DrawnWorld) -> list[str]:
    first, second = world.great_powers[:2]
    watched = [f"{first.code}-{second.code}", *(f"{a.code}-{b.code}" for a, b in world.rivals[:5])]
    return [
        "claims:",
        "  camps_hold:",
        "    says: The two greatest powers stay at odds.",
        f"    expect: {{level: {watched[0]}, below: 0}}",
        "    probability: 0.8",
        "",
        f"watch: [{', '.join(watched)}]",
    ]


def _flow(entries: Iterator[tuple[str, str]]) -> str:
    """A map on one line; empty where there is nothing in it."""
    text = ", ".join(f"{key}: {value}" for key, value in entries)
    return f"{{{text}}}" if text else ""
