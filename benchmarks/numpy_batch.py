"""Many runs at once in NumPy.

The axis of runs comes last: NumPy's inner loops run over the last axis, and a leading axis of
runs would leave them the four domains. Runs come in blocks that stay in the processor's cache,
and steps work in place. Conditions and effects are worked out for all runs of a block at once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.given import LIMIT, Change, Floats, Given, Happening, Noise, Push, Test

Bools = NDArray[np.bool_]
BLOCK = 128  # runs: enough work in each call of NumPy, and little enough for the cache


@dataclass(frozen=True)
class BlockNoise:
    """Noise of a block of B runs, runs last."""

    shock: Callable[[int], Floats]  # step -> [N, N, D, B]
    drift: Callable[[int], Floats]  # step -> [N, N, B]
    uniform: Callable[[int], Floats]  # step -> [E, B]


def hand_over(noise: Noise, block: int = BLOCK) -> list[BlockNoise]:
    """The noise of all runs in blocks, laid out as the batch adds it."""
    found = []
    for first in range(0, len(noise.shock), block):
        arrays = (noise.shock, noise.drift, noise.uniform)
        rows = [np.moveaxis(array[first : first + block], 0, -1).copy() for array in arrays]
        found.append(BlockNoise(*(row.__getitem__ for row in rows)))
    return found


def draw(given: Given, seed: int) -> BlockNoise:
    """Noise of a block drawn as it goes, by NumPy's fastest generator."""
    generator, scale = np.random.Generator(np.random.SFC64(seed)), given.scale
    n, _, d = given.numbers.posture.shape
    a, b = given.pairs
    forth, back = scale.spread[a, None, None], scale.spread[b, None, None]
    shock, drift = np.zeros((n, n, d, BLOCK)), np.zeros((n, n, BLOCK))

    def shocks(step: int) -> Floats:
        first, second = generator.standard_normal((2, len(a), d, BLOCK))
        first *= scale.common
        first += scale.factor * generator.standard_normal((len(a), 1, BLOCK))
        second *= scale.own
        shock[a, b] = forth * (first + second)
        shock[b, a] = back * (first - second)
        return shock

    def drifts(step: int) -> Floats:
        drift[a, b] = drift[b, a] = scale.walk * generator.standard_normal((len(a), BLOCK))
        return drift

    def uniforms(step: int) -> Floats:
        return generator.random((len(given.happenings), BLOCK))

    return BlockNoise(shocks, drifts, uniforms)


