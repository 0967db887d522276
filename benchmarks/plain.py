"""The model of one run in plain Python and NumPy, for the agents of Mesa and AgentPy.

The world is NumPy arrays; a state works on its own row, all states it faces and all domains at
once. Chance is the pairs', and the world works it out for all of them at once. What only events
change is worked out when they change it.
"""

from __future__ import annotations

import numpy as np

from benchmarks.given import LIMIT, Change, Floats, Given, Push, Test


class World:
    """One run as it stands."""

    def __init__(self, given: Given, run: int) -> None:
        numbers = given.numbers
        self.given, self.numbers = given, numbers
        self.shock, self.drift = given.noise.shock[run], given.noise.drift[run]
        self.uniform = given.noise.uniform[run].tolist()
        self.schedule = [happening.schedule.tolist() for happening in given.happenings]
        self.first, self.second = given.pairs
        states, domains = len(numbers.weight), len(numbers.domain_share)
        self.pair = np.zeros((states, states), dtype=np.int64)  # the number of each pair
        self.pair[self.first, self.second] = np.arange(len(self.first))
        self.pair += self.pair.T
        self.posture = numbers.posture.copy()
        self.next_posture = self.posture.copy()
        self.pull = np.zeros_like(self.posture)
        self.chance = np.zeros((len(self.first), domains))  # added to the cooperation of pairs
        self.overall_chance = np.zeros((states, states))
        self.walk = np.zeros(len(self.first))  # drift of the pull of pairs
        self.chance_kept = numbers.chance_kept[:, None]
        self.affinity = numbers.affinity.copy()
        self.blocks = {
            "weight": numbers.weight.copy(),
            "stance": numbers.stance.copy(),
            "salience": numbers.salience.copy(),
            "capacity": numbers.capacity.copy(),
            "context": np.zeros_like(numbers.context_start),  # added to the paths
        }
        self.on_path = np.ones_like(numbers.context_start)
        self.fades = [numbers.fades_with == z for z in range(len(self.on_path))]
        self.fading = np.zeros(len(given.fade))
        self.cells = given.cells
        self.times_fired = [0] * len(given.happenings)
        self.step = 0
        self.follow_context()
        self.follow_numbers()
        self.measure()

    # ------------------------------------------------------------------------------- events

    def happen(self) -> None:
        """The events of this step, judged at its start."""
        self.follow_context()
        firing = self.firing()
        for event, times in firing:
            for effect in self.given.happenings[event].effects:
                if effect.only_if is None or self.holds(effect.only_if):
                    if isinstance(effect, Push):
                        self.push(effect, times)
                    else:
                        self.change(effect, times)
        for event, _ in firing:
            self.times_fired[event] += 1
        self.follow_interest()
        self.gather()

    def firing(self) -> list[tuple[int, int]]:
        """Events that fire now, and how often."""
        found, uniform, step = [], self.uniform[self.step], self.step
        for event, happening in enumerate(self.given.happenings):
            times = self.schedule[event][step] or int(uniform[event] < happening.chance)
            if (
                times
                and self.times_fired[event] < happening.at_most
                and (happening.when is None or self.holds(happening.when))
            ):
                found.append((event, times))
        return found

    def holds(self, test: Test) -> bool:
        """Whether a condition holds."""
        if test.on == "event":
            return self.times_fired[test.first] > 0
        if test.on == "context":
            value = self.context[test.first]
        else:
            pair = self.pair[test.first, test.second]
            value = self.overall[pair] if test.domain < 0 else self.level[pair, test.domain]
        return bool(test.sign * value > test.sign * test.threshold)

    def push(self, push: Push, times: int) -> None:
        """A part pulls and fades, the rest stays."""
        self.fading[push.number] += times * push.fading
        if push.lasting:
            self.affinity.reshape(-1)[push.cells] += times * push.lasting

    def change(self, change: Change, times: int) -> None:
        """A number is set or added to, within its range."""
        block = self.blocks[change.block].reshape(-1)
        value = block[change.places] + times * change.value
        if not change.adds:
            value[:] = change.value
            if change.block == "context":
                self.on_path[change.places] = 0.0
        block[change.places] = np.minimum(np.maximum(value, change.low), change.high)
        if change.block == "context":
            self.follow_context()
        elif change.block != "weight":
            self.follow_numbers()

    # ------------------------------------------------------------------- what states respond to

    def follow_context(self) -> None:
        """Context variables now."""
        numbers = self.numbers
        share = self.step / self.given.steps
        path = numbers.context_start + (numbers.context_end - numbers.context_start) * share
        self.context = self.on_path * path + self.blocks["context"]

    def follow_numbers(self) -> None:
        """What stances, saliences and capacities amount to: issue pull [N, N], ceilings."""
        stance, salience, capacity = (
            self.blocks[name] for name in ("stance", "salience", "capacity")
        )
        attention = np.maximum(1.0, salience.sum(axis=1, keepdims=True))
        self.issue = self.numbers.issue_gain * ((salience / attention * stance) @ stance.T)
        self.ceiling = np.minimum(capacity[:, None], capacity[None])

    def follow_interest(self) -> None:
        """What tie weights in force make of the relations of third parties [N, N]: ``lever`` of
        each state on each k, and ``cue``, how far a state's own relation with j is held against
        those of the others it takes a cue from."""
        numbers, weight = self.numbers, self.blocks["weight"].copy()
        for z, mask in enumerate(self.fades):
            weight[mask] *= max(0.0, 1.0 - self.context[z])
        aligned = numbers.alignment_gain * np.maximum(weight, 0.0)
        self.lever = aligned + numbers.rivalry_gain * np.minimum(weight, 0.0)
        self.cue = aligned.sum(axis=1, keepdims=True) - aligned

    def gather(self) -> None:
        """Affinity and what still pulls of the events."""
        self.base = self.affinity
        active = np.flatnonzero(self.fading)
        if active.size:
            self.base = self.affinity.copy()
            flat = self.base.reshape(-1)
            for number in active:
                flat[self.cells[number]] += self.fading[number]

    # ------------------------------------------------------------------------------- a state

    def decide(self, i: int) -> Floats:
        """The next postures of state i towards all by domain [N, D]."""
        reciprocity, own, caused = self.numbers.reciprocity[i], self.posture[i], self.caused
        third_party = (self.lever[i] @ caused.reshape(len(own), -1)).reshape(own.shape)
        third_party -= self.cue[i, :, None] * caused[i]
        pull = self.base[i] + (third_party + self.issue[i, :, None])
        pull += reciprocity * (self.posture[:, i] - own)
        self.pull[i] = pull
        target = target_of(pull, self.ceiling[i])
        moved: Floats = target + (own - target) * self.numbers.kept[i]
        moved[i] = 0.0
        return moved

    # --------------------------------------------------------------------------- end of a step

    def end(self) -> None:
        """Chance moves pairs, postures are taken, the pull of pairs drifts, pushes fade."""
        self.move_chance()
        self.posture, self.next_posture = self.next_posture, self.posture
        self.measure()
        self.walk += self.drift[self.step]
        self.fading *= self.given.fade
        self.step += 1

    def move_chance(self) -> None:
        """What chance adds to the cooperation of every pair after this step."""
        a, b = self.first, self.second
        third_party = self.lever @ self.overall_chance - self.cue * self.overall_chance
        pull = 0.5 * (self.pull[a, b] + self.pull[b, a])
        swing = (self.walk + 0.5 * (third_party[a, b] + third_party[b, a]))[:, None]
        above, below = squashed(np.stack((pull + swing, pull - swing)))
        target = 0.5 * (above - below)
        self.chance = target + (self.chance - target) * self.chance_kept + self.shock[self.step]
        overall = self.chance @ self.numbers.domain_share
        self.overall_chance[a, b] = self.overall_chance[b, a] = overall

    def measure(self) -> None:
        """Cooperation: as caused [N, N, D], with chance of pairs by domain [P, D], overall [P]."""
        kappa, posture, back = self.numbers.mutuality, self.posture, self.posture.swapaxes(0, 1)
        self.caused = (0.5 * (1 - kappa)) * (posture + back) + kappa * np.minimum(posture, back)
        level = self.caused[self.first, self.second] + self.chance
        self.level = np.minimum(np.maximum(level, -LIMIT), LIMIT)
        self.overall = self.level @ self.numbers.domain_share


def squashed(pull: Floats) -> Floats:
    """Pulls as levels, u/√(1 + u²)."""
    return pull / np.sqrt(1.0 + pull * pull)


def target_of(pull: Floats, ceiling: Floats) -> Floats:
    """Where pulls lead: u/√(1 + u²), scaled to the ceiling where positive."""
    target = pull / np.sqrt(1.0 + pull * pull)
    return np.minimum(target, target * ceiling)
