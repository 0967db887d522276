"""The state of some runs that are simulated side by side: arrays that the step works on in place.

The last axis of every array is the lane: one run each. All loops end with it, so that the
processor does the same to several runs at once. A single run is a world of one lane.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from relsim.model.plan import Floats, Ints, Program


class World(NamedTuple):
    """Runs as they stand. N states, D domains, Z context variables, E events, P pushes, L lanes."""

    vector: Floats  # [K, L] the numbers, of which `Numbers` are views
    posture: Floats  # p [N, N, D, L]
    next_posture: Floats  # [N, N, D, L] decided, not yet taken
    affinity: Floats  # a [N, N, D, L] opening and drift; what events left is in `lasting`
    stimulus: Floats  # e [N, N, D, L] pull of all pushes in force
    cooperation: Floats  # c [N, N, D, L]
    overall: Floats  # C [N, N, L]
    interest: Floats  # [N, N, L] tie weights in force
    context: Floats  # [Z, L]
    fading: Floats  # [P, L] the part of each push that decays
    lasting: Floats  # [P, L] the part that stays
    fired: Ints  # [E, L] how often in this step
    times_fired: Ints  # [E, L] steps in which it fired so far
    common: Floats  # [processes, L] draws of this step: of what both sides of a pair share
    apart: Floats  # [processes, L] of what sets them apart
    # What follows from the numbers, kept so that no step works it out again.
    kept: Floats  # [N, L] share of the distance to the target that a step leaves
    spread: Floats  # [N, L] standard deviation of a step
    decay: Floats  # [P, L] what a step leaves of a push that fades
    domain_total: Floats  # [L] sum of the domain weights
    # Room to work in.
    scratch: Floats  # [processes, L]
    lever: Floats  # [3, L]
    pull: Floats  # [N, D, L]
    times: Ints  # [L] how often an effect applies
    third_party: Floats  # [N, L] of the state that decides
    issue: Floats  # [N, L]


def new_world(program: Program, lanes: int = 1) -> World:
    """An empty world for some runs of a scenario, to be opened before the first step."""
    sizes = program.sizes
    n, d, p = sizes.states, sizes.domains, sizes.pushes
    processes = program.plan.noise_keys.size
    cells, square = (n, n, d, lanes), (n, n, lanes)
    return World(
        vector=np.repeat(program.vector[:, np.newaxis], lanes, axis=1),
        posture=np.zeros(cells),
        next_posture=np.zeros(cells),
        affinity=np.zeros(cells),
        stimulus=np.zeros(cells),
        cooperation=np.zeros(cells),
        overall=np.zeros(square),
        interest=np.zeros(square),
        context=np.zeros((sizes.contexts, lanes)),
        fading=np.zeros((p, lanes)),
        lasting=np.zeros((p, lanes)),
        fired=np.zeros((sizes.events, lanes), dtype=np.int64),
        times_fired=np.zeros((sizes.events, lanes), dtype=np.int64),
        common=np.zeros((processes, lanes)),
        apart=np.zeros((processes, lanes)),
        kept=np.zeros((n, lanes)),
        spread=np.zeros((n, lanes)),
        decay=np.zeros((p, lanes)),
        domain_total=np.zeros(lanes),
        scratch=np.zeros((processes, lanes)),
        lever=np.zeros((3, lanes)),
        pull=np.zeros((n, d, lanes)),
        times=np.zeros(lanes, dtype=np.int64),
        third_party=np.zeros((n, lanes)),
        issue=np.zeros((n, lanes)),
    )


def lane(world: World, place: int) -> World:
    """One run of a world, as views without the axis of lanes."""
    return World(**{name: array[..., place] for name, array in world._asdict().items()})
