"""What every peer is handed, outside the timed part: numbers, opening, events and noise.

The peers are spared what relsim does in every run: reading the scenario, solving the opening,
drawing noise, correlating and scaling it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from benchmarks.draws import keys_of, normals, normals_in_turn, uniforms
from relsim import RelationsModel, Scenario
from relsim.model.plan import PARAMETERS
from relsim.scenario.conditions import Condition
from relsim.scenario.effects import AddToNumber, Effect, Pulse, SetNumber, Shift
from relsim.scenario.goldstein import goldstein_weights
from relsim.scenario.references import NumberRef, TieRef
from relsim.scenario.schema import Event

Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]

LIMIT = 0.999  # cooperation stays within
UNLIMITED = 1 << 40


@dataclass(frozen=True)
class Test:
    """A condition: ``sign``·value > ``sign``·threshold.

    Attributes:
        on: "tie" (states ``first`` and ``second``, cooperation in ``domain`` or overall where
            -1), "context" (variable ``first``) or "event" (``first`` has happened).
    """

    on: str
    first: int
    second: int = -1
    domain: int = -1
    sign: float = 1.0
    threshold: float = 0.0


@dataclass(frozen=True)
class Push:
    """Pull on some postures, of which a part fades. ``cells`` are flat indices into [N, N, D]."""

    number: int
    cells: Ints
    fading: float
    lasting: float
    only_if: Test | None


@dataclass(frozen=True)
class Change:
    """A set or an add. ``places`` are flat indices into the block of numbers ``block``."""

    block: str
    places: Ints
    value: float
    adds: bool
    low: float
    high: float
    only_if: Test | None


@dataclass(frozen=True)
class Happening:
    """An event. ``chance`` is per step: 1 where a condition alone decides, 0 where scheduled."""

    schedule: Ints  # [T] how often in each step
    chance: float
    when: Test | None
    at_most: int
    effects: tuple[Push | Change, ...]


@dataclass(frozen=True)
class Numbers:
    """Numbers at the start of a run. N states, P pairs, M issues, D domains, Z context
    variables."""

    posture: Floats  # [N, N, D]
    affinity: Floats  # [N, N, D]
    weight: Floats  # [N, N] signed
    fades_with: Ints  # [N, N] context variable or -1
    stance: Floats  # [N, M]
    salience: Floats  # [N, M]
    capacity: Floats  # [N, D]
    kept: Floats  # [N] e^(-η·Δ)
    chance_kept: Floats  # [P] the same with the mean η of the two states
    reciprocity: Floats  # [N]
    domain_share: Floats  # [D] weights that sum to 1
    context_start: Floats  # [Z]
    context_end: Floats  # [Z]
    alignment_gain: float
    rivalry_gain: float
    issue_gain: float
    mutuality: float


@dataclass(frozen=True)
class Noise:
    """Noise of R runs and T steps, ready to be added."""

    shock: Floats  # [R, T, P, D] to what chance adds to the cooperation of pairs
    drift: Floats  # [R, T, P] to the drift of the pull of pairs
    uniform: Floats  # [R, T, E] whether chance events fire


@dataclass(frozen=True)
class Scale:
    """How draws become noise, for a peer that draws its own."""

    spread: Floats  # [P] v·√(1 - e^(-2·η·Δ)), with the mean η and v of the two states
    walk: float  # ω·√(Δ/12)
    news: float  # √ρ, of the draw that all domains of a pair share
    own: float  # √(1 - ρ), of the draw of one domain


@dataclass(frozen=True)
class Given:
    """A scenario as every peer gets it."""

    steps: int
    numbers: Numbers
    scale: Scale
    happenings: tuple[Happening, ...]
    fade: Floats  # [P] what is left of each push after a step
    noise: Noise

    @property
    def pairs(self) -> tuple[Ints, Ints]:
        """The states of each pair, in relsim's order."""
        return np.triu_indices(len(self.numbers.weight), 1)

    @property
    def cells(self) -> list[Ints]:
        """The postures that each push moves, by its number."""
        effects = (effect for happening in self.happenings for effect in happening.effects)
        return [effect.cells for effect in effects if isinstance(effect, Push)]

    @property
    def runs(self) -> int:
        """Runs for which there is noise."""
        return int(self.noise.shock.shape[0])


