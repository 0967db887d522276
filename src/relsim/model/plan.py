"""The compiled form of a scenario: labels outside, bare arrays inside.

Every number of the model has a place in one flat vector, so that "any number may be uncertain"
and "any number may be set by an event" are each one mechanism. `Numbers` are views into such a
vector; `Plan` is what does not change during a run.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from relsim.scenario.schema import Scenario
from relsim.scenario.values import Distribution

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# Scalars of the model, in the order of their block in the vector of numbers.
PARAMETERS = (
    "alignment_gain",
    "rivalry_gain",
    "issue_gain",
    "mutuality",
    "domain_correlation",
    "drift",
    "history_half_life",
    "goldstein_unit",
)

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


class Numbers(NamedTuple):
    """Views into a vector of numbers. Blocks stand in the vector in this order.

    N states, M issues, D domains, Z context variables, E events, P pushes (pulses and shifts),
    V values of set and add, Q conditions. For runs side by side an axis of lanes comes last.
    """

    opening: Floats  # [N, N, D] posture before the ceiling
    weight: Floats  # [N, N] signed tie weights
    stance: Floats  # [N, M]
    salience: Floats  # [N, M]
    capacity: Floats  # [N, D]
    adaptability: Floats  # [N] per month
    reciprocity: Floats  # [N]
    volatility: Floats  # [N]
    parameter: Floats  # [8] in the order of PARAMETERS
    domain_weight: Floats  # [D]
    context_start: Floats  # [Z]
    context_end: Floats  # [Z]
    context_scale: Floats  # [Z] 1 while the path is followed, 0 once set
    context_shift: Floats  # [Z] added to the path
    hazard: Floats  # [E] per year
    push_size: Floats  # [P] pull units, where not scaled from Goldstein
    push_half_life: Floats  # [P] months
    push_lasting: Floats  # [P] share
    value: Floats  # [V]
    threshold: Floats  # [Q]
    # The interests that the opening was read with: affinities are solved with these.
    reference_weight: Floats  # [N, N]
    reference_stance: Floats  # [N, M]
    reference_salience: Floats  # [N, M]
    reference_capacity: Floats  # [N, D]


def number_shapes(sizes: Sizes) -> dict[str, tuple[int, ...]]:
    """The shape of each block of the vector of numbers."""
    n, m, d, z, e, p, v, q = sizes
    return {
        "opening": (n, n, d),
        "weight": (n, n),
        "stance": (n, m),
        "salience": (n, m),
        "capacity": (n, d),
        "adaptability": (n,),
        "reciprocity": (n,),
        "volatility": (n,),
        "parameter": (len(PARAMETERS),),
        "domain_weight": (d,),
        "context_start": (z,),
        "context_end": (z,),
        "context_scale": (z,),
        "context_shift": (z,),
        "hazard": (e,),
        "push_size": (p,),
        "push_half_life": (p,),
        "push_lasting": (p,),
        "value": (v,),
        "threshold": (q,),
        "reference_weight": (n, n),
        "reference_stance": (n, m),
        "reference_salience": (n, m),
        "reference_capacity": (n, d),
    }


def number_views(sizes: Sizes, vector: NDArray[Any]) -> Numbers:
    """The blocks of a vector of numbers (or of their places), without copying.

    Args:
        vector: [K], or [K, L] for L runs side by side; then every block ends with that axis.
    """
    blocks: dict[str, NDArray[Any]] = {}
    start = 0
    for name, shape in number_shapes(sizes).items():
        stop = start + int(np.prod(shape))
        blocks[name] = vector[start:stop].reshape(shape + vector.shape[1:])
        start = stop
    return Numbers(**blocks)


class Plan(NamedTuple):
    """What does not change during a run. Ragged lists are a flat array with its offsets."""

    months: float  # Δ, months per step
    steps: int
    states: int
    domains: int
    fades_with: Ints  # [N, N] context variable that a tie weight fades with, or NONE
    reference_fades_with: Ints  # [N, N] the same of the interests that the opening was read with
    low: Floats  # [K] bounds of each number of the vector
    high: Floats  # [K]
    timing: Ints  # [E] SCHEDULED, CHANCE or WHEN
    schedule: Ints  # [E, T] how often a scheduled event happens in each step
    first_step: Ints  # [E] window of chance and conditional events
    last_step: Ints  # [E] inclusive
    at_most: Ints  # [E] steps in which it may fire
    event_condition: Ints  # [E] or NONE
    effect_start: Ints  # [E + 1] effects of each event
    effect_kind: Ints  # [F] PUSH, SET, ADD or SET_CONTEXT, of compile_events
    effect_push: Ints  # [F] or NONE
    effect_value: Ints  # [F] index into value, or NONE
    effect_condition: Ints  # [F] or NONE
    effect_reaches: Ints  # [F] NOTHING, INTERESTS or TRAITS
    target_start: Ints  # [F + 1] numbers that an effect changes
    target: Ints  # indices into the vector, or context variables for SET_CONTEXT
    push_goldstein: Floats  # [P] Goldstein weight where the size is scaled from it, else 0
    push_scaled: Ints  # [P] 1 where size = goldstein_unit × weight
    push_event: Ints  # [P]
    cell_start: Ints  # [P + 1] postures that a push moves
    cell: Ints  # flat indices into [N, N, D]
    condition_kind: Ints  # [Q]
    condition_first: Ints  # [Q] state, context variable or event
    condition_second: Ints  # [Q] other state
    condition_domain: Ints  # [Q] or NONE for overall
    condition_sign: Floats  # [Q] +1 above, -1 below
    noise_keys: NDArray[np.uint64]  # [pairs × D + pairs] postures by domain, then pairs
    event_keys: NDArray[np.uint64]  # [E]


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
        return number_views(self.sizes, self.vector)


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
