"""The compiled form of a scenario: labels outside, bare arrays inside.

Every number of the model has a place in one flat vector, so that "any number may be uncertain"
and "any number may be set by an event" are each one mechanism. `Numbers` are views into such a
vector; `Plan` is what does not change during a run.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from relsim.model.structs import Floats, Ints, Struct, array_of, floats, ints, number
from relsim.scenario.names import CAPACITY, CONTEXT, SALIENCE, STANCE, WEIGHT
from relsim.scenario.schema import Scenario
from relsim.scenario.values import Distribution

# How an event is timed.
SCHEDULED, CHANCE, WHEN = 0, 1, 2
# What has to be worked out anew when the number that an effect changes has changed; bits.
NOTHING, INTERESTS, TRAITS = 0, 1, 2
# What a condition looks at.
ON_COOPERATION, ON_POSTURE, ON_CONTEXT, ON_EVENT = 0, 1, 2, 3
NONE = -1
REFERENCE = "reference."


class Sizes(NamedTuple):
    """How many of each thing there are."""

    states: int
    issues: int
    domains: int
    contexts: int
    events: int
    pushes: int
    values: int
    conditions: int

    @property
    def axes(self) -> dict[str, int]:
        """Lengths of the axes of arrays, by the names that the tables of fields use.

        N states, M issues, D domains, Z context variables, E events, P pushes (pulses and shifts),
        V values of set and add, Q conditions; pairs of states.
        """
        n, m, d, z, e, p, v, q = self
        pairs = n * (n - 1) // 2
        axes = {"N": n, "M": m, "D": d, "Z": z, "E": e, "P": p, "V": v, "Q": q}
        return axes | {"pairs": pairs, "pairs*D": pairs * d, "N+4": n + 4, "1": 1}


class Numbers(Struct, lanes=True):
    """The numbers of the model: views into a vector, in which they stand in this order."""

    opening = floats("N N D")  # posture before the ceiling
    weight = floats("N N", WEIGHT)  # signed tie weights
    stance = floats("N M", STANCE)
    salience = floats("N M", SALIENCE)
    capacity = floats("N D", CAPACITY)
    adaptability = floats("N")  # per month
    reciprocity = floats("N")
    volatility = floats("N")
    alignment_gain = floats("")
    rivalry_gain = floats("")
    issue_gain = floats("")
    mutuality = floats("")
    domain_correlation = floats("")
    drift = floats("")  # per √year
    history_half_life = floats("")  # months
    goldstein_unit = floats("")
    domain_weight = floats("D")
    context_start = floats("Z")
    context_end = floats("Z")
    context_scale = floats("Z")  # 1 while the path is followed, 0 once set
    context_shift = floats("Z", CONTEXT)  # added to the path
    hazard = floats("E")  # per year
    push_size = floats("P")  # pull units, where not scaled from Goldstein
    push_half_life = floats("P")  # months
    push_lasting = floats("P")  # share
    value = floats("V")
    threshold = floats("Q")
    # The interests that the opening was read with: affinities are solved with these.
    reference_weight = floats("N N")
    reference_stance = floats("N M")
    reference_salience = floats("N M")
    reference_capacity = floats("N D")

    @classmethod
    def count(cls, sizes: Sizes) -> int:
        """How many numbers there are, K."""
        return sum(math.prod(cls.shape(name, sizes.axes)) for name in cls.fields)

    @classmethod
    def views(cls, sizes: Sizes, vector: NDArray[Any]) -> Numbers:
        """The numbers in a vector (or their places in it), without copying.

        Args:
            vector: [K], or [K, L] for L runs side by side.
        """
        blocks: dict[str, NDArray[Any]] = {}
        start = 0
        for name in cls.fields:
            shape = cls.shape(name, sizes.axes)
            stop = start + math.prod(shape)
            blocks[name] = vector[start:stop].reshape(shape + vector.shape[1:])
            start = stop
        return cls(**blocks)


# Those of single numbers that hold for all states, in the order of the vector.
PARAMETERS = tuple(name for name, field in Numbers.fields.items() if not field.axes)


class Plan(Struct):
    """What does not change during a run. Ragged lists are a flat array with its offsets.

    K numbers of the vector, T steps, F effects.
    """

    months = number(np.float64)  # Δ, months per step
    steps = number(np.int64)
    states = number(np.int64)
    domains = number(np.int64)
    fades_with = ints("N N")  # context variable that a tie weight fades with, or NONE
    reference_fades_with = ints("N N")  # the same of the interests that the opening was read with
    low = floats("K")  # bounds of each number of the vector
    high = floats("K")
    timing = ints("E")  # SCHEDULED, CHANCE or WHEN
    schedule = ints("E T")  # how often a scheduled event happens in each step
    first_step = ints("E")  # window of chance and conditional events
    last_step = ints("E")  # inclusive
    at_most = ints("E")  # steps in which it may fire
    event_condition = ints("E")  # or NONE
    effect_start = ints("E+1")  # effects of each event
    effect_kind = ints("F")  # PUSH, SET, ADD or SET_CONTEXT, of compile_events
    effect_push = ints("F")  # or NONE
    effect_value = ints("F")  # index into value, or NONE
    effect_condition = ints("F")  # or NONE
    effect_reaches = ints("F")  # NOTHING, INTERESTS or TRAITS
    target_start = ints("F+1")  # numbers that an effect changes
    target = ints("targets")  # indices into the vector, or context variables for SET_CONTEXT
    push_goldstein = floats("P")  # Goldstein weight where the size is scaled from it, else 0
    push_scaled = ints("P")  # 1 where size = goldstein_unit × weight
    push_event = ints("P")
    cell_start = ints("P+1")  # postures that a push moves
    cell = ints("cells")  # flat indices into [N, N, D]
    condition_kind = ints("Q")
    condition_first = ints("Q")  # state, context variable or event
    condition_second = ints("Q")  # other state
    condition_domain = ints("Q")  # or NONE for overall
    condition_sign = floats("Q")  # +1 above, -1 below
    noise_keys = array_of(np.uint64, "processes")  # of postures [pairs × D], then of pairs
    event_keys = array_of(np.uint64, "E")


@dataclass(frozen=True)
class Draw:
    """An uncertain number.

    Attributes:
        name: its dotted path in the scenario; with ``reference.`` before it, the number that the
            opening was read with, where that is another.
        distribution: where it is drawn from.
        places: indices into the vector of numbers that take the value drawn.
    """

    name: str
    distribution: Distribution
    places: tuple[int, ...]

    @property
    def process(self) -> str:
        """The name of its random process: a changed number and its reference share one."""
        return self.name.removeprefix(REFERENCE)


@dataclass(frozen=True, eq=False)  # equal to itself alone: arrays have no truth value
class Program:
    """What simulates runs of a scenario: arrays alone, small enough to be sent with every task.

    Attributes:
        sizes: of the blocks of numbers.
        vector: the numbers, uncertain ones at their median.
        draws: the uncertain ones.
        plan: the rest.
    """

    sizes: Sizes
    vector: Floats
    draws: tuple[Draw, ...]
    plan: Plan

    @property
    def numbers(self) -> Numbers:
        """The numbers, uncertain ones at their median."""
        return Numbers.views(self.sizes, self.vector)


class World(Struct, lanes=True):
    """The state of some runs that are simulated side by side, which the step works on in place.

    The last axis of every array is the lane: one run each. All loops end with it, so that the
    processor does the same to several runs at once. A single run is a world of one lane.
    """

    vector = floats("K")  # the numbers, of which `Numbers` are views
    posture = floats("N N D")  # p what states mean to extend
    next_posture = floats("N N D")  # decided, not yet taken
    chance = floats("N N D")  # x what chance adds to the cooperation of each pair
    overall_chance = floats("N N 1")  # X the same overall
    affinity = floats("N N D")  # a solved at the opening; what events left is in `lasting`
    history_left = floats("")  # share of the affinity that has not faded
    drift = floats("pairs")  # random walk of each pair's pull
    stimulus = floats("N N D")  # e pull of all pushes in force
    caused = floats("N N D")  # c̄ cooperation without what chance adds
    overall = floats("N N")  # C
    interest = floats("N N")  # tie weights in force
    context = floats("Z")
    fading = floats("P")  # the part of each push that decays
    lasting = floats("P")  # the part that stays
    fired = ints("E")  # how often in this step
    times_fired = ints("E")  # steps in which it fired so far
    even_shock = floats("pairs*D")  # draws by domain, of the last even step
    odd_shock = floats("pairs*D")  # of the step after it
    drift_shock = floats("pairs")  # draws of this step: of the drift of each pair
    news = floats("pairs")  # of what is news to all domains of a pair
    # What follows from the numbers, kept so that no step works it out again.
    kept = floats("N")  # share of the distance to the target that a step leaves
    chance_kept = floats("pairs")  # the same of what chance adds
    chance_spread = floats("pairs")  # standard deviation of a step of it
    decay = floats("P")  # what a step leaves of a push that fades
    domain_total = floats("")  # sum of the domain weights
    # Room to work in.
    scratch = floats("pairs*D")
    room = floats("N+4")
    pull = floats("N N D")  # by causes
    chance_pull = floats("N N 1")  # what chance adds to it
    times = ints("")  # how often an effect applies
    issue = floats("N")  # of the state that decides

    @classmethod
    def empty(cls, program: Program, lanes: int = 1) -> World:
        """A world for some runs of a scenario, to be opened before the first step."""
        vector = np.repeat(program.vector[:, np.newaxis], lanes, axis=1)
        return cls.zeros({**program.sizes.axes, "L": lanes}, vector=vector)


@dataclass(frozen=True, eq=False)
class Compiled(Program):
    """A scenario ready to run, with the labels that its arrays lack.

    Attributes:
        scenario: what it was compiled from.
        states: codes in alphabetical order, so that the order in the file changes nothing.
        domains, issues, contexts, events: names in file order.
        pairs: (a, b) of all pairs, a < b, in order.
    """

    scenario: Scenario
    states: tuple[str, ...]
    domains: tuple[str, ...]
    issues: tuple[str, ...]
    contexts: tuple[str, ...]
    events: tuple[str, ...]
    pairs: tuple[tuple[str, str], ...]

    @property
    def program(self) -> Program:
        """Without scenario and labels."""
        return Program(self.sizes, self.vector, self.draws, self.plan)

    def pair_states(self, pairs: tuple[tuple[str, str], ...]) -> Ints:
        """State indices [len(pairs), 2] of some pairs."""
        index = {code: i for i, code in enumerate(self.states)}
        rows = [(index[a], index[b]) for a, b in pairs]
        return np.array(rows, dtype=np.int64).reshape(len(rows), 2)


def pair_names(pairs: tuple[tuple[str, str], ...]) -> list[str]:
    """Pairs by their codes in the order given: ``PAK-RUS``. Results name pairs as scenarios spell
    them, see `Scenario.pair_names`."""
    return [f"{a}-{b}" for a, b in pairs]
