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
    posture: Floats  # p [N, N, D, L] what states mean to extend
    next_posture: Floats  # [N, N, D, L] decided, not yet taken
    chance: Floats  # x [N, N, D, L] what chance adds to the cooperation of each pair
    overall_chance: Floats  # X [N, N, 1, L] the same overall
    affinity: Floats  # a [N, N, D, L] solved at the opening; what events left is in `lasting`
    history_left: Floats  # [L] share of the affinity that has not faded
    drift: Floats  # [pairs, L] random walk of each pair's pull
    stimulus: Floats  # e [N, N, D, L] pull of all pushes in force
    caused: Floats  # c̄ [N, N, D, L] cooperation without what chance adds
    overall: Floats  # C [N, N, L]
    interest: Floats  # [N, N, L] tie weights in force
    context: Floats  # [Z, L]
    fading: Floats  # [P, L] the part of each push that decays
    lasting: Floats  # [P, L] the part that stays
    fired: Ints  # [E, L] how often in this step
    times_fired: Ints  # [E, L] steps in which it fired so far
    even_shock: Floats  # [pairs × D, L] draws by domain, of the last even step
    odd_shock: Floats  # [pairs × D, L] of the step after it
    drift_shock: Floats  # [pairs, L] draws of this step: of the drift of each pair
    news: Floats  # [pairs, L] of what is news to all domains of a pair
    # What follows from the numbers, kept so that no step works it out again.
    kept: Floats  # [N, L] share of the distance to the target that a step leaves
    chance_kept: Floats  # [pairs, L] the same of what chance adds
    chance_spread: Floats  # [pairs, L] standard deviation of a step of it
    decay: Floats  # [P, L] what a step leaves of a push that fades
    domain_total: Floats  # [L] sum of the domain weights
    # Room to work in.
    scratch: Floats  # [pairs × D, L]
    room: Floats  # [N + 4, L]
    pull: Floats  # [N, N, D, L] by causes
    chance_pull: Floats  # [N, N, 1, L] what chance adds to it
    times: Ints  # [L] how often an effect applies
    issue: Floats  # [N, L] of the state that decides


def new_world(program: Program, lanes: int = 1) -> World:
    """An empty world for some runs of a scenario, to be opened before the first step."""
    sizes = program.sizes
    n, d, p = sizes.states, sizes.domains, sizes.pushes
    pairs = n * (n - 1) // 2
    cells = (n, n, d, lanes)
    return World(
        vector=np.repeat(program.vector[:, np.newaxis], lanes, axis=1),
        posture=np.zeros(cells),
        next_posture=np.zeros(cells),
        chance=np.zeros(cells),
        overall_chance=np.zeros((n, n, 1, lanes)),
        affinity=np.zeros(cells),
        history_left=np.ones(lanes),
        drift=np.zeros((pairs, lanes)),
        stimulus=np.zeros(cells),
        caused=np.zeros(cells),
        overall=np.zeros((n, n, lanes)),
        interest=np.zeros((n, n, lanes)),
        context=np.zeros((sizes.contexts, lanes)),
        fading=np.zeros((p, lanes)),
        lasting=np.zeros((p, lanes)),
        fired=np.zeros((sizes.events, lanes), dtype=np.int64),
        times_fired=np.zeros((sizes.events, lanes), dtype=np.int64),
        even_shock=np.zeros((pairs * d, lanes)),
        odd_shock=np.zeros((pairs * d, lanes)),
        drift_shock=np.zeros((pairs, lanes)),
        news=np.zeros((pairs, lanes)),
        kept=np.zeros((n, lanes)),
        chance_kept=np.zeros((pairs, lanes)),
        chance_spread=np.zeros((pairs, lanes)),
        decay=np.zeros((p, lanes)),
        domain_total=np.zeros(lanes),
        scratch=np.zeros((pairs * d, lanes)),
        room=np.zeros((n + 4, lanes)),
        pull=np.zeros(cells),
        chance_pull=np.zeros((n, n, 1, lanes)),
        times=np.zeros(lanes, dtype=np.int64),
        issue=np.zeros((n, lanes)),
    )


def lane(world: World, place: int) -> World:
    """One run of a world, as views without the axis of lanes."""
    return World(**{name: array[..., place] for name, array in world._asdict().items()})
