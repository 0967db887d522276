"""The model a second time, slow and plain, to check the engine against.

This module is written from the equations alone (docs/ODD.md). It shares no code with
``relsim.model``: it reads a typed scenario, takes its random draws as plain dictionaries and
loops over states in plain Python. Where the engine and this module differ by more than rounding,
one of the two is wrong.

Letters in the docstrings: p posture, x what chance adds, a affinity, h what is left of history,
B drift, c and C cooperation in a domain and overall, c̄ cooperation by causes alone, w tie
interest, k capacity or third party, e stimulus, z context variable, ū pull by causes, b pull by
chance, T target, n step, Δ months per step.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from relsim.scenario import schema
from relsim.scenario.effects import AddToNumber, Condition, Effect, Pulse, SetNumber, Shift
from relsim.scenario.names import TRAITS, NumberRef, TieRef
from relsim.scenario.schema import Event, Scenario
from relsim.scenario.values import Distribution, Number, central

Array = NDArray[np.float64]
Pair = tuple[str, str]

LIMIT = 0.999  # openings and what is shown of postures and cooperation stay in [-LIMIT, LIMIT]
REFERENCE = "reference."  # before the path of a number that the opening was read with


class Oracle:
    """One run of a scenario.

    Attributes:
        states: codes, sorted; the order of the first two axes of every array.
        domains: in file order; the order of the last axis.
        posture: p[i, j, d], what i means to extend to j; 0 where i = j.
        chance: x[i, j, d] = x[j, i, d], what chance adds to the cooperation of the pair.
        affinity: a[i, j, d], solved at the opening. What events leave behind for good is kept
            apart, in ``lasting``.
        history: h, the share of the affinity that has not faded.
        drift: B[i, j] = B[j, i], the random walk of the pair's pull.
        fading: what is left of the pulses, by (event, number of the effect).
        lasting: what events added for good (lasting shares and shifts), by event.
        steps_done: n, the number of steps taken.
        times_fired: in how many steps each event has fired so far.
        last_firings: the events that fired in the last step, with their multiplicity.
    """

    def __init__(self, scenario: Scenario, numbers: dict[str, float] | None = None) -> None:
        """Read the scenario and put the opening state at rest.

        Args:
            scenario: the scenario.
            numbers: the drawn values of uncertain numbers by dotted path, with ``reference.``
                before it for a number that the opening was read with where it is another; an
                uncertain number that is not here takes its median.

        Raises:
            ValueError: a path in ``numbers`` leads to no number of the scenario.
        """
        self.scenario = scenario
        self.numbers = dict(numbers or {})
        for path in self.numbers:
            _check_leads_to_number(scenario, path)
        self.states = sorted(scenario.states)
        self.domains = list(scenario.domains)
        self.months_per_step = scenario.time.months_per_step
        self.steps_done = 0
        self.times_fired = dict.fromkeys(scenario.events, 0)
        self.last_firings: dict[str, int] = {}

        self._read_parameters()
        self._read_context()
        self._read_states()
        self._prepare_stimuli()
        self._open()

    # ---------------------------------------------------------------- reading the scenario

    def _number(self, path: str, number: Number) -> float:
        """The value of a number in this run: certain, drawn, or else the median."""
        if isinstance(number, Distribution) and path in self.numbers:
            return self.numbers[path]
        return central(number)

    def _read_parameters(self) -> None:
        """Global parameters and domain weights."""
        given = self.scenario.parameters
        self.parameters = {}
        for name in type(given).model_fields:
            number = getattr(given, name)
            self.parameters[name] = (
                math.inf if number is None else self._number(f"parameters.{name}", number)
            )
        self.domain_weights = [
            self._number(f"domains.{name}.weight", domain.weight)
            for name, domain in self.scenario.domains.items()
        ]
        if sum(self.domain_weights) <= 0:
            raise ValueError("Overall cooperation is undefined: all domain weights are 0.")

    def _read_context(self) -> None:
        """Both ends of the path of each context variable; no event has touched it yet."""
        self.context_start: dict[str, float] = {}
        self.context_end: dict[str, float] = {}
        self.context_set: dict[str, float] = {}
        self.context_offset: dict[str, float] = {}
        for name, variable in self.scenario.context.items():
            start = self._number(f"context.{name}.start", variable.start)
            end = start
            if variable.end is not None:
                end = self._number(f"context.{name}.end", variable.end)
            self.context_start[name] = start
            self.context_end[name] = end
            self.context_offset[name] = 0.0

    def _read_states(self) -> None:
        """Interests as they are and as the opening was read with them, and traits."""
        self.issues = list(self.scenario.issues)
        self._read_interests(reference=False)
        self.traits = {name: np.zeros(len(self.states)) for name in TRAITS}
        for i in range(len(self.states)):
            self._read_traits_of(i)

    def _read_interests(self, *, reference: bool) -> None:
        """Ties, issues and capacities; those of the reference where it has any."""
        count = len(self.states)
        self.tie_weight = np.zeros((count, count))
        self.fades_with: dict[tuple[int, int], str] = {}
        self.stance = np.zeros((count, len(self.issues)))
        self.salience = np.zeros((count, len(self.issues)))
        self.capacity = np.ones((count, len(self.domains)))
        for i, code in enumerate(self.states):
            own = self.scenario.states[code]
            before = self.scenario.reference.get(code) if reference else None
            self._read_ties_of(i, own.ties, before.ties if before else {})
            self._read_issues_of(i, own.issues, before.issues if before else {})
            self._read_capacity_of(i, own.capacity, before.capacity if before else {})

    def _interest(self, path: str, own: Number | None, before: Number | None) -> float:
        """A number of the reference, or else of the scenario as it is."""
        if before is None:
            assert own is not None
            return self._number(path, own)
        if before == own:
            return self._number(path, before)
        return self._number(REFERENCE + path, before)

    def _read_ties_of(self, i: int, own: dict[str, Any], before: dict[str, Any]) -> None:
        """w[i, k]; 0 where absent."""
        code = self.states[i]
        for other in {**own, **before}:
            k = self.states.index(other)
            now, was = own.get(other), before.get(other)
            path = f"states.{code}.ties.{other}.weight"
            self.tie_weight[i, k] = self._interest(
                path, now.weight if now else None, was.weight if was else None
            )
            fading = was or now
            if fading is not None and fading.fades_with is not None:
                self.fades_with[i, k] = fading.fades_with

    def _read_issues_of(self, i: int, own: dict[str, Any], before: dict[str, Any]) -> None:
        """x[i, m] and s[i, m]; 0 where absent."""
        code = self.states[i]
        for issue in {**own, **before}:
            m = self.issues.index(issue)
            now, was = own.get(issue), before.get(issue)
            for name, numbers in (("stance", self.stance), ("salience", self.salience)):
                numbers[i, m] = self._interest(
                    f"states.{code}.issues.{issue}.{name}",
                    getattr(now, name) if now else None,
                    getattr(was, name) if was else None,
                )

    def _read_capacity_of(self, i: int, own: dict[str, Any], before: dict[str, Any]) -> None:
        """k[i, d]; 1 where absent."""
        code = self.states[i]
        for domain in {**own, **before}:
            path = f"states.{code}.capacity.{domain}"
            self.capacity[i, self.domains.index(domain)] = self._interest(
                path, own.get(domain), before.get(domain)
            )

    def _read_traits_of(self, i: int) -> None:
        """η_i, r_i, v_i: its own, or else the global parameter of the same name."""
        code = self.states[i]
        for name in TRAITS:
            own = getattr(self.scenario.states[code].traits, name)
            if own is None:
                self.traits[name][i] = self.parameters[name]
            else:
                self.traits[name][i] = self._number(f"states.{code}.traits.{name}", own)

    def _prepare_stimuli(self) -> None:
        """e = 0: nothing has happened yet."""
        self.fading: dict[tuple[str, int], Array] = {}
        self.lasting: dict[str, Array] = {}
        for name, event in self.scenario.events.items():
            self.lasting[name] = self._nothing()
            for index, effect in enumerate(event.effects):
                if isinstance(effect, Pulse):
                    self.fading[name, index] = self._nothing()

    def _nothing(self) -> Array:
        return np.zeros((len(self.states), len(self.states), len(self.domains)))

    def _pairs(self) -> list[tuple[int, int]]:
        """Every (i, j) with i ≠ j."""
        everyone = range(len(self.states))
        return [(i, j) for i in everyone for j in everyone if i != j]

    # ------------------------------------------------------------------------- the opening

    def _open(self) -> None:
        """Opening posture, and the affinity at which it is at rest with the reference interests.

        With ceiling k = min(k_i, k_j) and coded level p: y = p/k where p > 0 (0 where k = 0),
        else y = p; clipped. Then p = y·k where y > 0, else y; and u* = y/√(1-y²), of which
        a is what third parties, issues and reciprocity leave over. Then the interests as they are
        take the place of those of the reference.
        """
        self._read_interests(reference=True)
        level = self._coded_levels()
        wanted_pull = self._nothing()
        self.posture = self._nothing()
        self.affinity = self._nothing()
        self.history = 1.0
        self.chance = self._nothing()
        self.drift = np.zeros((len(self.states), len(self.states)))
        for i, j in self._pairs():
            for d in range(len(self.domains)):
                ceiling = self.ceiling(i, j, d)
                y = level[i, j, d]
                if y > 0:
                    y = y / ceiling if ceiling > 0 else 0.0
                y = _clip(y, -LIMIT, LIMIT)
                self.posture[i, j, d] = y * ceiling if y > 0 else y
                wanted_pull[i, j, d] = y / math.sqrt(1 - y * y)
        self._caused_at_start = self.caused()
        self.affinity = wanted_pull - self.pull()
        self._read_interests(reference=False)

    def _coded_levels(self) -> Array:
        """The levels under ``ties``: 'A-B' for both directions, then 'A>B' over it."""
        level = self._nothing()
        for one_sided in (False, True):
            for tie in self.scenario.ties:
                if tie.one_sided == one_sided:
                    self._code_tie(tie, level)
        return level

    def _code_tie(self, tie: TieRef, level: Array) -> None:
        """One entry of ``ties``: all domains of the direction or directions it names."""
        if tie.domain is not None:
            raise ValueError(f"The opening tie {tie} names a domain in its key.")
        written = self.scenario.ties[tie]
        for first, second in tie.directions:
            i, j = self.states.index(first), self.states.index(second)
            for d, domain in enumerate(self.domains):
                key = domain if domain in written else "overall"
                if key in written:
                    level[i, j, d] = self._number(f"ties.{tie}.{key}", written[key])
                else:
                    level[i, j, d] = 0.0

    # ------------------------------------------------------------- what follows from state

    def caused(self) -> Array:
        """c̄[i, j, d] = (1-κ)·mean(p_ij, p_ji) + κ·min(p_ij, p_ji); 0 where i = j."""
        mutuality = self.parameters["mutuality"]
        result = self._nothing()
        for i, j in self._pairs():
            for d in range(len(self.domains)):
                there, back = self.posture[i, j, d], self.posture[j, i, d]
                mean = (there + back) / 2
                result[i, j, d] = (1 - mutuality) * mean + mutuality * min(there, back)
        return result

    def cooperation(self) -> Array:
        """c = c̄ + x, clipped; 0 where i = j."""
        return np.clip(self.caused() + self.chance, -LIMIT, LIMIT)

    def shown(self) -> Array:
        """What i shows j, p + x, clipped; 0 where i = j."""
        return np.clip(self.posture + self.chance, -LIMIT, LIMIT)

    def overall(self) -> Array:
        """C[i, j] = Σ_d w_d·c[i, j, d] / Σ_d w_d; 0 where i = j."""
        cooperation = self.cooperation()
        result = np.zeros((len(self.states), len(self.states)))
        for i, j in self._pairs():
            result[i, j] = self._domain_mean(cooperation[i, j])
        return result

    def _domain_mean(self, values: Array) -> float:
        """The domain-weighted mean of one value per domain."""
        total = sum(
            weight * float(value) for weight, value in zip(self.domain_weights, values, strict=True)
        )
        return total / sum(self.domain_weights)

    def context(self, name: str) -> float:
        """z_n = start + (end-start)·n/T, or the value an event has set, plus what events add."""
        if name in self.context_set:
            base = self.context_set[name]
        else:
            start, end = self.context_start[name], self.context_end[name]
            base = start + (end - start) * self.steps_done / self.scenario.time.steps
        return base + self.context_offset[name]

    def weight_in_force(self, i: int, k: int) -> float:
        """w[i, k]·max(0, 1 - z), with z the variable it fades with, if any."""
        weight = float(self.tie_weight[i, k])
        if (i, k) not in self.fades_with:
            return weight
        return weight * max(0.0, 1 - self.context(self.fades_with[i, k]))

    def ceiling(self, i: int, j: int, d: int) -> float:
        """min(k[i, d], k[j, d])."""
        return min(float(self.capacity[i, d]), float(self.capacity[j, d]))

    # ----------------------------------------------------------------------------- the pull

    def pull(self) -> Array:
        """ū[i, j, d], what causes make of the pull; 0 where i = j.

        Third parties enter with cooperation at the start of the step; all other numbers are
        current. So between ``apply_events`` and ``respond`` this is the ū of that step.
        """
        result = self._nothing()
        for i, j in self._pairs():
            for d in range(len(self.domains)):
                parts = self._causes(i, j, d)
                result[i, j, d] = sum(parts.values())
        return result

    def chance_pull(self) -> Array:
        """b[i, j, d] = B_ij + ½(Θ_i(X)_j + Θ_j(X)_i), the same for both sides and all domains;
        X is the mean of x over domains, by their weights."""
        overall = self._nothing()
        for i, j in self._pairs():
            overall[i, j, :] = self._domain_mean(self.chance[i, j])
        result = self._nothing()
        for i, j in self._pairs():
            for d in range(len(self.domains)):
                both = 0.0
                for k in range(len(self.states)):
                    if k not in (i, j):
                        both += self._third_party(i, j, k, d, overall)
                        both += self._third_party(j, i, k, d, overall)
                result[i, j, d] = float(self.drift[i, j]) + both / 2
        return result

    def account(self, i: int, j: int, d: int) -> dict[str, float]:
        """What the pull of j on i is made of, ū + b, i ≠ j.

        The keys are ``affinity``, ``chance``, ``third_party.USA`` for each state but i and j,
        ``issue.karabakh`` for each issue, ``reciprocity``, and ``event.floods`` for each event.
        """
        chance = float(self.chance_pull()[i, j, d])
        return {**self._causes(i, j, d), "chance": chance}

    def _causes(self, i: int, j: int, d: int) -> dict[str, float]:
        """What ū[i, j, d] is made of."""
        parts = {"affinity": self.history * float(self.affinity[i, j, d])}
        for k, code in enumerate(self.states):
            if k not in (i, j):
                at_start = self._caused_at_start
                parts[f"third_party.{code}"] = self._third_party(i, j, k, d, at_start)
        for m, issue in enumerate(self.issues):
            parts[f"issue.{issue}"] = self._issue(i, j, m)
        parts["reciprocity"] = self._reciprocity(i, j, d)
        for name in self.scenario.events:
            parts[f"event.{name}"] = self._stimulus(name, i, j, d)
        return parts

    def _third_party(self, i: int, j: int, k: int, d: int, levels: Array) -> float:
        """alignment_gain·w_ik·(c_kj,d - c_ij,d) where w_ik > 0, -rivalry_gain·|w_ik|·c_kj,d where
        w_ik < 0, with c of ``levels``."""
        weight, theirs = self.weight_in_force(i, k), float(levels[k, j, d])
        if weight > 0:
            return self.parameters["alignment_gain"] * weight * (theirs - float(levels[i, j, d]))
        return -self.parameters["rivalry_gain"] * abs(weight) * theirs

    def _issue(self, i: int, j: int, m: int) -> float:
        """issue_gain·s[i, m]·x[i, m]·x[j, m] / max(1, Σ_m s[i, m])."""
        gain = self.parameters["issue_gain"] / max(1.0, sum(map(float, self.salience[i])))
        agreement = float(self.stance[i, m]) * float(self.stance[j, m])
        return gain * float(self.salience[i, m]) * agreement

    def _reciprocity(self, i: int, j: int, d: int) -> float:
        """r_i·(p[j, i, d] - p[i, j, d])."""
        difference = float(self.posture[j, i, d]) - float(self.posture[i, j, d])
        return float(self.traits["reciprocity"][i]) * difference

    def _stimulus(self, name: str, i: int, j: int, d: int) -> float:
        """The part of e[i, j, d] that is due to one event: lasting plus fading."""
        total = float(self.lasting[name][i, j, d])
        for (event_name, _), fading in self.fading.items():
            if event_name == name:
                total += float(fading[i, j, d])
        return total

    # --------------------------------------------------------------------------- one step

    def step(
        self,
        uniforms: dict[str, float],
        shocks: dict[tuple[str, str, str], float],
        pairs: dict[Pair, tuple[float, float]],
    ) -> None:
        """One step of Δ months: events, then the response of all states at once.

        Args:
            uniforms: one U(0, 1) per event that has a chance.
            shocks: by (a, b, domain) with a < b, a standard normal; absent is no shock.
            pairs: by (a, b) with a < b, two more: of the drift, and of the news that all domains
                share; absent is neither.
        """
        self.apply_events(uniforms)
        self.respond(shocks, pairs)

    def go_on_from(self, posture: Array, chance: Array) -> None:
        """Takes the next step from somebody else's postures and chance."""
        self.posture, self.chance = posture.copy(), chance.copy()
        self._caused_at_start = self.caused()

    def apply_events(self, uniforms: dict[str, float]) -> None:
        """Step part 1. All firings are decided first; then effects apply in file order."""
        cooperation = self.cooperation()
        fired_before = {name for name, times in self.times_fired.items() if times > 0}

        def holds(condition: Condition, path: str) -> bool:
            return self._holds(condition, path, cooperation, fired_before)

        self.last_firings = {}
        for name, event in self.scenario.events.items():
            multiplicity = self._multiplicity(name, event, uniforms, holds)
            if multiplicity > 0:
                self.last_firings[name] = multiplicity
        for name, multiplicity in self.last_firings.items():
            self.times_fired[name] += 1
            for index, effect in enumerate(self.scenario.events[name].effects):
                path = f"events.{name}.effects.{index}"
                if effect.only_if is None or holds(effect.only_if, f"{path}.only_if"):
                    self._apply(name, index, effect, multiplicity)

    def respond(
        self,
        shocks: dict[tuple[str, str, str], float],
        pairs: dict[Pair, tuple[float, float]],
    ) -> None:
        """Postures follow from causes and chance moves pairs, both from the start of the step;
        then drift, and the fading of pushes and of history."""
        pull, chance = self.pull(), self._moved_chance(shocks, pairs)
        self._move_postures(pull)
        self.chance = chance
        self._walk(pairs)
        self._decay_stimuli()
        self.history *= 2 ** (-self.months_per_step / self.parameters["history_half_life"])
        self.steps_done += 1
        self._caused_at_start = self.caused()

    # ------------------------------------------------------------------ events: whether

    def _multiplicity(
        self,
        name: str,
        event: Event,
        uniforms: dict[str, float],
        holds: Callable[[Condition, str], bool],
    ) -> int:
        """How many times an event fires in this step, 0 for not at all."""
        if event.off or self._used_up(name, event):
            return 0
        if event.at is not None:
            return sum(self._in_step(month.serial) for month in event.at)
        if event.every is not None:
            return self._periods_in_step(event)
        if not self._window_open(event):
            return 0
        if event.when is not None and not holds(event.when, f"events.{name}.when"):
            return 0
        if event.chance is None:
            return 1
        hazard = self._number(f"events.{name}.chance", event.chance)
        probability = -math.expm1(-hazard * self.months_per_step / 12)
        return int(uniforms[name] < probability)

    def _used_up(self, name: str, event: Event) -> bool:
        """Whether it has fired in ``at_most`` steps; 1 for a ``when`` without a chance."""
        limit = event.at_most
        if limit is None and event.when is not None and event.chance is None:
            limit = 1
        return limit is not None and self.times_fired[name] >= limit

    def _step_start(self) -> int:
        """t_n, as months since the year 0."""
        return self.scenario.time.start.serial + self.steps_done * self.months_per_step

    def _in_step(self, month: int) -> bool:
        """Whether a month lies in [t_n, t_n + Δ)."""
        return self._step_start() <= month < self._step_start() + self.months_per_step

    def _periods_in_step(self, event: Event) -> int:
        """How many of from, from + every, ... up to ``until`` lie in this step."""
        assert event.every is not None
        month = (event.from_ or self.scenario.time.start).serial
        last = (event.until or self.scenario.time.end).serial
        count = 0
        while month <= last:
            count += self._in_step(month)
            month += int(event.every)
        return count

    def _window_open(self, event: Event) -> bool:
        """Whether ``from`` ≤ t_n ≤ ``until``."""
        if event.from_ is not None and self._step_start() < event.from_.serial:
            return False
        return event.until is None or self._step_start() <= event.until.serial

    def _holds(
        self, condition: Condition, path: str, cooperation: Array, fired_before: set[str]
    ) -> bool:
        """Whether a condition holds; cooperation and firings are those before this step."""
        if condition.event is not None:
            return condition.event in fired_before
        if condition.tie is not None:
            value = self._tie_value(condition.tie, cooperation)
        else:
            assert condition.context is not None
            value = self.context(condition.context)
        if condition.above is not None:
            return value > self._number(f"{path}.above", condition.above)
        assert condition.below is not None
        return value < self._number(f"{path}.below", condition.below)

    def _tie_value(self, tie: TieRef, cooperation: Array) -> float:
        """'-': cooperation, '>': what it shows; of the domain, or the domain-weighted mean."""
        i, j = self.states.index(tie.first), self.states.index(tie.second)
        values = self.shown()[i, j] if tie.one_sided else cooperation[i, j]
        if tie.domain is None:
            return self._domain_mean(values)
        return float(values[self.domains.index(tie.domain)])

    # ------------------------------------------------------------------ events: what

    def _apply(self, name: str, index: int, effect: Effect, multiplicity: int) -> None:
        """One effect of an event that has fired ``multiplicity`` times in this step."""
        path = f"events.{name}.effects.{index}"
        if isinstance(effect, Pulse):
            size = multiplicity * self._pulse_size(path, effect)
            lasting = self._number(f"{path}.lasting", effect.lasting)
            self._push(self.fading[name, index], effect.pulse, (1 - lasting) * size)
            self._push(self.lasting[name], effect.pulse, lasting * size)
        elif isinstance(effect, Shift):
            size = multiplicity * self._number(f"{path}.size", effect.size)
            self._push(self.lasting[name], effect.shift, size)
        elif isinstance(effect, SetNumber):
            self._set_number(effect.set, self._number(f"{path}.to", effect.to))
        elif isinstance(effect, AddToNumber):
            by = multiplicity * self._number(f"{path}.by", effect.by)
            self._add_to_number(effect.add, by)

    def _pulse_size(self, path: str, pulse: Pulse) -> float:
        """S: its size, or else goldstein_unit times the Goldstein weight of its CAMEO code."""
        if pulse.size is not None:
            return self._number(f"{path}.size", pulse.size)
        assert pulse.cameo is not None
        return self.parameters["goldstein_unit"] * goldstein_weights()[pulse.cameo]

    def _push(self, stimulus: Array, tie: TieRef, size: float) -> None:
        """Add a size to every direction and domain that a tie stands for."""
        for first, second in tie.directions:
            i, j = self.states.index(first), self.states.index(second)
            for d, domain in enumerate(self.domains):
                if tie.domain in (None, domain):
                    stimulus[i, j, d] += size

    def _set_number(self, ref: NumberRef, to: float) -> None:
        """A number takes a new value; a context variable leaves its path and stays there."""
        if ref.kind == "context":
            assert ref.key is not None
            self.context_set[ref.key] = to
            self.context_offset[ref.key] = 0.0
        else:
            self._change_number(ref, lambda old: to)

    def _add_to_number(self, ref: NumberRef, by: float) -> None:
        """A number changes by an amount; a context variable stays that much off its path."""
        if ref.kind == "context":
            assert ref.key is not None
            self.context_offset[ref.key] += by
        else:
            self._change_number(ref, lambda old: old + by)

    def _change_number(self, ref: NumberRef, change: Callable[[float], float]) -> None:
        """Change a number, or each of the numbers, that ``ref`` names; kept in its bounds."""

        def changed(old: float) -> float:
            return _clip(change(old), ref.bounds.low, ref.bounds.high)

        if ref.kind == "parameter":
            self._change_parameter(str(ref.key), changed)
            return
        assert ref.state is not None
        i = self.states.index(ref.state)
        if ref.kind == "capacity":
            for d, domain in enumerate(self.domains):
                if ref.key in (None, domain):
                    self.capacity[i, d] = changed(self.capacity[i, d])
            return
        assert ref.key is not None
        if ref.kind == "weight":
            k = self.states.index(ref.key)
            self.tie_weight[i, k] = changed(self.tie_weight[i, k])
        elif ref.kind == "stance":
            m = self.issues.index(ref.key)
            self.stance[i, m] = changed(self.stance[i, m])
        elif ref.kind == "salience":
            m = self.issues.index(ref.key)
            self.salience[i, m] = changed(self.salience[i, m])
        elif ref.kind == "trait":
            self.traits[ref.key][i] = changed(self.traits[ref.key][i])
        else:
            raise ValueError(f"{ref} is not a number that this model has.")

    def _change_parameter(self, name: str, changed: Callable[[float], float]) -> None:
        """Change a parameter, and the trait of every state whose entry in the file has none."""
        self.parameters[name] = changed(self.parameters[name])
        if name not in TRAITS:
            return
        for i, code in enumerate(self.states):
            if getattr(self.scenario.states[code].traits, name) is None:
                self.traits[name][i] = changed(self.traits[name][i])

    # ---------------------------------------------------------------------- the response

    def _target(self, pull: float, i: int, j: int, d: int) -> float:
        """g = u/√(1+u²); where positive, times min(k_i, k_j)."""
        target = pull / math.hypot(1, pull)
        return target * self.ceiling(i, j, d) if target > 0 else target

    def _move_postures(self, pull: Array) -> None:
        """p ← T(ū) + (p - T(ū))·exp(-η_i·Δ), all at once."""
        moved = self._nothing()
        for i, j in self._pairs():
            kept = math.exp(-float(self.traits["adaptability"][i]) * self.months_per_step)
            for d in range(len(self.domains)):
                target = self._target(float(pull[i, j, d]), i, j, d)
                moved[i, j, d] = target + (float(self.posture[i, j, d]) - target) * kept
        self.posture = moved

    def _moved_chance(
        self,
        shocks: dict[tuple[str, str, str], float],
        pairs: dict[Pair, tuple[float, float]],
    ) -> Array:
        """x ← g + (x - g)·exp(-η̄·Δ) + v̄·√(1-exp(-2·η̄·Δ))·ξ with g = ½·[T(m + b) - T(m - b)],
        T(u) = u/√(1 + u²) without ceilings, m = ½(ū_ij + ū_ji), and η̄ and v̄ the means of the
        traits of the two states."""
        pull, by_chance, moved = self.pull(), self.chance_pull(), self._nothing()
        for i, j in self._pairs():
            eta, volatility = (
                (float(self.traits[name][i]) + float(self.traits[name][j])) / 2
                for name in ("adaptability", "volatility")
            )
            speed = eta * self.months_per_step
            spread = volatility * math.sqrt(-math.expm1(-2 * speed))
            for d in range(len(self.domains)):
                middle, b = float(pull[i, j, d] + pull[j, i, d]) / 2, float(by_chance[i, j, d])
                above, below = (u / math.sqrt(1 + u * u) for u in (middle + b, middle - b))
                target = (above - below) / 2
                remaining = (float(self.chance[i, j, d]) - target) * math.exp(-speed)
                noise = spread * self._shock(i, j, d, shocks, pairs)
                moved[i, j, d] = target + remaining + noise
        return moved

    def _pair(self, i: int, j: int) -> Pair:
        first, second = self.states[i], self.states[j]
        return min(first, second), max(first, second)

    def _shock(
        self,
        i: int,
        j: int,
        d: int,
        shocks: dict[tuple[str, str, str], float],
        pairs: dict[Pair, tuple[float, float]],
    ) -> float:
        """ξ_ij,d = √ρ·news_ij + √(1-ρ)·own_ij,d."""
        pair = self._pair(i, j)
        rho, news = self.parameters["domain_correlation"], pairs.get(pair, (0.0, 0.0))[1]
        own = shocks.get((*pair, self.domains[d]), 0.0)
        return math.sqrt(rho) * news + math.sqrt(1 - rho) * own

    def _walk(self, pairs: dict[Pair, tuple[float, float]]) -> None:
        """B ← B + ω·√(Δ/12)·ζ, one ζ for a pair."""
        scale = self.parameters["drift"] * math.sqrt(self.months_per_step / 12)
        for i, j in self._pairs():
            self.drift[i, j] += scale * pairs.get(self._pair(i, j), (0.0, 0.0))[0]

    def _decay_stimuli(self) -> None:
        """Fading parts ← times 2^(-Δ/half-life)."""
        for name, index in self.fading:
            half_life = self._half_life(name, index)
            self.fading[name, index] *= 2 ** (-self.months_per_step / half_life)

    def _half_life(self, name: str, index: int) -> float:
        """The half-life of a pulse in months: its own, or else the global one."""
        pulse = self.scenario.events[name].effects[index]
        assert isinstance(pulse, Pulse)
        if pulse.half_life is None:
            return self.parameters["half_life"]
        return self._number(f"events.{name}.effects.{index}.half_life", pulse.half_life)


def _clip(value: float, low: float, high: float) -> float:
    """The nearest value in [low, high]."""
    return float(min(max(value, low), high))


@cache
def goldstein_weights() -> dict[str, float]:
    """Goldstein weight by CAMEO code, from the table that ships with the package."""
    table = Path(schema.__file__).with_name("goldstein.csv")
    with table.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(line for line in file if not line.startswith("#"))
        return {row["cameo"]: float(row["goldstein"]) for row in rows}


def _check_leads_to_number(scenario: Scenario, path: str) -> None:
    """Raise a ValueError unless the dotted path leads to a number of the scenario."""
    place: Any = scenario
    if path.startswith(REFERENCE):
        path = path.replace(".states", "", 1)
    for step in path.split("."):
        if isinstance(place, BaseModel):
            place = getattr(place, step, None)
        elif isinstance(place, dict):
            place = {str(key): value for key, value in place.items()}.get(step)
        elif isinstance(place, list) and step.isdigit() and int(step) < len(place):
            place = place[int(step)]
        else:
            place = None
    if isinstance(place, bool) or not isinstance(place, (int, float, Distribution)):
        raise ValueError(f"'{path}' leads to no number of the scenario.")
