"""A made-up world of states, drawn at random from a seed.

It serves to learn, to teach and to test at scale; nothing in it is data. How it is built:

- States lie scattered in regions, and the regions on a ring. Sizes fall with rank as rank^-0.7, for
  national capabilities are very unequal. The largest states are great powers, in different
  regions as far as there are enough.
- The great powers stand in two camps in turn. Six in ten of the others follow one of them, with
  odds by its size over its distance; the rest are non-aligned. Within a camp ties are good and
  across camps bad: structural balance, but for the non-aligned.
- Close neighbours that share no camp are rivals, about one pair for every six states of a region.
- Ties are those with leaders, rivals, the largest state of the region and among great powers, then
  those that size over distance makes strongest, up to five for each state. All others are 0.

Only ``random()`` of a seeded generator is used, which Python keeps the same between versions.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations, islice
from random import Random

FEWEST, MOST = 3, 300
REGION = 12  # states in a region, about
GREAT_POWERS = (2, 6)  # fewest and most
TIES_PER_STATE = 5
ALIGNED = 0.6  # share of states that follow a great power


@dataclass(frozen=True)
class DrawnState:
    """A state: where it lies, how large it is (1: the largest), whether it is a great power."""

    code: str
    region: int
    point: tuple[float, float]
    size: float
    great: bool


Pair = tuple[DrawnState, DrawnState]


@dataclass(frozen=True)
class DrawnWorld:
    """States in the order of their codes, and for each the great power that it follows, if any."""

    states: tuple[DrawnState, ...]
    leaders: dict[str, DrawnState]
    sides: dict[str, int]

    @cached_property
    def great_powers(self) -> tuple[DrawnState, ...]:
        """The largest first."""
        return tuple(sorted((state for state in self.states if state.great), key=largest_first))

    @cached_property
    def rivals(self) -> tuple[Pair, ...]:
        """Close neighbours that share no camp, the closest first."""
        pairs: list[Pair] = []
        for region in self.regions:
            close = sorted(combinations(region, 2), key=lambda pair: _distance(*pair))
            apart = (p for p in close if not self.share_a_camp(*p) and not both_great(*p))
            pairs += islice(apart, max(1, len(region) // 6))
        return tuple(sorted(pairs, key=lambda pair: (_distance(*pair), pair[0].code)))

    @cached_property
    def rival_codes(self) -> frozenset[tuple[str, str]]:
        """The same by their codes."""
        return frozenset((first.code, second.code) for first, second in self.rivals)

    @cached_property
    def regions(self) -> tuple[tuple[DrawnState, ...], ...]:
        """The states of each region."""
        numbers = sorted({state.region for state in self.states})
        return tuple(tuple(s for s in self.states if s.region == number) for number in numbers)

    @cached_property
    def heads(self) -> tuple[DrawnState, ...]:
        """The largest state of each region."""
        return tuple(min(region, key=largest_first) for region in self.regions)

    def share_a_camp(self, first: DrawnState, second: DrawnState) -> bool:
        """Whether both stand on the same side, and on one at all."""
        return self.sides[first.code] * self.sides[second.code] > 0

    def kind(self, first: DrawnState, second: DrawnState) -> str:
        """What the two are to each other: a kind of tie."""
        product = self.sides[first.code] * self.sides[second.code]
        if (first.code, second.code) in self.rival_codes:
            return "rivals"
        if self.leaders.get(first.code) == second or self.leaders.get(second.code) == first:
            return "leader"
        if product < 0:
            return "great rivals" if both_great(first, second) else "adversaries"
        return "allies" if product > 0 else "others"

    @cached_property
    def pairs(self) -> tuple[Pair, ...]:
        """The pairs that have a tie, in the order of their codes."""
        needed = [pair for pair in combinations(self.states, 2) if self._has_to_have_tie(*pair)]
        by_pull = sorted(combinations(self.states, 2), key=lambda pair: -_pull(*pair))
        wanted = dict.fromkeys([*needed, *by_pull])
        most = max(len(needed), TIES_PER_STATE * len(self.states))
        return tuple(sorted(islice(wanted, most), key=lambda pair: (pair[0].code, pair[1].code)))

    def _has_to_have_tie(self, first: DrawnState, second: DrawnState) -> bool:
        head = self.heads[first.region]
        neighbours = first.region == second.region and head in (first, second)
        return (
            neighbours
            or both_great(first, second)
            or self.kind(first, second) in ("leader", "rivals")
        )


def draw_world(count: int, chance: Random) -> DrawnWorld:
    """A world of so many states.

    Raises:
        ValueError: fewer than FEWEST or more than MOST.
    """
    if not FEWEST <= count <= MOST:
        raise ValueError(f"A world has {FEWEST} to {MOST} states; this is {count}.")
    states = tuple(_drawn_states(count, chance))
    great = sorted((state for state in states if state.great), key=largest_first)
    sides = {state.code: 0 for state in states}
    sides |= {power.code: 1 if rank % 2 == 0 else -1 for rank, power in enumerate(great)}
    leaders: dict[str, DrawnState] = {}
    for state in states:
        if not state.great and chance.random() < ALIGNED:
            leader = _chosen(great, [_pull(power, state) for power in great], chance)
            leaders[state.code] = leader
            sides[state.code] = sides[leader.code]
    return DrawnWorld(states, leaders, sides)


def _chosen(powers: list[DrawnState], odds: list[float], chance: Random) -> DrawnState:
    """One of them by odds."""
    left = chance.random() * sum(odds)
    for power, share in zip(powers, odds, strict=True):
        left -= share
        if left < 0:
            return power
    return powers[-1]


def _drawn_states(count: int, chance: Random) -> Iterator[DrawnState]:
    """States region by region; great powers come first in regions spread over the ring."""
    regions = max(1, round(count / REGION))
    least, most = GREAT_POWERS
    great = min(most, least + count // 60)
    firsts = [point * count // great for point in range(great)]
    others = [number for number in range(count) if number not in firsts]
    # Fisher and Yates; ``Random.shuffle`` may differ between versions of Python.
    for last in range(len(others) - 1, 0, -1):
        second = int(chance.random() * (last + 1))
        others[last], others[second] = others[second], others[last]
    ranks = {number: rank for rank, number in enumerate([*firsts, *others])}
    within: dict[int, int] = {}
    for number in range(count):
        region = number * regions // count
        within[region] = within.get(region, 0) + 1
        yield DrawnState(
            code=f"{chr(ord('A') + region)}{within[region]:02d}",
            region=region,
            point=_place(region, regions, chance),
            size=(ranks[number] + 1) ** -0.7,
            great=ranks[number] < great,
        )


def _place(region: int, regions: int, chance: Random) -> tuple[float, float]:
    """A point within 0.4 of the centre of a region; the centres are one apart, on a ring."""
    ring = max(1.0, regions / (2 * math.pi))
    turn = 2 * math.pi * region / regions
    away, angle = 0.4 * math.sqrt(chance.random()), 2 * math.pi * chance.random()
    x = ring * math.cos(turn) + away * math.cos(angle)
    return x, ring * math.sin(turn) + away * math.sin(angle)


def _distance(first: DrawnState, second: DrawnState) -> float:
    return math.dist(first.point, second.point)


def _pull(first: DrawnState, second: DrawnState) -> float:
    """How strongly size draws two states over distance, as in gravity models of trade."""
    return first.size * second.size / (0.2 + _distance(first, second))


def both_great(first: DrawnState, second: DrawnState) -> bool:
    """Whether both are great powers."""
    return first.great and second.great


def largest_first(state: DrawnState) -> float:
    """A key to sort by."""
    return -state.size


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
    issues = ["issues:", "  order: {minus: one camp's order, plus: the other camp's order}"]
    for first, second in _disputed(world):
        sides = f"{{minus: with {first.code}, plus: with {second.code}}}"
        issues.append(f"  {_dispute(first, second)}: {sides}")
    sections = [
        _head(states, seed, world),
        issues,
        _states(world),
        _ties(world, chance),
        _events(world),
        _claims(world),
    ]
    return "\n".join("\n".join(lines) + "\n" for lines in sections)


def _head(count: int, seed: int, world: DrawnWorld) -> list[str]:
    step = "quarter" if count >= LONG_STEPS_FROM else "month"
    powers = ", ".join(power.code for power in world.great_powers)
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


def _disputed(world: DrawnWorld) -> tuple[Pair, ...]:
    """The rivals with a dispute of their own."""
    return world.rivals[:DISPUTES]


def _dispute(first: DrawnState, second: DrawnState) -> str:
    return f"dispute_{first.code}_{second.code}"


def _states(world: DrawnWorld) -> list[str]:
    lines = [
        "# ties: positive, from whom it takes its cue; negative, whose friends it mistrusts.",
        "# A state's sizes add up to 1 at most.",
        "states:",
    ]
    for state in world.states:
        role = "  # non-aligned"
        if state.great:
            role = f"  # great power of camp {_camp(world, state)}"
        elif state.code in world.leaders:
            role = f"  # camp {_camp(world, state)}, follows {world.leaders[state.code].code}"
        ceiling = _ceiling(state)  # small states can afford less
        limited = ("economic", "defence") if ceiling < 1 else ()
        parts = {
            "ties": _flow(_interests(world, state)),
            "issues": _flow(_stances(world, state)),
            "capacity": _flow((domain, f"{ceiling:g}") for domain in limited),
        }
        lines.append(f"  {state.code}:{role}")
        lines += [f"    {key}: {text}" for key, text in parts.items() if text]
    return lines


def _camp(world: DrawnWorld, state: DrawnState) -> str:
    return "one" if world.sides[state.code] > 0 else "two"


def _interests(world: DrawnWorld, state: DrawnState) -> Iterator[tuple[str, str]]:
    """The few ties that a state minds, with their signed weights, which share its attention."""
    minded = _rivals_and_leaders(world, state)
    head = world.heads[state.region]
    if head != state:
        hostile = world.kind(*sorted((state, head), key=lambda state: state.code)) == "adversaries"
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
        for second in world.great_powers:
            if second != state:
                minded[second.code] = 0.3 if world.share_a_camp(state, second) else -0.6
    elif state.code in world.leaders:
        minded[world.leaders[state.code].code] = 0.5
    for first, second in world.rivals:
        if state in (first, second):
            minded[(second if state == first else first).code] = -0.6
    return minded


def _stances(world: DrawnWorld, state: DrawnState) -> Iterator[tuple[str, str]]:
    """Sides in the world order and in the disputes of the region."""
    side = world.sides[state.code]
    if side:
        strength = (0.9, 0.6) if state.great else (0.6, 0.3)
        yield "order", f"{{stance: {-side * strength[0]:g}, salience: {strength[1]:g}}}"
    for first, second in _disputed(world):
        if state in (first, second):
            stance, salience = -1.0 if state == first else 1.0, 0.4
        elif state.region == first.region:  # half of it where it shares a camp with one of them
            apart = world.share_a_camp(state, second) - world.share_a_camp(state, first)
            stance, salience = 0.5 * apart, 0.2
        else:
            continue
        if stance:
            yield _dispute(first, second), f"{{stance: {stance:g}, salience: {salience:g}}}"


def _ceiling(state: DrawnState) -> float:
    return min(1.0, _rounded(0.5 + 2 * state.size))


def _ties(world: DrawnWorld, chance: Random) -> list[str]:
    lines = [
        "# Opening: -0.6 rivalry, -0.3 sanctions, 0.2 normal, 0.4 programmes, 0.6 partnership.",
        "ties:",
    ]
    for first, second in world.pairs:
        level, more = LEVELS[world.kind(first, second)]
        highest = AFFORDABLE * min(_ceiling(first), _ceiling(second))
        overall = min(level + SPREAD * (2 * chance.random() - 1), highest)
        defence = min(overall + more, highest)
        levels = f"{{overall: {_rounded(overall):g}, defence: {_rounded(defence):g}}}"
        lines.append(f"  {first.code}-{second.code}: {levels}")
    return lines


def _rounded(number: float) -> float:
    """To steps of 0.05, towards 0: as finely as a coder can judge."""
    return math.trunc(round(number * 20, 6)) / 20 + 0.0  # no -0


def _events(world: DrawnWorld) -> list[str]:
    """Crises weigh -10 and thaws +8 on the scale, so thaws are as much more frequent."""
    power, opponent = world.great_powers[:2]
    lines = ["events:"]
    for first, second in world.rivals[: 2 * DISPUTES]:
        tie = f"{first.code}-{second.code}"
        name = f"{first.code}_{second.code}"
        lines += _event(f"crisis_{name}", "[0.10 per year, 0.30 per year]", f"{tie}, cameo: '190'")
        lines += _event(f"thaw_{name}", "[0.125 per year, 0.375 per year]", f"{tie}, cameo: '057'")
    tie = f"{power.code}-{opponent.code}"
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
    power, opponent = world.great_powers[:2]
    watched = [
        f"{power.code}-{opponent.code}",
        *(f"{a.code}-{b.code}" for a, b in world.rivals[:5]),
    ]
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
