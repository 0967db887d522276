"""The bare kernel: the practical limit on one core. Noise is given, nothing is recorded.

Runs one after another, compiled by numba without fast-math. Postures lie in one flat vector of
2·D·P numbers, P pairs: first what the first state of each pair extends to the second, then the
other way round; within each, pairs are innermost. What chance adds to the cooperation of pairs
lies likewise, D·P numbers. So every loop of the response is a plain sweep that fills the vector
lanes of the processor, and nothing is worked out twice per pair.
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
_woven = numba.njit(cache=True, nogil=True, error_model="numpy", forceinline=True)
_inlined = numba.njit(inline="always", error_model="numpy")


class Model(NamedTuple):
    """What no run changes. K = 2·D·P cells."""

    steps: int
    first: Ints  # [P] states of each pair
    second: Ints  # [P]
    pair: Ints  # [N, N] the pair of two states
    posture: Floats  # [K]
    affinity: Floats  # [K]
    numbers: Floats  # the blocks of numbers that events change, one after another
    start: Ints  # [6] where each block begins
    fades_with: Ints  # [N, N]
    kept: Floats  # [K]
    chance_kept: Floats  # [P]
    reciprocity: Floats  # [K]
    share: Floats  # [D]
    context_start: Floats  # [Z]
    context_end: Floats  # [Z]
    alignment_gain: float
    rivalry_gain: float
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

    shock: Floats  # [R, T, D·P]
    drift: Floats  # [R, T, P]
    uniform: Floats  # [R, T, E]


class World(NamedTuple):
    """One run as it stands."""

    posture: Floats  # [K]
    affinity: Floats  # [K]
    stimulus: Floats  # [K]
    pull: Floats  # [K]
    ceiling: Floats  # [D·P]
    chance: Floats  # [D·P] what chance adds to the cooperation of pairs
    chance_pull: Floats  # [P] what chance adds to the pull of both sides
    swing: Floats  # [K] where the pull of causes leads with that of chance, and less it
    walk: Floats  # [P] drift of the pull of pairs
    caused: Floats  # [D·P] cooperation without what chance adds
    numbers: Floats
    on_path: Floats  # [Z]
    context: Floats  # [Z]
    fading: Floats  # [U]
    fired: Ints  # [E]
    times_fired: Ints  # [E]
    issue: Floats  # [2, P]
    seen: Floats  # [N, (D + 1)·N] cooperation as caused by domain, and chance overall
    third_party: Floats  # [N, (D + 1)·N] what they make of it, the own relation aside
    aligned: Floats  # [N, N] weights in force of those that a state takes a cue from, with gain
    total: Floats  # [N] their sums
    cue: Floats  # [2, P] how far the own relation is held against theirs
    level: Floats  # [P] overall cooperation
    overall_chance: Floats  # [P]


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
    pair = np.zeros((n, n), dtype=np.int64)
    pair[a, b] = pair[b, a] = np.arange(len(a))
    model = Model(
        steps=given.steps,
        first=a,
        second=b,
        pair=pair,
        posture=cells(numbers.posture),
        affinity=cells(numbers.affinity),
        numbers=np.concatenate([block.reshape(-1) for block in blocks]),
        start=np.cumsum([0, *(block.size for block in blocks)]),
        fades_with=numbers.fades_with,
        kept=of_actor(numbers.kept),
        chance_kept=numbers.chance_kept,
        reciprocity=of_actor(numbers.reciprocity),
        share=numbers.domain_share,
        context_start=numbers.context_start,
        context_end=numbers.context_end,
        alignment_gain=numbers.alignment_gain,
        rivalry_gain=numbers.rivalry_gain,
        issue_gain=numbers.issue_gain,
        mutuality=numbers.mutuality,
    )
    place = np.rint(cells(np.arange(n * n * d, dtype=float).reshape(n, n, d))).astype(int)
    shock = np.moveaxis(given.noise.shock, -1, -2)
    shock = np.ascontiguousarray(shock.reshape(*shock.shape[:2], -1))
    noise = Noise(shock, given.noise.drift, given.noise.uniform)
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
    domains = model.share.size
    n_events, n_contexts = events.chance.size, model.context_start.size
    return World(
        posture=np.zeros(cells),
        affinity=np.zeros(cells),
        stimulus=np.zeros(cells),
        pull=np.zeros(cells),
        ceiling=np.zeros(cells // 2),
        chance=np.zeros(cells // 2),
        chance_pull=np.zeros(pairs),
        swing=np.zeros(cells),
        walk=np.zeros(pairs),
        caused=np.zeros(cells // 2),
        numbers=np.zeros(model.numbers.size),
        on_path=np.zeros(n_contexts),
        context=np.zeros(n_contexts),
        fading=np.zeros(events.fade.size),
        fired=np.zeros(n_events, dtype=np.int64),
        times_fired=np.zeros(n_events, dtype=np.int64),
        issue=np.zeros((2, pairs)),
        seen=np.zeros((n, (domains + 1) * n)),
        third_party=np.zeros((n, (domains + 1) * n)),
        aligned=np.zeros((n, n)),
        total=np.zeros(n),
        cue=np.zeros((2, pairs)),
        level=np.zeros(pairs),
        overall_chance=np.zeros(pairs),
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
    world.chance[:] = 0.0
    world.overall_chance[:] = 0.0
    world.walk[:] = 0.0
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


@_inlined
def _holds(row: int, model: Model, events: Events, world: World) -> bool:
    on, first, second, domain = events.test[row]
    sign, threshold = events.threshold[row]
    if on == _ON_EVENT:
        value, sign, threshold = float(world.times_fired[first]), 1.0, 0.0
    elif on == _ON_CONTEXT:
        value = world.context[first]
    elif domain < 0:
        value = world.level[model.pair[first, second]]
    else:
        cell = domain * world.level.size + model.pair[first, second]
        value = _within_limit(world.caused[cell] + world.chance[cell])
    return sign * value > sign * threshold


@_inlined
def _within_limit(level: float) -> float:
    return min(max(level, -LIMIT), LIMIT)


@_inlined
def _apply(effect: int, times: int, model: Model, events: Events, world: World, step: int) -> None:
    push, block, place, adds, _ = events.effect[effect]
    value, low, high = events.value[effect]
    if push >= 0:
        world.fading[push] += times * value
        for index in range(events.cells_of[push], events.cells_of[push + 1]):
            world.affinity[events.cell[index]] += times * low
    else:
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
    n, stance, salience = model.pair.shape[0], model.start[_STANCE], model.start[_SALIENCE]
    issues = (salience - stance) // n
    for side in range(2):
        for p in range(model.first.size):
            i, j = model.first[p], model.second[p]
            if side == 1:
                i, j = j, i
            total, attention = 0.0, 0.0
            for m in range(issues):
                own = world.numbers[salience + i * issues + m]
                attention += own
                own *= world.numbers[stance + i * issues + m]
                total += own * world.numbers[stance + j * issues + m]
            world.issue[side, p] = model.issue_gain * total / max(1.0, attention)


@_compiled
def _follow_capacity(model: Model, world: World) -> None:
    pairs, domains, start = world.level.size, model.share.size, model.start[_CAPACITY]
    for d in range(domains):
        for p in range(pairs):
            first = world.numbers[start + model.first[p] * domains + d]
            second = world.numbers[start + model.second[p] * domains + d]
            world.ceiling[d * pairs + p] = min(first, second)


@_inlined
def _respond(model: Model, world: World, shock: Floats) -> None:
    """All postures move at once, and chance moves all pairs."""
    _fill_third_parties(
        world.numbers,
        model.fades_with,
        world.context,
        model.alignment_gain,
        model.rivalry_gain,
        world.seen,
        world.aligned,
        world.total,
        world.third_party,
    )
    _fill_cue(model.first, model.second, world.aligned, world.total, world.cue)
    _fill_pull(world.affinity, world.stimulus, world.issue, world.pull)
    _add_third_parties(model.first, model.second, world.third_party, world.pull)
    _hold_against(world.cue, world.caused, world.pull)
    _answer(world.posture, model.reciprocity, world.pull)
    _fill_chance_pull(model.first, model.second, world.third_party, world.walk, world.chance_pull)
    _hold_chance_against(world.cue, world.overall_chance, world.chance_pull)
    _swing(world.pull, world.chance_pull, world.swing)
    _squash(world.pull)
    _squash(world.swing)
    _hold_to_means(world.ceiling, world.pull)
    _move(world.pull, model.kept, world.posture)
    _move_chance(world.swing, model.chance_kept, shock, world.chance)


@_woven
def _fill_third_parties(
    numbers: Floats,
    fades_with: Ints,
    context: Floats,
    alignment_gain: float,
    rivalry_gain: float,
    seen: Floats,
    aligned: Floats,
    total: Floats,
    out: Floats,
) -> None:
    """Σ_k g·w_ik·c_kj, with the gain of alignment where w_ik is positive and of rivalry where it
    is not; the weights are the first block of numbers."""
    n = seen.shape[0]
    for i in range(n):
        total[i] = 0.0
        for cell in range(out.shape[1]):
            out[i, cell] = 0.0
        for k in range(n):
            aligned[i, k] = 0.0
            weight = numbers[i * n + k]
            if weight != 0.0:
                z = fades_with[i, k]
                if z >= 0:
                    weight *= max(0.0, 1.0 - context[z])
                gain = alignment_gain if weight > 0.0 else rivalry_gain
                aligned[i, k] = max(0.0, gain * weight)
                total[i] += aligned[i, k]
                lever = gain * weight
                for cell in range(out.shape[1]):
                    out[i, cell] += lever * seen[k, cell]


@_woven
def _fill_cue(first: Ints, second: Ints, aligned: Floats, total: Floats, cue: Floats) -> None:
    for p in range(first.size):
        cue[0, p] = total[first[p]] - aligned[first[p], second[p]]
        cue[1, p] = total[second[p]] - aligned[second[p], first[p]]


# One array is written in each sweep, and few are read: more, and LLVM gives up proving that
# they do not overlap, and with it the vector lanes.


@_woven
def _fill_pull(affinity: Floats, stimulus: Floats, issue: Floats, pull: Floats) -> None:
    """Affinity, events and issues."""
    pairs = issue.shape[1]
    domains = pull.size // (2 * pairs)
    for side in range(2):
        for d in range(domains):
            low = (side * domains + d) * pairs
            for p in range(pairs):
                pull[low + p] = affinity[low + p] + stimulus[low + p] + issue[side, p]


@_woven
def _add_third_parties(first: Ints, second: Ints, third_party: Floats, pull: Floats) -> None:
    """Relations of third parties, both directions."""
    pairs, half, n = first.size, pull.size // 2, third_party.shape[0]
    for d in range(half // pairs):
        for p in range(pairs):
            pull[d * pairs + p] += third_party[first[p], d * n + second[p]]
        for p in range(pairs):
            pull[half + d * pairs + p] += third_party[second[p], d * n + first[p]]


@_woven
def _hold_against(cue: Floats, caused: Floats, pull: Floats) -> None:
    """The own relation is held against those of third parties, both directions."""
    pairs = cue.shape[1]
    domains = caused.size // pairs
    for side in range(2):
        for d in range(domains):
            low, own = (side * domains + d) * pairs, d * pairs
            for p in range(pairs):
                pull[low + p] -= cue[side, p] * caused[own + p]


@_woven
def _answer(posture: Floats, reciprocity: Floats, pull: Floats) -> None:
    """Reciprocity, both directions."""
    half = posture.size // 2
    forth, back = posture[:half], posture[half:]
    for cell in range(half):
        pull[cell] += reciprocity[cell] * (back[cell] - forth[cell])
    for cell in range(half):
        pull[half + cell] += reciprocity[half + cell] * (forth[cell] - back[cell])


@_woven
def _fill_chance_pull(
    first: Ints, second: Ints, third_party: Floats, walk: Floats, out: Floats
) -> None:
    """Drift, and what reaches both sides by way of third parties: their last rows."""
    n = third_party.shape[0]
    last = third_party.shape[1] - n
    for p in range(out.size):
        i, j = first[p], second[p]
        out[p] = walk[p] + 0.5 * (third_party[i, last + j] + third_party[j, last + i])


@_woven
def _hold_chance_against(cue: Floats, overall_chance: Floats, out: Floats) -> None:
    for p in range(out.size):
        out[p] -= 0.5 * (cue[0, p] + cue[1, p]) * overall_chance[p]


@_woven
def _swing(pull: Floats, chance_pull: Floats, out: Floats) -> None:
    """The mean pull of both sides by causes, with that of chance and less it."""
    pairs, half = chance_pull.size, pull.size // 2
    forth, back, above, below = pull[:half], pull[half:], out[:half], out[half:]
    for cell in range(half):
        below[cell] = 0.5 * (forth[cell] + back[cell])
    for d in range(half // pairs):
        low = d * pairs
        for p in range(pairs):
            above[low + p] = below[low + p] + chance_pull[p]
        for p in range(pairs):
            below[low + p] -= chance_pull[p]


@_woven
def _squash(pull: Floats) -> None:
    """Pulls become levels."""
    for cell in range(pull.size):
        u = pull[cell]
        pull[cell] = u / math.sqrt(1.0 + u * u)


@_woven
def _hold_to_means(ceiling: Floats, target: Floats) -> None:
    """Ceilings, of pairs, bind the targets of both sides where positive."""
    half = ceiling.size
    for side in range(2):
        low = side * half
        for cell in range(half):
            target[low + cell] = min(target[low + cell], target[low + cell] * ceiling[cell])


@_woven
def _move(target: Floats, kept: Floats, posture: Floats) -> None:
    """Postures move to their targets."""
    for cell in range(posture.size):
        posture[cell] = target[cell] + (posture[cell] - target[cell]) * kept[cell]


@_woven
def _move_chance(swing: Floats, kept: Floats, shock: Floats, chance: Floats) -> None:
    """Chance moves to its targets, and is moved."""
    pairs, half = kept.size, chance.size
    for d in range(half // pairs):
        low = d * pairs
        for p in range(pairs):
            target = 0.5 * (swing[low + p] - swing[half + low + p])
            left = (chance[low + p] - target) * kept[p]
            chance[low + p] = target + left + shock[low + p]


@_inlined
def _measure(model: Model, world: World) -> None:
    """Cooperation as caused, overall by pair, and what third parties act through."""
    _fill_caused(world.posture, model.mutuality, world.caused)
    _fill_overall_chance(world.chance, model.share, world.overall_chance)
    _fill_level(world.caused, world.chance, model.share, world.level)
    _show(model.first, model.second, world.caused, world.overall_chance, world.seen)


@_woven
def _fill_caused(posture: Floats, mutuality: float, caused: Floats) -> None:
    forth, back = posture[: caused.size], posture[caused.size :]
    mean = 0.5 * (1.0 - mutuality)
    for cell in range(caused.size):
        least = min(forth[cell], back[cell])
        caused[cell] = mean * (forth[cell] + back[cell]) + mutuality * least


@_woven
def _fill_overall_chance(chance: Floats, share: Floats, overall: Floats) -> None:
    pairs = overall.size
    overall[:] = 0.0
    for d in range(share.size):
        for p in range(pairs):
            overall[p] += share[d] * chance[d * pairs + p]


@_woven
def _fill_level(caused: Floats, chance: Floats, share: Floats, level: Floats) -> None:
    pairs = level.size
    level[:] = 0.0
    for d in range(share.size):
        for p in range(pairs):
            level[p] += share[d] * _within_limit(caused[d * pairs + p] + chance[d * pairs + p])


@_woven
def _show(first: Ints, second: Ints, caused: Floats, overall_chance: Floats, seen: Floats) -> None:
    """What both states of each pair see."""
    pairs, n = first.size, seen.shape[0]
    rows = seen.shape[1] // n
    for row in range(rows):
        for p in range(pairs):
            level = caused[row * pairs + p] if row < rows - 1 else overall_chance[p]
            seen[first[p], row * n + second[p]] = level
            seen[second[p], row * n + first[p]] = level


@_inlined
def _end(drift: Floats, fade: Floats, world: World) -> None:
    """The pull of pairs drifts, pushes fade."""
    for p in range(drift.size):
        world.walk[p] += drift[p]
    for push in range(fade.size):
        world.fading[push] *= fade[push]
