"""The model a second time, slow and plain, to check the engine against.

This module is written from the specification alone (design ``model.md`` and the decisions
on what it leaves open). It shares no code with ``relsim.model``: it reads a typed scenario,
takes its random draws as plain dictionaries and loops over states in plain Python. Where
the engine and this module differ by more than rounding, one of the two is wrong.

Letters in the docstrings are those of the specification: p posture, a affinity, c and C
cooperation in a domain and overall, w tie interest, x stance, s salience, k capacity,
e stimulus, z context variable, u pull, g target, n step, Δ months per step.
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
from relsim.scenario.references import TRAITS, NumberRef, TieRef
from relsim.scenario.schema import (
    AddToNumber,
    Condition,
    Effect,
    Event,
    Pulse,
    Scenario,
    SetNumber,
    Shift,
)
from relsim.scenario.values import Distribution, Number, central

Array = NDArray[np.float64]
Pair = tuple[str, str]

LIMIT = 0.999  # posture stays in [-LIMIT, LIMIT]


class Oracle:
    """One run of a scenario.

    Attributes:
        states: codes, sorted; the order of the first two axes of every array.
        domains: in file order; the order of the last axis.
        posture: p[i, j, d], what i extends to j; 0 where i = j.
        affinity: a[i, j, d], the part that opens at rest, plus its drift. What events leave
            behind for good is kept apart, in ``lasting``.
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
            numbers: the drawn values of uncertain numbers by dotted path; an uncertain number
                that is not here takes its median.

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
        self.parameters = {
            name: self._number(f"parameters.{name}", getattr(given, name))
            for name in type(given).model_fields
        }
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
        """Tie interests, issue interests, capacities and traits of every state."""
        count = len(self.states)
        self.issues = list(self.scenario.issues)
        self.tie_weight = np.zeros((count, count))
        self.fades_with: dict[tuple[int, int], str] = {}
        self.stance = np.zeros((count, len(self.issues)))
        self.salience = np.zeros((count, len(self.issues)))
        self.capacity = np.ones((count, len(self.domains)))
        self.traits = {name: np.zeros(count) for name in TRAITS}
        for i in range(count):
            self._read_ties_of(i)
            self._read_issues_of(i)
            self._read_capacity_of(i)
            self._read_traits_of(i)

    def _read_ties_of(self, i: int) -> None:
        """w[i, k]; 0 where absent."""
        code = self.states[i]
        for other, interest in self.scenario.states[code].ties.items():
            k = self.states.index(other)
            path = f"states.{code}.ties.{other}.weight"
            self.tie_weight[i, k] = self._number(path, interest.weight)
            if interest.fades_with is not None:
                self.fades_with[i, k] = interest.fades_with

    def _read_issues_of(self, i: int) -> None:
        """x[i, m] and s[i, m]; 0 where absent."""
        code = self.states[i]
        for issue, interest in self.scenario.states[code].issues.items():
            m = self.issues.index(issue)
            path = f"states.{code}.issues.{issue}"
            self.stance[i, m] = self._number(f"{path}.stance", interest.stance)
            self.salience[i, m] = self._number(f"{path}.salience", interest.salience)

    def _read_capacity_of(self, i: int) -> None:
        """k[i, d]; 1 where absent."""
        code = self.states[i]
        for domain, ceiling in self.scenario.states[code].capacity.items():
            d = self.domains.index(domain)
            self.capacity[i, d] = self._number(f"states.{code}.capacity.{domain}", ceiling)

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
        """Opening posture, and the affinity at which it is at rest.

        With ceiling k = min(k_i, k_j) and coded level p: y = p/k where p > 0 (0 where k = 0),
        else y = p; clipped. Then p = y·k where y > 0, else y; and u* = y/√(1-y²), of which
        a is what third parties, issues and reciprocity leave over.
        """
        level = self._coded_levels()
        wanted_pull = self._nothing()
        self.posture = self._nothing()
        self.affinity = self._nothing()
        for i, j in self._pairs():
            for d in range(len(self.domains)):
                ceiling = self.ceiling(i, j, d)
                y = level[i, j, d]
                if y > 0:
                    y = y / ceiling if ceiling > 0 else 0.0
                y = _clip(y, -LIMIT, LIMIT)
                self.posture[i, j, d] = y * ceiling if y > 0 else y
                wanted_pull[i, j, d] = y / math.sqrt(1 - y * y)
        self._overall_at_start = self.overall()
        self.affinity = wanted_pull - self.pull()

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

    def cooperation(self) -> Array:
        """c[i, j, d] = (1-κ)·mean(p_ij, p_ji) + κ·min(p_ij, p_ji); 0 where i = j."""
        mutuality = self.parameters["mutuality"]
        result = self._nothing()
        for i, j in self._pairs():
            for d in range(len(self.domains)):
                there, back = self.posture[i, j, d], self.posture[j, i, d]
                mean = (there + back) / 2
                result[i, j, d] = (1 - mutuality) * mean + mutuality * min(there, back)
        return result

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
        """u[i, j, d], the sum of its account; 0 where i = j.

        Third parties enter with cooperation at the start of the step; all other numbers are
        current. So between ``apply_events`` and ``respond`` this is the u of that step.
        """
        result = self._nothing()
        for i, j in self._pairs():
            for d in range(len(self.domains)):
                result[i, j, d] = sum(self.account(i, j, d).values())
        return result

    def account(self, i: int, j: int, d: int) -> dict[str, float]:
        """What u[i, j, d] is made of, i ≠ j.

        The keys are ``affinity``, ``third_party.USA`` for each state but i and j,
        ``issue.karabakh`` for each issue, ``reciprocity``, and ``event.floods`` for each event.
        """
        parts = {"affinity": float(self.affinity[i, j, d])}
        for k, code in enumerate(self.states):
            if k not in (i, j):
                parts[f"third_party.{code}"] = self._third_party(i, j, k)
        for m, issue in enumerate(self.issues):
            parts[f"issue.{issue}"] = self._issue(i, j, m)
        parts["reciprocity"] = self._reciprocity(i, j, d)
        for name in self.scenario.events:
            parts[f"event.{name}"] = self._stimulus(name, i, j, d)
        return parts

    def _third_party(self, i: int, j: int, k: int) -> float:
        """third_party_gain·w[i, k]·C[i, k]·C[k, j]."""
        gain = self.parameters["third_party_gain"]
        overall = self._overall_at_start
        return gain * self.weight_in_force(i, k) * float(overall[i, k]) * float(overall[k, j])

    def _issue(self, i: int, j: int, m: int) -> float:
        """issue_gain·s[i, m]·x[i, m]·x[j, m]."""
        gain = self.parameters["issue_gain"]
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
        shocks: dict[tuple[str, str, str], tuple[float, float]],
        pairs: dict[Pair, tuple[float, float]],
    ) -> None:
        """One step of Δ months: events, then the response of all states at once.

        Args:
            uniforms: one U(0, 1) per event that has a chance.
            shocks: by (a, b, domain) with a < b, two independent standard normals; absent is
                no shock.
            pairs: by (a, b) with a < b, two more: what drifts, and what all domains share;
                absent is neither.
        """
        self.apply_events(uniforms)
        self.respond(shocks, pairs)

    def go_on_from(self, posture: Array, affinity: Array) -> None:
        """Takes the next step from somebody else's postures and affinities."""
        self.posture, self.affinity = posture.copy(), affinity.copy()
        self._overall_at_start = self.overall()

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
        shocks: dict[tuple[str, str, str], tuple[float, float]],
        pairs: dict[Pair, tuple[float, float]],
    ) -> None:
        """Step parts 2 to 6: pull, target, posture, drift of affinity, decay of stimuli."""
        self._move_postures(self.pull(), shocks, pairs)
        self._drift_affinity(pairs)
        self._decay_stimuli()
        self.steps_done += 1
        self._overall_at_start = self.overall()

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
        """'-': cooperation, '>': posture; of the domain, or the domain-weighted mean."""
        i, j = self.states.index(tie.first), self.states.index(tie.second)
        values = self.posture[i, j] if tie.one_sided else cooperation[i, j]
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

    def _move_postures(
        self,
        pull: Array,
        shocks: dict[tuple[str, str, str], tuple[float, float]],
        pairs: dict[Pair, tuple[float, float]],
    ) -> None:
        """p ← g + (p-g)·exp(-η_i·Δ) + v_i·√(1-exp(-2·η_i·Δ))·ξ, clipped; all at once."""
        moved = self._nothing()
        for i, j in self._pairs():
            speed = float(self.traits["adaptability"][i]) * self.months_per_step
            spread = float(self.traits["volatility"][i]) * math.sqrt(-math.expm1(-2 * speed))
            for d in range(len(self.domains)):
                target = self._target(float(pull[i, j, d]), i, j, d)
                remaining = (float(self.posture[i, j, d]) - target) * math.exp(-speed)
                noise = spread * self._shock(i, j, d, shocks, pairs)
                moved[i, j, d] = _clip(target + remaining + noise, -LIMIT, LIMIT)
        self.posture = moved

    def _shock(
        self,
        i: int,
        j: int,
        d: int,
        shocks: dict[tuple[str, str, str], tuple[float, float]],
        pairs: dict[Pair, tuple[float, float]],
    ) -> float:
        """ξ_ab = √((1+q)/2)·s + √((1-q)/2)·n2 and ξ_ba = the same with a minus, for a < b, where
        s = √ρ·f + √(1-ρ)·n1."""
        first, second = self.states[i], self.states[j]
        pair = (min(first, second), max(first, second))
        n1, n2 = shocks.get((*pair, self.domains[d]), (0.0, 0.0))
        rho, factor = self.parameters["domain_correlation"], pairs.get(pair, (0.0, 0.0))[1]
        n1 = math.sqrt(rho) * factor + math.sqrt(1 - rho) * n1
        shared = self.parameters["shared_shocks"]
        common = math.sqrt((1 + shared) / 2) * n1
        opposed = math.sqrt((1 - shared) / 2) * n2
        return common + opposed if first < second else common - opposed

    def _drift_affinity(self, pairs: dict[Pair, tuple[float, float]]) -> None:
        """a ← a + ω·√(Δ/12)·ζ, one ζ for both directions and all domains of a pair."""
        scale = self.parameters["drift"] * math.sqrt(self.months_per_step / 12)
        for i, j in self._pairs():
            first, second = self.states[i], self.states[j]
            zeta = pairs.get((min(first, second), max(first, second)), (0.0, 0.0))[0]
            for d in range(len(self.domains)):
                self.affinity[i, j, d] += scale * zeta

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
