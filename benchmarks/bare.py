"""The bare kernel: the practical limit on one core. Noise is given, nothing is recorded.

Runs one after another, compiled by numba without fast-math. Postures lie in one flat vector of
2·D·P numbers, P pairs: first what the first state of each pair extends to the second, then the
other way round; within each, pairs are innermost. So every loop of the response is a plain
sweep that fills the vector lanes of the processor, and nothing is worked out twice per pair.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from benchmarks.given import LIMIT, Change, Floats, Given, Happening, Ints, Push, Test

_BLOCKS = ("weight", "stance", "salience", "capacity", "context")
_WEIGHT, _STANCE, _SALIENCE, _CAPACITY, _CONTEXT = range(len(_BLOCKS))
_TIE, _ON_CONTEXT, _ON_EVENT = 0, 1, 2
_compiled = numba.njit(cache=True, nogil=True, error_model="numpy")
_inlined = numba.njit(inline="always", error_model="numpy")


class Model(NamedTuple):
    """What no run changes. K = 2·D·P cells."""

    steps: int
    first: Ints  # [P] states of each pair
    second: Ints  # [P]
    posture: Floats  # [K]
    affinity: Floats  # [K]
    numbers: Floats  # the blocks of numbers that events change, one after another
    start: Ints  # [6] where each block begins
    fades_with: Ints  # [N, N]
    kept: Floats  # [K]
    reciprocity: Floats  # [K]
    share: Floats  # [D]
    context_start: Floats  # [Z]
    context_end: Floats  # [Z]
    third_party_gain: float
    issue_gain: float
    mutuality: float


class Events(NamedTuple):
    """Events as tables."""

    schedule: Ints  # [E, T]
    chance: Floats  # [E]
    at_most: Ints  # [E]
    when: Ints  # [E] row of `test` or -1
    test: Ints  # [Q, 4] on, first, second, domain
    threshold: Floats  # [Q, 2] sign, threshold
    effects: Ints  # [E + 1] effects of each event
    effect: Ints  # [F, 5] push or -1, block, place, adds, test
    value: Floats  # [F, 3] value, low, high; fading, lasting of a push
    cells_of: Ints  # [U + 1] cells of each push
    cell: Ints
    fade: Floats  # [U]


class Noise(NamedTuple):
    """Noise as the kernel adds it."""

    shock: Floats  # [R, T, K]
    drift: Floats  # [R, T, P]
    uniform: Floats  # [R, T, E]


class World(NamedTuple):
    """One run as it stands."""

    posture: Floats  # [K]
    affinity: Floats  # [K]
    stimulus: Floats  # [K]
    pull: Floats  # [K]
    ceiling: Floats  # [K]
    numbers: Floats
    on_path: Floats  # [Z]
    context: Floats  # [Z]
    fading: Floats  # [U]
    fired: Ints  # [E]
    times_fired: Ints  # [E]
    overall: Floats  # [N, N]
    issue: Floats  # [N, N]
    third_party: Floats  # [N, N]
    level: Floats  # [P] overall cooperation
    shared: Floats  # [2, P]


# ------------------------------------------------------------------------------- handing over


class Bare(NamedTuple):
    """All that the kernel is handed."""

    model: Model
    events: Events
    noise: Noise


def hand_over(given: Given) -> Bare:
    """The tables of the kernel."""
    numbers = given.numbers
    n, _, d = numbers.posture.shape
    a, b = np.triu_indices(n, 1)

    def cells(array: Floats) -> Floats:
        """[..., N, N, D] -> [..., K]."""
        sides = np.stack([array[..., a, b, :], array[..., b, a, :]], axis=-3)
        moved = np.moveaxis(sides, -1, -2)
        return np.ascontiguousarray(moved.reshape(*array.shape[:-3], -1))

    def of_actor(trait: Floats) -> Floats:
        return cells(np.broadcast_to(trait[:, None, None], (n, n, d)))

    blocks = [numbers.weight, numbers.stance, numbers.salience, numbers.capacity]
    blocks.append(np.zeros_like(numbers.context_start))
    model = Model(
        steps=given.steps,
        first=a,
        second=b,
        posture=cells(numbers.posture),
        affinity=cells(numbers.affinity),
        numbers=np.concatenate([block.reshape(-1) for block in blocks]),
        start=np.cumsum([0, *(block.size for block in blocks)]),
        fades_with=numbers.fades_with,
        kept=of_actor(numbers.kept),
        reciprocity=of_actor(numbers.reciprocity),
        share=numbers.domain_share,
        context_start=numbers.context_start,
        context_end=numbers.context_end,
        third_party_gain=numbers.third_party_gain,
        issue_gain=numbers.issue_gain,
        mutuality=numbers.mutuality,
    )
    place = np.rint(cells(np.arange(n * n * d, dtype=float).reshape(n, n, d))).astype(int)
    drift = np.ascontiguousarray(given.noise.drift[..., a, b])
    noise = Noise(cells(given.noise.shock), drift, given.noise.uniform)
    return Bare(model, _Tables(np.argsort(place), place).of(given), noise)


class _Tables:
    """Events as growing tables."""

    def __init__(self, order: Ints, place: Ints) -> None:
        self.cell_of = dict(zip(place[order].tolist(), order.tolist(), strict=True))
        self.test: list[tuple[int, int, int, int]] = []
        self.threshold: list[tuple[float, float]] = []
        self.effect: list[tuple[int, int, int, int, int]] = []
        self.value: list[tuple[float, float, float]] = []

    def of(self, given: Given) -> Events:
        happenings = given.happenings
        when = [self._test(happening.when) for happening in happenings]
        effects = [0]
        for happening in happenings:
            self._effects(happening)
            effects.append(len(self.effect))
        cells = [[self.cell_of[cell] for cell in row.tolist()] for row in given.cells]
        return Events(
            schedule=np.array([h.schedule for h in happenings]).reshape(-1, given.steps),
            chance=np.array([happening.chance for happening in happenings]),
            at_most=np.array([happening.at_most for happening in happenings], dtype=np.int64),
            when=np.array(when, dtype=np.int64),
            test=np.array(self.test, dtype=np.int64).reshape(-1, 4),
            threshold=np.array(self.threshold).reshape(-1, 2),
            effects=np.array(effects),
            effect=np.array(self.effect, dtype=np.int64).reshape(-1, 5),
            value=np.array(self.value).reshape(-1, 3),
            cells_of=np.cumsum([0, *(len(row) for row in cells)]),
            cell=np.array([cell for row in cells for cell in row], dtype=np.int64),
            fade=given.fade,
        )

    def _test(self, test: Test | None) -> int:
        if test is None:
            return -1
        on = ("tie", "context", "event").index(test.on)
        self.test.append((on, test.first, test.second, test.domain))
        self.threshold.append((test.sign, test.threshold))
        return len(self.test) - 1

    def _effects(self, happening: Happening) -> None:
        for effect in happening.effects:
            test = self._test(effect.only_if)
            if isinstance(effect, Push):
                self.effect.append((effect.number, -1, -1, 0, test))
                self.value.append((effect.fading, effect.lasting, 0.0))
            else:
                assert isinstance(effect, Change)
                (place,) = effect.places.tolist()
                row = (-1, _BLOCKS.index(effect.block), place, int(effect.adds), test)
                self.effect.append(row)
                self.value.append((effect.value, effect.low, effect.high))


def _new_world(model: Model, events: Events) -> World:
    cells, pairs, n = model.posture.size, model.first.size, model.fades_with.shape[0]
    n_events, n_contexts = events.chance.size, model.context_start.size
    return World(
        posture=np.zeros(cells),
        affinity=np.zeros(cells),
        stimulus=np.zeros(cells),
        pull=np.zeros(cells),
        ceiling=np.zeros(cells),
        numbers=np.zeros(model.numbers.size),
        on_path=np.zeros(n_contexts),
        context=np.zeros(n_contexts),
        fading=np.zeros(events.fade.size),
        fired=np.zeros(n_events, dtype=np.int64),
        times_fired=np.zeros(n_events, dtype=np.int64),
        overall=np.zeros((n, n)),
        issue=np.zeros((n, n)),
        third_party=np.zeros((n, n)),
        level=np.zeros(pairs),
        shared=np.zeros((2, pairs)),
    )


def simulate(bare: Bare, first: int, runs: int, levels: NDArray[np.float64] | None = None) -> None:
    """Runs from ``first`` on; ``levels`` [runs, T, P] takes overall cooperation, to check it."""
    if levels is None:
        levels = np.empty((runs, 0, bare.model.first.size))
    _simulate(*bare, _new_world(bare.model, bare.events), first, runs, levels)


# ---------------------------------------------------------------------------------- the kernel


@_compiled
def _simulate(
    model: Model,
    events: Events,
    noise: Noise,
    world: World,
    first: int,
    runs: int,
    levels: Floats,
) -> None:
    for run in range(runs):
        _open(model, world)
        for step in range(model.steps):
            _happen(model, events, world, noise.uniform[first + run, step], step)
            _respond(model, world, noise.shock[first + run, step])
            _measure(model, world)
            _end(noise.drift[first + run, step], events.fade, world)
            if step < levels.shape[1]:
                levels[run, step] = world.level


@_compiled
def _open(model: Model, world: World) -> None:
    world.posture[:] = model.posture
    world.affinity[:] = model.affinity
    world.numbers[:] = model.numbers
    world.stimulus[:] = 0.0
    world.on_path[:] = 1.0
    world.fading[:] = 0.0
    world.times_fired[:] = 0
    _follow_context(model, world, 0)
    _follow_issues(model, world)
    _follow_capacity(model, world)
    _measure(model, world)


@_inlined
def _happen(model: Model, events: Events, world: World, uniform: Floats, step: int) -> None:
    """Events, judged at the start of the step, and what they leave pulling."""
    _follow_context(model, world, step)
    fired = world.fired
    for event in range(fired.size):
        fired[event] = events.schedule[event, step]
        if uniform[event] < events.chance[event]:
            fired[event] = 1
        if fired[event] > 0 and not (
            world.times_fired[event] < events.at_most[event]
            and (events.when[event] < 0 or _holds(events.when[event], model, events, world))
        ):
            fired[event] = 0
    for event in range(fired.size):
        if fired[event] > 0:
            for effect in range(events.effects[event], events.effects[event + 1]):
                test = events.effect[effect, 4]
                if test < 0 or _holds(test, model, events, world):
                    _apply(effect, fired[event], model, events, world, step)
    for event in range(fired.size):
        world.times_fired[event] += min(fired[event], 1)
    _gather(events.cells_of, events.cell, world.fading, world.stimulus)


@_compiled
def _gather(cells_of: Ints, cell: Ints, fading: Floats, stimulus: Floats) -> None:
    for index in range(cell.size):
        stimulus[cell[index]] = 0.0
    for push in range(fading.size):
        if fading[push] != 0.0:
            for index in range(cells_of[push], cells_of[push + 1]):
                stimulus[cell[index]] += fading[push]


@_compiled
def _holds(row: int, model: Model, events: Events, world: World) -> bool:
    on, first, second, domain = events.test[row]
    if on == _ON_EVENT:
        return world.times_fired[first] > 0
    if on == _ON_CONTEXT:
        value = world.context[first]
    elif domain < 0:
        value = world.overall[first, second]
    else:
        value = _tie(min(first, second), max(first, second), domain, model, world)
    sign, threshold = events.threshold[row]
    return sign * value > sign * threshold


@_compiled
def _tie(a: int, b: int, domain: int, model: Model, world: World) -> float:
    """Cooperation of a pair in a domain."""
    n, pairs = world.overall.shape[0], world.level.size
    cell = domain * pairs + a * n - a * (a + 1) // 2 + b - a - 1
    forth, back = world.posture[cell], world.posture[world.posture.size // 2 + cell]
    kappa = model.mutuality
    return (1.0 - kappa) * 0.5 * (forth + back) + kappa * min(forth, back)


@_compiled
def _apply(effect: int, times: int, model: Model, events: Events, world: World, step: int) -> None:
    push, block, place, adds, _ = events.effect[effect]
    value, low, high = events.value[effect]
    if push >= 0:
        world.fading[push] += times * value
        for index in range(events.cells_of[push], events.cells_of[push + 1]):
            world.affinity[events.cell[index]] += times * low
        return
    target = model.start[block] + place
    if adds == 1:
        value = world.numbers[target] + times * value
    elif block == _CONTEXT:
        world.on_path[place] = 0.0
    world.numbers[target] = min(max(value, low), high)
    if block == _CONTEXT:
        _follow_context(model, world, step)
    elif block == _CAPACITY:
        _follow_capacity(model, world)
    elif block != _WEIGHT:
        _follow_issues(model, world)


@_inlined
def _follow_context(model: Model, world: World, step: int) -> None:
    share = step / model.steps
    for z in range(world.context.size):
        path = model.context_start[z] + (model.context_end[z] - model.context_start[z]) * share
        world.context[z] = world.on_path[z] * path + world.numbers[model.start[_CONTEXT] + z]


@_compiled
def _follow_issues(model: Model, world: World) -> None:
    n = world.issue.shape[0]
    stance, salience = model.start[_STANCE], model.start[_SALIENCE]
    issues = (salience - stance) // n
    for i in range(n):
        for j in range(n):
            total = 0.0
            for m in range(issues):
                own = world.numbers[salience + i * issues + m]
                own *= world.numbers[stance + i * issues + m]
                total += own * world.numbers[stance + j * issues + m]
            world.issue[i, j] = model.issue_gain * total


@_compiled
def _follow_capacity(model: Model, world: World) -> None:
    pairs, domains = world.level.size, model.share.size
    start, half = model.start[_CAPACITY], world.ceiling.size // 2
    for d in range(domains):
        for p in range(pairs):
            first = world.numbers[start + model.first[p] * domains + d]
            second = world.numbers[start + model.second[p] * domains + d]
            world.ceiling[d * pairs + p] = min(first, second)
            world.ceiling[half + d * pairs + p] = min(first, second)


@_inlined
def _respond(model: Model, world: World, shock: Floats) -> None:
    """All postures move at once."""
    _fill_third_party(
        world.numbers, model.fades_with, world.context, world.overall, world.third_party
    )
    shared, gain = world.shared, model.third_party_gain
    for p in range(shared.shape[1]):
        i, j = model.first[p], model.second[p]
        shared[0, p] = gain * world.third_party[i, j] + world.issue[i, j]
        shared[1, p] = gain * world.third_party[j, i] + world.issue[j, i]
    _fill_pull(world.affinity, world.stimulus, shared, world.pull)
    _answer(world.posture, model.reciprocity, world.pull)
    _aim(world.ceiling, world.pull)
    _move(world.pull, model.kept, shock, world.posture)


@_compiled
def _fill_third_party(
    numbers: Floats, fades_with: Ints, context: Floats, overall: Floats, out: Floats
) -> None:
    """Σ_k w_ik·C_ik·C_kj; the weights are the first block of numbers."""
    n = overall.shape[0]
    for i in range(n):
        for j in range(n):
            out[i, j] = 0.0
        for k in range(n):
            weight = numbers[i * n + k]
            if weight != 0.0:
                z = fades_with[i, k]
                if z >= 0:
                    weight *= max(0.0, 1.0 - context[z])
                lever = weight * overall[i, k]
                for j in range(n):
                    out[i, j] += lever * overall[k, j]


# One array is written in each sweep, and few are read: more, and LLVM gives up proving that
# they do not overlap, and with it the vector lanes.


@_compiled
def _fill_pull(affinity: Floats, stimulus: Floats, shared: Floats, pull: Floats) -> None:
    """Affinity, events, third parties and issues."""
    pairs = shared.shape[1]
    domains = pull.size // (2 * pairs)
    for side in range(2):
        for d in range(domains):
            low = (side * domains + d) * pairs
            for p in range(pairs):
                pull[low + p] = affinity[low + p] + stimulus[low + p] + shared[side, p]


@_compiled
def _answer(posture: Floats, reciprocity: Floats, pull: Floats) -> None:
    """Reciprocity, both directions."""
    half = posture.size // 2
    forth, back = posture[:half], posture[half:]
    for cell in range(half):
        pull[cell] += reciprocity[cell] * (back[cell] - forth[cell])
    for cell in range(half):
        pull[half + cell] += reciprocity[half + cell] * (forth[cell] - back[cell])


@_compiled
def _aim(ceiling: Floats, pull: Floats) -> None:
    """Pulls become targets; ceilings bind where positive."""
    for cell in range(pull.size):
        target = pull[cell] / math.sqrt(1.0 + pull[cell] * pull[cell])
        pull[cell] = min(target, target * ceiling[cell])


@_compiled
def _move(target: Floats, kept: Floats, shock: Floats, posture: Floats) -> None:
    """Postures move to their targets."""
    for cell in range(posture.size):
        moved = target[cell] + (posture[cell] - target[cell]) * kept[cell] + shock[cell]
        posture[cell] = min(max(moved, -LIMIT), LIMIT)


@_inlined
def _measure(model: Model, world: World) -> None:
    """Overall cooperation by pair and as a matrix."""
    _fill_level(world.posture, model.share, model.mutuality, world.level)
    for p in range(world.level.size):
        i, j = model.first[p], model.second[p]
        world.overall[i, j] = world.level[p]
        world.overall[j, i] = world.level[p]


@_compiled
def _fill_level(posture: Floats, share: Floats, mutuality: float, level: Floats) -> None:
    pairs, half = level.size, posture.size // 2
    for p in range(pairs):
        level[p] = 0.0
    for d in range(share.size):
        forth, back = posture[d * pairs :], posture[half + d * pairs :]
        mean, least = share[d] * (1.0 - mutuality) * 0.5, share[d] * mutuality
        for p in range(pairs):
            level[p] += mean * (forth[p] + back[p]) + least * min(forth[p], back[p])


@_inlined
def _end(drift: Floats, fade: Floats, world: World) -> None:
    """Affinity drifts, pushes fade."""
    pairs = drift.size
    affinity = world.affinity.reshape(world.affinity.size // pairs, pairs)
    for row in range(affinity.shape[0]):
        for p in range(pairs):
            affinity[row, p] += drift[p]
    for push in range(fade.size):
        world.fading[push] *= fade[push]