def give(scenario: Scenario, runs: int, seed: int) -> Given:
    """A scenario without uncertain numbers whose history does not fade, and its noise in some
    runs."""
    model = RelationsModel(scenario, seed=seed)
    reader = _Reader(scenario, model)
    happenings = tuple(reader.happening(event) for event in scenario.events.values())
    scale = _scale(model)
    return Given(
        steps=scenario.time.steps,
        numbers=_numbers(model),
        scale=scale,
        happenings=happenings,
        fade=np.array(reader.fade),
        noise=_noise(scenario, model, scale, runs, seed),
    )


def _parameters(model: RelationsModel) -> dict[str, float]:
    return {name: float(getattr(model.numbers, name)) for name in PARAMETERS}


def _scale(model: RelationsModel) -> Scale:
    numbers, months, parameter = model.numbers, model.plan.months, _parameters(model)
    adaptability, volatility = _pair_mean(numbers.adaptability), _pair_mean(numbers.volatility)
    return Scale(
        spread=volatility * np.sqrt(-np.expm1(-2 * adaptability * months)),
        walk=parameter["drift"] * np.sqrt(months / 12),
        news=np.sqrt(parameter["domain_correlation"]),
        own=np.sqrt(1 - parameter["domain_correlation"]),
    )


def _pair_mean(trait: Floats) -> Floats:
    """The mean trait of the two states of each pair [P]."""
    a, b = np.triu_indices(len(trait), 1)
    mean: Floats = 0.5 * (trait[a] + trait[b])
    return mean


def _numbers(model: RelationsModel) -> Numbers:
    numbers = model.numbers
    parameter = _parameters(model)
    if np.isfinite(parameter["history_half_life"]):
        raise ValueError("the peers do not know history that fades")
    return Numbers(
        posture=model.world.posture.copy(),
        affinity=model.world.affinity.copy(),
        weight=numbers.weight.copy(),
        fades_with=model.plan.fades_with.copy(),
        stance=numbers.stance.copy(),
        salience=numbers.salience.copy(),
        capacity=numbers.capacity.copy(),
        kept=np.exp(-numbers.adaptability * model.plan.months),
        chance_kept=np.exp(-_pair_mean(numbers.adaptability) * model.plan.months),
        reciprocity=numbers.reciprocity.copy(),
        domain_share=numbers.domain_weight / numbers.domain_weight.sum(),
        context_start=numbers.context_start.copy(),
        context_end=numbers.context_end.copy(),
        alignment_gain=parameter["alignment_gain"],
        rivalry_gain=parameter["rivalry_gain"],
        issue_gain=parameter["issue_gain"],
        mutuality=parameter["mutuality"],
    )


def _noise(scenario: Scenario, model: RelationsModel, scale: Scale, runs: int, seed: int) -> Noise:
    """The draws that relsim makes, correlated and scaled."""
    d, steps = len(model.domains), scenario.time.steps
    names = [f"{a}-{b}" for a, b in model.pairs]
    domain_keys = keys_of(f"posture:{name}.{domain}" for name in names for domain in model.domains)
    pair_keys = keys_of(f"pair:{name}" for name in names)
    event_keys = keys_of(f"event:{name}" for name in scenario.events)
    shock = np.empty((runs, steps, len(names), d))
    drift = np.empty((runs, steps, len(names)))
    uniform = np.empty((runs, steps, len(event_keys)))
    for run in range(runs):
        walk, news = normals(pair_keys, seed, run, steps)
        own = normals_in_turn(domain_keys, seed, run, steps).reshape(steps, -1, d)
        shock[run] = scale.spread[:, None] * (scale.news * news[..., None] + scale.own * own)
        drift[run] = scale.walk * walk
        uniform[run] = uniforms(event_keys, seed, run, steps)
    return Noise(shock, drift, uniform)


