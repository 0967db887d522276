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
    place: tuple[float, float]
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
        return tuple(sorted((one for one in self.states if one.great), key=largest_first))

    @cached_property
    def rivals(self) -> tuple[Pair, ...]:
        """Close neighbours that share no camp, the closest first."""
        found = [pair for region in self.regions for pair in self._rivals_in(region)]
        return tuple(sorted(found, key=lambda pair: (_distance(*pair), pair[0].code)))

    def _rivals_in(self, region: tuple[DrawnState, ...]) -> Iterator[Pair]:
        close = sorted(combinations(region, 2), key=lambda pair: _distance(*pair))
        apart = (pair for pair in close if not self.share_a_camp(*pair) and not both_great(*pair))
        return islice(apart, max(1, len(region) // 6))

    @cached_property
    def rival_codes(self) -> frozenset[tuple[str, str]]:
        """The same by their codes."""
        return frozenset((one.code, other.code) for one, other in self.rivals)

    @cached_property
    def regions(self) -> tuple[tuple[DrawnState, ...], ...]:
        """The states of each region."""
        numbers = sorted({one.region for one in self.states})
        return tuple(tuple(s for s in self.states if s.region == number) for number in numbers)

    @cached_property
    def heads(self) -> tuple[DrawnState, ...]:
        """The largest state of each region."""
        return tuple(min(region, key=largest_first) for region in self.regions)

    def share_a_camp(self, one: DrawnState, other: DrawnState) -> bool:
        """Whether both stand on the same side, and on one at all."""
        return self.sides[one.code] * self.sides[other.code] > 0

    def kind(self, one: DrawnState, other: DrawnState) -> str:
        """What the two are to each other: a kind of tie."""
        product = self.sides[one.code] * self.sides[other.code]
        if (one.code, other.code) in self.rival_codes:
            return "rivals"
        if self.leaders.get(one.code) == other or self.leaders.get(other.code) == one:
            return "leader"
        if product < 0:
            return "great rivals" if both_great(one, other) else "adversaries"
        return "allies" if product > 0 else "others"

    @cached_property
    def pairs(self) -> tuple[Pair, ...]:
        """The pairs that have a tie, in the order of their codes."""
        needed = [pair for pair in combinations(self.states, 2) if self._has_to_have_tie(*pair)]
        by_pull = sorted(combinations(self.states, 2), key=lambda pair: -_pull(*pair))
        wanted = dict.fromkeys([*needed, *by_pull])
        most = max(len(needed), TIES_PER_STATE * len(self.states))
        return tuple(sorted(islice(wanted, most), key=lambda pair: (pair[0].code, pair[1].code)))

    def _has_to_have_tie(self, one: DrawnState, other: DrawnState) -> bool:
        head = self.heads[one.region]
        neighbours = one.region == other.region and head in (one, other)
        return neighbours or both_great(one, other) or self.kind(one, other) in ("leader", "rivals")


def draw_world(count: int, chance: Random) -> DrawnWorld:
    """A world of so many states.

    Raises:
        ValueError: fewer than FEWEST or more than MOST.
    """
    if not FEWEST <= count <= MOST:
        raise ValueError(f"A world has {FEWEST} to {MOST} states; this is {count}.")
    states = tuple(_drawn_states(count, chance))
    great = sorted((one for one in states if one.great), key=largest_first)
    sides = {one.code: 0 for one in states}
    sides |= {one.code: 1 if rank % 2 == 0 else -1 for rank, one in enumerate(great)}
    leaders: dict[str, DrawnState] = {}
    for one in states:
        if not one.great and chance.random() < ALIGNED:
            leader = _chosen(great, [_pull(power, one) for power in great], chance)
            leaders[one.code] = leader
            sides[one.code] = sides[leader.code]
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
    firsts = [place * count // great for place in range(great)]
    others = [number for number in range(count) if number not in firsts]
    _shuffle(others, chance)
    ranks = {number: rank for rank, number in enumerate([*firsts, *others])}
    within: dict[int, int] = {}
    for number in range(count):
        region = number * regions // count
        within[region] = within.get(region, 0) + 1
        yield DrawnState(
            code=f"{chr(ord('A') + region)}{within[region]:02d}",
            region=region,
            place=_place(region, regions, chance),
            size=(ranks[number] + 1) ** -0.7,
            great=ranks[number] < great,
        )


def _shuffle(items: list[int], chance: Random) -> None:
    """Fisher and Yates; ``Random.shuffle`` may differ between versions of Python."""
    for last in range(len(items) - 1, 0, -1):
        other = int(chance.random() * (last + 1))
        items[last], items[other] = items[other], items[last]


def _place(region: int, regions: int, chance: Random) -> tuple[float, float]:
    """A point within 0.4 of the centre of a region; the centres are one apart, on a ring."""
    ring = max(1.0, regions / (2 * math.pi))
    turn = 2 * math.pi * region / regions
    away, angle = 0.4 * math.sqrt(chance.random()), 2 * math.pi * chance.random()
    x = ring * math.cos(turn) + away * math.cos(angle)
    return x, ring * math.sin(turn) + away * math.sin(angle)


def _distance(one: DrawnState, other: DrawnState) -> float:
    return math.dist(one.place, other.place)


def _pull(one: DrawnState, other: DrawnState) -> float:
    """How strongly size draws two states over distance, as in gravity models of trade."""
    return one.size * other.size / (0.2 + _distance(one, other))


def both_great(one: DrawnState, other: DrawnState) -> bool:
    """Whether both are great powers."""
    return one.great and other.great


def largest_first(state: DrawnState) -> float:
    """A key to sort by."""
    return -state.size
