"""The model of one run in plain Python and NumPy, for the agents of Mesa and AgentPy.

The world is NumPy arrays; a state works on its own row, all states it faces and all domains at
once. What only events change is worked out when they change it.
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
        self.posture = numbers.posture.copy()
        self.next_posture = self.posture.copy()
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
        elif test.domain < 0:
            value = self.overall[test.first, test.second]
        else:
            forth = self.posture[test.first, test.second, test.domain]
            back = self.posture[test.second, test.first, test.domain]
            kappa = self.numbers.mutuality
            value = (1 - kappa) * 0.5 * (forth + back) + kappa * min(forth, back)
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
        self.issue = self.numbers.issue_gain * ((salience * stance) @ stance.T)
        self.ceiling = np.minimum(capacity[:, None], capacity[None])

    def follow_interest(self) -> None:
        """Tie weights in force, τ included."""
        interest = self.numbers.third_party_gain * self.blocks["weight"]
        for z, mask in enumerate(self.fades):
            interest[mask] *= max(0.0, 1.0 - self.context[z])
        self.interest = interest

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
        numbers, overall, own = self.numbers, self.overall, self.posture[i]
        shared = (self.interest[i] * overall[i]) @ overall + self.issue[i]
        pull = self.base[i] + shared[:, None] + numbers.reciprocity[i] * (self.posture[:, i] - own)
        target = pull / np.sqrt(1.0 + pull * pull)
        target = np.minimum(target, target * self.ceiling[i])  # ceilings bind where positive
        moved = target + (own - target) * numbers.kept[i] + self.shock[self.step, i]
        moved[i] = 0.0
        return np.minimum(np.maximum(moved, -LIMIT), LIMIT)

    # --------------------------------------------------------------------------- end of a step

    def end(self) -> None:
        """Postures are taken, affinity drifts, pushes fade."""
        self.posture, self.next_posture = self.next_posture, self.posture
        self.measure()
        self.affinity += self.drift[self.step][:, :, None]
        self.fading *= self.given.fade
        self.step += 1

    def measure(self) -> None:
        """Overall cooperation [N, N]: the domains are summed before the two sides meet."""
        kappa, share = self.numbers.mutuality, self.numbers.domain_share
        posture, back = self.posture, self.posture.swapaxes(0, 1)
        mean = posture @ share
        least = np.minimum(posture, back) @ share
        self.overall = 0.5 * (1 - kappa) * (mean + mean.T) + kappa * least