class Block:
    """A block of B runs as it stands, runs last."""

    def __init__(self, given: Given, noise: BlockNoise, runs: int) -> None:
        numbers = given.numbers
        self.given, self.numbers, self.noise, self.runs = given, numbers, noise, runs
        self.posture = _in_all_runs(numbers.posture, runs)
        self.affinity = _in_all_runs(numbers.affinity, runs)
        self.pull, self.work = np.empty_like(self.posture), np.empty_like(self.posture)
        self.blocks = {
            "weight": _in_all_runs(numbers.weight, runs),
            "stance": _in_all_runs(numbers.stance, runs),
            "salience": _in_all_runs(numbers.salience, runs),
            "capacity": _in_all_runs(numbers.capacity, runs),
            "context": np.zeros((len(numbers.context_start), runs)),  # added to the paths
        }
        self.on_path = np.ones((len(numbers.context_start), runs))
        self.interests = _interests(given)
        self.reciprocity = numbers.reciprocity[:, None, None, None]
        self.kept = numbers.kept[:, None, None, None]
        self.cells = np.unique(np.concatenate([*given.cells, np.zeros(0, int)]))
        self.incidence = np.zeros((len(self.cells), len(given.fade)))
        for push, cells in enumerate(given.cells):
            self.incidence[np.searchsorted(self.cells, cells), push] = 1.0
        self.fading = np.zeros((len(given.fade), runs))
        self.times_fired = np.zeros((len(given.happenings), runs), dtype=np.int64)
        self.schedule = np.array([h.schedule for h in given.happenings]).reshape(-1, given.steps)
        self.chance = np.array([happening.chance for happening in given.happenings])[:, None]
        self.at_most = np.array([happening.at_most for happening in given.happenings])[:, None]
        self.diagonal = np.arange(len(numbers.weight))
        self.follow_context(0)
        self.follow_issues(slice(None))
        self.follow_capacity(slice(None))
        self.measure()

    # ------------------------------------------------------------------------------- events

    def happen(self, step: int) -> None:
        """The events of this step in all runs, judged at its start."""
        self.follow_context(step)
        times = np.where(self.noise.uniform(step) < self.chance, 1, self.schedule[:, step, None])
        times *= self.times_fired < self.at_most
        possible = np.flatnonzero(times.any(axis=1))
        for event in possible:
            when = self.given.happenings[event].when
            if when is not None:
                times[event] *= self.holds(when)
        for event in possible:
            if times[event].any():
                self.apply(self.given.happenings[event], times[event], step)
        self.times_fired += times > 0

    def apply(self, happening: Happening, times: NDArray[np.int64], step: int) -> None:
        """The effects of an event in the runs in which it fires."""
        for effect in happening.effects:
            here = times if effect.only_if is None else times * self.holds(effect.only_if)
            if isinstance(effect, Push):
                self.push(effect, here)
            else:
                self.change(effect, here, step)

    def push(self, push: Push, times: NDArray[np.int64]) -> None:
        """A part pulls and fades, the rest stays."""
        self.fading[push.number] += times * push.fading
        if push.lasting:
            runs = np.flatnonzero(times)
            flat = self.affinity.reshape(-1, self.runs)
            flat[push.cells[:, None], runs] += times[runs] * push.lasting

    def holds(self, test: Test) -> Bools:
        """In which runs a condition holds."""
        if test.on == "event":
            return self.times_fired[test.first] > 0
        if test.on == "context":
            value = self.context[test.first]
        elif test.domain < 0:
            value = self.overall[test.first, test.second]
        else:
            forth = self.posture[test.first, test.second, test.domain]
            back = self.posture[test.second, test.first, test.domain]
            kappa = self.numbers.mutuality
            value = (1 - kappa) * 0.5 * (forth + back) + kappa * np.minimum(forth, back)
        holds: Bools = test.sign * value > test.sign * test.threshold
        return holds

    def change(self, change: Change, times: NDArray[np.int64], step: int) -> None:
        """A number is set or added to, within its range."""
        runs = np.flatnonzero(times)
        flat = self.blocks[change.block].reshape(-1, self.runs)
        where = np.ix_(change.places, runs)
        value = flat[where] + times[runs] * change.value if change.adds else change.value
        if change.block == "context":
            if not change.adds:
                self.on_path[where] = 0.0
            flat[where] = value
            self.follow_context(step)
            return
        flat[where] = np.minimum(np.maximum(value, change.low), change.high)
        if change.block == "capacity":
            self.follow_capacity(runs)
        elif change.block != "weight":
            self.follow_issues(runs)

    # ------------------------------------------------------------------- what states respond to

    def follow_context(self, step: int) -> None:
        """Context variables now [Z, B]."""
        numbers, share = self.numbers, step / self.given.steps
        path = numbers.context_start + (numbers.context_end - numbers.context_start) * share
        self.context = self.on_path * path[:, None] + self.blocks["context"]

    def follow_issues(self, runs: NDArray[np.int64] | slice) -> None:
        """Issue pull [N, N, B], of the runs in which it changes."""
        stance, salience = self.blocks["stance"][..., runs], self.blocks["salience"][..., runs]
        pull = np.einsum("imr,jmr->ijr", self.numbers.issue_gain * salience * stance, stance)
        if isinstance(runs, slice):
            self.issue = pull
        else:
            self.issue[..., runs] = pull

    def follow_capacity(self, runs: NDArray[np.int64] | slice) -> None:
        """What both can afford [N, N, D, B], of the runs in which it changes."""
        capacity = self.blocks["capacity"][..., runs]
        ceiling = np.minimum(capacity[:, None], capacity[None])
        if isinstance(runs, slice):
            self.ceiling = ceiling
        else:
            self.ceiling[..., runs] = ceiling

    def shared_pull(self) -> Floats:
        """Third parties and issues [N, N, B]; only interests that can be are gone through."""
        numbers, shared = self.numbers, self.issue.copy()
        weight, overall = self.blocks["weight"], self.overall
        for i, k in self.interests:
            lever = numbers.third_party_gain * weight[i, k]
            z = numbers.fades_with[i, k]
            if z >= 0:
                lever *= np.maximum(0.0, 1.0 - self.context[z])
            lever *= overall[i, k]
            shared[i] += lever * overall[k]
        return shared

    # ------------------------------------------------------------------------------ a step

    def step(self, step: int) -> None:
        """One month of all runs."""
        self.happen(step)
        posture, pull, work = self.posture, self.pull, self.work
        np.add(self.affinity, self.shared_pull()[:, :, None], out=pull)
        np.subtract(posture.swapaxes(0, 1), posture, out=work)
        work *= self.reciprocity
        pull += work
        pull.reshape(-1, self.runs)[self.cells] += self.incidence @ self.fading
        self.move(step)
        self.measure()
        self.affinity += self.noise.drift(step)[:, :, None]
        self.fading *= self.given.fade[:, None]

    def move(self, step: int) -> None:
        """Postures move to the targets of their pulls."""
        posture, target, work = self.posture, self.pull, self.work
        np.multiply(target, target, out=work)
        work += 1.0
        np.sqrt(work, out=work)
        target /= work
        np.multiply(target, self.ceiling, out=work)
        np.minimum(target, work, out=target)  # ceilings bind where positive
        posture -= target
        posture *= self.kept
        posture += target
        posture += self.noise.shock(step)
        np.minimum(posture, LIMIT, out=posture)
        np.maximum(posture, -LIMIT, out=posture)
        posture[self.diagonal, self.diagonal] = 0.0

    def measure(self) -> None:
        """Overall cooperation [N, N, B]: the domains are summed before the two sides meet."""
        kappa, share = self.numbers.mutuality, self.numbers.domain_share
        posture = self.posture
        np.minimum(posture, posture.swapaxes(0, 1), out=self.work)
        mean, least = share[0] * posture[:, :, 0], share[0] * self.work[:, :, 0]
        for d in range(1, len(share)):
            mean += share[d] * posture[:, :, d]
            least += share[d] * self.work[:, :, d]
        self.overall = 0.5 * (1 - kappa) * (mean + mean.swapaxes(0, 1)) + kappa * least


def _in_all_runs(array: Floats, runs: int) -> Floats:
    return np.repeat(array[..., None], runs, axis=-1)


def _interests(given: Given) -> list[tuple[int, int]]:
    """Tie interests that are, or that an event can make, other than 0."""
    possible = given.numbers.weight != 0.0
    for happening in given.happenings:
        for effect in happening.effects:
            if isinstance(effect, Change) and effect.block == "weight":
                possible.reshape(-1)[effect.places] = True
    return [(int(i), int(k)) for i, k in np.argwhere(possible)]


def simulate(
    given: Given, noise: list[BlockNoise], runs: int, dtype: type[np.floating] = np.float32
) -> NDArray[np.floating]:
    """Overall cooperation at the end of every step, [runs, T, P], as a view of [T, P, runs]."""
    a, b = given.pairs
    levels = np.empty((given.steps, len(a), runs), dtype=dtype)
    for first, block_noise in zip(range(0, runs, BLOCK), noise, strict=True):
        size = min(BLOCK, runs - first)
        block = Block(given, block_noise, size)
        for step in range(given.steps):
            block.step(step)
            levels[step, :, first : first + size] = block.overall[a, b]
    return np.moveaxis(levels, -1, 0)
