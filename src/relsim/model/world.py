"""The state of one run: arrays that the step reads and writes in place."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from relsim.model.plan import Compiled, Floats, Ints


class World(NamedTuple):
    """One run as it stands. N states, D domains, Z context variables, E events, P pushes."""

    vector: Floats  # [K] the numbers, of which `Numbers` are views
    posture: Floats  # p [N, N, D]
    next_posture: Floats  # [N, N, D] decided, not yet taken
    affinity: Floats  # a [N, N, D] opening and drift; what events left is in `lasting`
    stimulus: Floats  # e [N, N, D] pull of all pushes in force
    cooperation: Floats  # c [N, N, D]
    overall: Floats  # C [N, N]
    interest: Floats  # [N, N] tie weights in force
    context: Floats  # [Z]
    fading: Floats  # [P] the part of each push that decays
    lasting: Floats  # [P] the part that stays
    fired: Ints  # [E] how often in this step
    times_fired: Ints  # [E] steps in which it fired so far
    shock: Floats  # [N, N, D] standard normals of this step
    wander: Floats  # [pairs] standard normals of this step
    first: Floats  # [processes] draws of this step
    second: Floats  # [processes]
    scratch: Floats  # [processes]
    third_party: Floats  # [N] of the state that decides
    issue: Floats  # [N]
    pull: Floats  # [N, D]
    target: Floats  # [N, D]


def new_world(compiled: Compiled) -> World:
    """An empty world for a scenario, to be opened before the first step."""
    sizes = compiled.sizes
    n, d = sizes.states, sizes.domains
    processes = compiled.plan.noise_keys.size
    cells, square = (n, n, d), (n, n)
    return World(
        vector=compiled.vector.copy(),
        posture=np.zeros(cells),
        next_posture=np.zeros(cells),
        affinity=np.zeros(cells),
        stimulus=np.zeros(cells),
        cooperation=np.zeros(cells),
        overall=np.zeros(square),
        interest=np.zeros(square),
        context=np.zeros(sizes.contexts),
        fading=np.zeros(sizes.pushes),
        lasting=np.zeros(sizes.pushes),
        fired=np.zeros(sizes.events, dtype=np.int64),
        times_fired=np.zeros(sizes.events, dtype=np.int64),
        shock=np.zeros(cells),
        wander=np.zeros(len(compiled.pairs)),
        first=np.zeros(processes),
        second=np.zeros(processes),
        scratch=np.zeros(processes),
        third_party=np.zeros(n),
        issue=np.zeros(n),
        pull=np.zeros((n, d)),
        target=np.zeros((n, d)),
    )
