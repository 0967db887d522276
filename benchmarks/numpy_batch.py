"""Many runs at once in NumPy.

The axis of runs comes last: NumPy's inner loops run over the last axis, and a leading axis of
runs would leave them the four domains. Runs come in blocks that stay in the processor's cache,
and steps work in place. Postures lie by pair, first what the first state of each pair extends to
the second, then the other way round, so that nothing is worked out twice per pair. Conditions and
effects are worked out for all runs of a block at once.
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

    shock: Callable[[int], Floats]  # step -> [P, D, B]
    drift: Callable[[int], Floats]  # step -> [P, B]
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
    pairs, domains = len(scale.spread), given.numbers.posture.shape[-1]
    own, news = scale.spread * scale.own, scale.spread * scale.news

    def shocks(step: int) -> Floats:
        shock = generator.standard_normal((pairs, domains, BLOCK))
        shock *= own[:, None, None]
        shock += news[:, None, None] * generator.standard_normal((pairs, 1, BLOCK))
        return shock

    def drifts(step: int) -> Floats:
        drift = generator.standard_normal((pairs, BLOCK))
        drift *= scale.walk
        return drift

    def uniforms(step: int) -> Floats:
        return generator.random((len(given.happenings), BLOCK))

    return BlockNoise(shocks, drifts, uniforms)


class Block:
    """A block of B runs as it stands, runs last."""

    def __init__(self, given: Given, noise: BlockNoise, runs: int) -> None:
        numbers = given.numbers
        self.given, self.numbers, self.noise, self.runs = given, numbers, noise, runs
        self.places = _Places(given)
        states, domains, pairs = len(numbers.weight), len(numbers.domain_share), len(given.pairs[0])
        self.posture = self._by_pair(numbers.posture)
        self.affinity = self._by_pair(numbers.affinity)
        self.chance = np.zeros((pairs, domains, runs))  # added to the cooperation of pairs
        self.walk = np.zeros((pairs, runs))  # drift of the pull of pairs
        # What third parties act through: cooperation as caused by domain, and chance overall.
        self.seen = np.zeros((pairs + 1, domains + 1, runs))  # a last row of zeros
        self.third_party = np.zeros((states, states, domains + 1, runs))
        self.pull, self.work, self.swing = (np.empty_like(self.posture) for _ in range(3))
        self.blocks = {
            "weight": _in_all_runs(numbers.weight, runs),
            "stance": _in_all_runs(numbers.stance, runs),
            "salience": _in_all_runs(numbers.salience, runs),
            "capacity": _in_all_runs(numbers.capacity, runs),
            "context": np.zeros((len(numbers.context_start), runs)),  # added to the paths
        }
        self.on_path = np.ones((len(numbers.context_start), runs))
        self.reciprocity = numbers.reciprocity[self.places.actor][..., None, None]
        self.kept = numbers.kept[self.places.actor][..., None, None]
        self.chance_kept = numbers.chance_kept[:, None, None]
        self.fading = np.zeros((len(given.fade), runs))
        self.times_fired = np.zeros((len(given.happenings), runs), dtype=np.int64)
        self.schedule = np.array([h.schedule for h in given.happenings]).reshape(-1, given.steps)
        self.chance_of = np.array([happening.chance for happening in given.happenings])[:, None]
        self.at_most = np.array([happening.at_most for happening in given.happenings])[:, None]
        self.follow_context(0)
        self.follow_issues(slice(None))
        self.follow_capacity(slice(None))
        self.measure()

    def _by_pair(self, array: Floats) -> Floats:
        """[N, N, D] -> [2, P, D, B]."""
        a, b = self.given.pairs
        return _in_all_runs(np.stack((array[a, b], array[b, a])), self.runs)

    # ------------------------------------------------------------------------------- events

    def happen(self, step: int) -> None:
        """The events of this step in all runs, judged at its start."""
        self.follow_context(step)
        times = np.where(self.noise.uniform(step) < self.chance_of, 1, self.schedule[:, step, None])
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
            cells = self.places.cells_of[push.number]
            flat[cells[:, None], runs] += times[runs] * push.lasting

    def holds(self, test: Test) -> Bools:
        """In which runs a condition holds."""
        if test.on == "event":
            return self.times_fired[test.first] > 0
        if test.on == "context":
            value = self.context[test.first]
        else:
            pair = self.places.pair[test.first, test.second]
            value = self.overall[pair] if test.domain < 0 else self.level[pair, test.domain]
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
        """Issue pull [2, P, B], of the runs in which it changes."""
        stance, salience = self.blocks["stance"][..., runs], self.blocks["salience"][..., runs]
        share = self.numbers.issue_gain / np.maximum(1.0, salience.sum(axis=1, keepdims=True))
        pull = np.einsum("imr,jmr->ijr", share * salience * stance, stance)
        if isinstance(runs, slice):
            self.issue = pull[self.places.actor, self.places.faced]
        else:
            self.issue[..., runs] = pull[self.places.actor, self.places.faced]

    def follow_capacity(self, runs: NDArray[np.int64] | slice) -> None:
        """What both can afford [P, D, B], of the runs in which it changes."""
        capacity = self.blocks["capacity"][..., runs]
        a, b = self.given.pairs
        ceiling = np.minimum(capacity[a], capacity[b])
        if isinstance(runs, slice):
            self.ceiling = ceiling
        else:
            self.ceiling[..., runs] = ceiling

    def third_parties(self) -> Floats:
        """The pull of third parties by domain, and on what chance adds overall [2, P, D + 1, B];
        only interests that can be are gone through."""
        numbers, places, seen = self.numbers, self.places, self.seen
        weight = self.blocks["weight"][places.interest_of, places.interest_in]
        weight[places.fades] *= np.maximum(0.0, 1.0 - self.context[places.fades_with])
        aligned = numbers.alignment_gain * np.maximum(weight, 0.0)
        lever = aligned + numbers.rivalry_gain * np.minimum(weight, 0.0)
        relations = seen.take(places.pair, axis=0)
        for drawn, interests in zip(self.third_party, places.interests, strict=True):
            for turn, (number, k) in enumerate(interests):
                if turn == 0:
                    np.multiply(lever[number], relations[k], out=drawn)
                else:
                    drawn += lever[number] * relations[k]
        out = self.third_party.reshape(-1, *seen.shape[1:]).take(places.row_of_side, axis=0)
        cue = (places.interests_of_state @ aligned).take(places.actor, axis=0)
        cue.reshape(-1, self.runs)[places.side_of_interest] -= aligned
        out -= cue[:, :, None] * seen[:-1]
        return out

    # ------------------------------------------------------------------------------ a step

    def step(self, step: int) -> None:
        """One month of all runs."""
        self.happen(step)
        third_party, posture = self.third_parties(), self.posture
        pull, answer = self.pull, self.work
        np.add(third_party[:, :, :-1], self.issue[:, :, None], out=pull)
        pull += self.affinity
        np.subtract(posture[1], posture[0], out=answer[0])
        np.negative(answer[0], out=answer[1])
        answer *= self.reciprocity
        pull += answer
        pull.reshape(-1, self.runs)[self.places.cells] += self.places.incidence @ self.fading
        self.move_chance(pull, third_party[:, :, -1], step)
        target = self.take_target(pull)
        posture -= target
        posture *= self.kept
        posture += target
        self.measure()
        self.walk += self.noise.drift(step)
        self.fading *= self.given.fade[:, None]

    def squash(self, pull: Floats) -> Floats:
        """Pulls [2, P, D, B] as levels, in their place."""
        work = self.work
        np.multiply(pull, pull, out=work)
        work += 1.0
        np.sqrt(work, out=work)
        pull /= work
        return pull

    def take_target(self, pull: Floats) -> Floats:
        """Where pulls [2, P, D, B] lead, in their place."""
        target = self.squash(pull)
        np.multiply(target, self.ceiling, out=self.work)
        return np.minimum(target, self.work, out=target)  # ceilings bind where positive

    def move_chance(self, pull: Floats, third_party: Floats, step: int) -> None:
        """What chance adds to the cooperation of every pair after this step."""
        chance_pull = third_party[0] + third_party[1]
        chance_pull *= 0.5
        chance_pull += self.walk
        mean = pull[0] + pull[1]
        mean *= 0.5
        np.add(mean, chance_pull[:, None], out=self.swing[0])
        np.subtract(mean, chance_pull[:, None], out=self.swing[1])
        above, below = self.squash(self.swing)
        target = np.subtract(above, below, out=above)
        target *= 0.5
        self.chance -= target
        self.chance *= self.chance_kept
        self.chance += target
        self.chance += self.noise.shock(step)

    def measure(self) -> None:
        """Cooperation of pairs as caused and chance overall (``seen``), by domain, and overall
        [P, B]."""
        kappa, share = self.numbers.mutuality, self.numbers.domain_share
        forth, back = self.posture
        caused = np.add(forth, back, out=self.seen[:-1, :-1])
        caused *= 0.5 * (1 - kappa)
        least = np.minimum(forth, back, out=self.work[0])
        least *= kappa
        caused += least
        self.level = np.add(caused, self.chance)
        np.minimum(self.level, LIMIT, out=self.level)
        np.maximum(self.level, -LIMIT, out=self.level)
        self.overall = np.einsum("d,pdr->pr", share, self.level)
        np.einsum("d,pdr->pr", share, self.chance, out=self.seen[:-1, -1])


class _Places:
    """Where pairs, interests and events stand in the arrays of a block."""

    def __init__(self, given: Given) -> None:
        a, b = given.pairs
        states, pairs, domains = len(given.numbers.weight), len(a), len(given.numbers.domain_share)
        self.actor, self.faced = np.stack((a, b)), np.stack((b, a))
        self.row_of_side = self.actor * states + self.faced
        self.pair = np.full((states, states), pairs)  # on the diagonal the row of zeros
        self.pair[a, b] = self.pair[b, a] = np.arange(pairs)
        side = np.zeros((states, states), dtype=np.int64)
        side[self.actor, self.faced] = np.arange(2 * pairs).reshape(2, pairs)
        self.interest_of, self.interest_in = np.nonzero(_possible_interests(given))
        self.interests = [  # of each state: their numbers, and the states they are in
            [(n, self.interest_in[n]) for n in np.flatnonzero(self.interest_of == i)]
            for i in range(states)
        ]
        self.interests_of_state = np.equal.outer(np.arange(states), self.interest_of).astype(float)
        self.side_of_interest = side[self.interest_of, self.interest_in]
        fades_with = given.numbers.fades_with[self.interest_of, self.interest_in]
        self.fades = np.flatnonzero(fades_with >= 0)
        self.fades_with = fades_with[self.fades]
        self.cells_of = [
            side.reshape(-1)[cells // domains] * domains + cells % domains for cells in given.cells
        ]
        self.cells = np.unique(np.concatenate([*self.cells_of, np.zeros(0, int)]))
        self.incidence = np.zeros((len(self.cells), len(given.fade)))
        for push, cells in enumerate(self.cells_of):
            self.incidence[np.searchsorted(self.cells, cells), push] = 1.0


def _in_all_runs(array: Floats, runs: int) -> Floats:
    return np.repeat(array[..., None], runs, axis=-1)


def _possible_interests(given: Given) -> Bools:
    """Tie interests [N, N] that are, or that an event can make, other than 0."""
    possible = given.numbers.weight != 0.0
    for happening in given.happenings:
        for effect in happening.effects:
            if isinstance(effect, Change) and effect.block == "weight":
                possible.reshape(-1)[effect.places] = True
    return possible


def simulate(
    given: Given, noise: list[BlockNoise], runs: int, dtype: type[np.floating] = np.float32
) -> NDArray[np.floating]:
    """Overall cooperation at the end of every step, [runs, T, P], as a view of [T, P, runs]."""
    levels = np.empty((given.steps, len(given.pairs[0]), runs), dtype=dtype)
    for first, block_noise in zip(range(0, runs, BLOCK), noise, strict=True):
        size = min(BLOCK, runs - first)
        block = Block(given, block_noise, size)
        for step in range(given.steps):
            block.step(step)
            levels[step, :, first : first + size] = block.overall
    return np.moveaxis(levels, -1, 0)