class _Reader:
    """Events with indices in place of names."""

    def __init__(self, scenario: Scenario, model: RelationsModel) -> None:
        self.scenario = scenario
        self.states, self.domains = list(model.states), list(model.domains)
        self.issues, self.contexts = list(scenario.issues), list(scenario.context)
        self.events = list(scenario.events)
        self.fade: list[float] = []

    def happening(self, event: Event) -> Happening:
        time = self.scenario.time
        chance = 0.0 if event.when is None else 1.0
        if event.chance is not None:
            chance = -np.expm1(-float(_plain(event.chance)) * time.months_per_step / 12)
        once = event.when is not None and event.chance is None
        effects = tuple(found for effect in event.effects for found in self._effect(effect))
        return Happening(
            schedule=self._schedule(event),
            chance=float(chance),
            when=self._test(event.when),
            at_most=event.at_most or (1 if once else UNLIMITED),
            effects=effects,
        )

    def _schedule(self, event: Event) -> Ints:
        time = self.scenario.time
        months = [month.serial for month in event.at or ()]
        if event.every is not None:
            first = (event.from_ or time.start).serial
            months = list(range(first, time.end.serial, int(event.every)))
        counts = np.zeros(time.steps, dtype=np.int64)
        for month in months:
            counts[(month - time.start.serial) // time.months_per_step] += 1
        return counts

    def _test(self, condition: Condition | None) -> Test | None:
        if condition is None:
            return None
        above = condition.above is not None
        sign = 1.0 if above else -1.0
        if condition.event is not None:
            return Test("event", self.events.index(condition.event))
        threshold = float(_plain(condition.above if above else condition.below))
        if condition.context is not None:
            place = self.contexts.index(condition.context)
            return Test("context", place, sign=sign, threshold=threshold)
        tie = condition.tie
        assert tie is not None
        assert not tie.one_sided
        domain = self.domains.index(tie.domain) if tie.domain else -1
        first, second = self.states.index(tie.first), self.states.index(tie.second)
        return Test("tie", first, second, domain, sign, threshold)

    def _effect(self, effect: Effect) -> Iterator[Push | Change]:
        only_if = self._test(effect.only_if)
        match effect:
            case Pulse():
                parameters = self.scenario.parameters
                size = float(_plain(effect.size)) if effect.size is not None else 0.0
                if effect.cameo is not None and effect.size is None:
                    weight = goldstein_weights()[effect.cameo]
                    size = float(_plain(parameters.goldstein_unit)) * weight
                lasting = float(_plain(effect.lasting))
                half_life = float(_plain(effect.half_life or parameters.half_life))
                fading, lasting = (1 - lasting) * size, lasting * size
                yield self._push(effect.pulse, fading, lasting, half_life, only_if)
            case Shift():
                yield self._push(effect.shift, 0.0, float(_plain(effect.size)), 1.0, only_if)
            case SetNumber():
                yield self._change(effect.set, float(_plain(effect.to)), False, only_if)
            case AddToNumber():
                yield self._change(effect.add, float(_plain(effect.by)), True, only_if)

    def _push(
        self, tie: TieRef, fading: float, lasting: float, half_life: float, only_if: Test | None
    ) -> Push:
        n, d = len(self.states), len(self.domains)
        domains = [self.domains.index(tie.domain)] if tie.domain else range(d)
        cells = [
            (self.states.index(a) * n + self.states.index(b)) * d + domain
            for a, b in tie.directions
            for domain in domains
        ]
        self.fade.append(2 ** (-self.scenario.time.months_per_step / half_life))
        return Push(len(self.fade) - 1, np.array(cells), fading, lasting, only_if)

    def _change(self, number: NumberRef, value: float, adds: bool, only_if: Test | None) -> Change:
        columns = {
            "weight": self.states,
            "stance": self.issues,
            "salience": self.issues,
            "capacity": self.domains,
            "context": self.contexts,
        }[number.kind]
        row = 0 if number.state is None else self.states.index(number.state)
        place = row * len(columns) + columns.index(str(number.key))
        bounds = number.bounds
        places = np.array([place])
        return Change(number.kind, places, value, adds, bounds.low, bounds.high, only_if)


def _plain(number: Any) -> Any:
    """A number that is certain; what is measured has no uncertain ones."""
    if not isinstance(number, (int, float)):
        raise TypeError(f"an uncertain number, {number}")
    return number
