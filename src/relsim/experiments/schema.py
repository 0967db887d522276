"""What an experiment's file may say: every section and key, typed, with its unit and default."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator, Field, PlainValidator, model_validator

from relsim.errors import did_you_mean
from relsim.scenario.parts import MAX_KEY, About, FileName, Part, Title, as_list
from relsim.scenario.references import TieRef
from relsim.scenario.schema import MAX_ENTRIES, EnsembleSettings, Expectation, FormatVersion
from relsim.scenario.values import LARGE, Bounds, Month, fail

SHARE = Bounds("a share", 0, 1, certain=True)
THRESHOLD = Bounds("a value", -LARGE, LARGE, certain=True)
EXTREMES = ("lowest", "highest")
METHODS = ("sweep", "sensitivity", "tune", "attribute", "advise", "discover")
_QUESTIONS = ("level", "change", "volatility", "time_to", "probability", "claim", "misfit")

Name: TypeAlias = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*$", max_length=MAX_KEY)]
Count: TypeAlias = Annotated[int, Field(strict=True, ge=1)]


def _as(key: str) -> Callable[[Any], Any]:
    """A reader that takes a lone list or text for a map with just ``key``."""
    return lambda raw: {key: raw} if isinstance(raw, (list, str)) else raw


class Range(Part):
    """A number that is varied, and how far."""

    range: list[Any] = Field(
        min_length=2, max_length=2, description="Low and high, written as the number itself is."
    )
    as_: Literal["changed", "reading"] | None = Field(
        None,
        alias="as",
        description="Of an interest. `changed`, the default: the opening is read with the "
        "scenario's own value, and relations move from there. `reading`: it is read with the value "
        "of the point, and nothing moves by that alone.",
    )
    label: Title = Field("", description="Name for figures; the path by default.")


class Switch(Part):
    """Something that is there or not: events, levers, an interest.

    A path alone stands for `off`: an event's for `PATH.off: true`, a number's for `PATH: 0`.
    """

    events: list[str] = Field(
        default_factory=list, description="Events that happen where it is there, and not else."
    )
    off: dict[str, Any] = Field(
        default_factory=dict, description="Values, by path, where it is not there."
    )
    on: dict[str, Any] = Field(
        default_factory=dict, description="Values, by path, where it is there; none: as written."
    )
    label: Title = Field("", description="Name for figures; the key by default.")

    @model_validator(mode="before")
    @classmethod
    def _of_a_path(cls, raw: Any) -> Any:
        if not isinstance(raw, str):
            return raw
        if raw.startswith("events.") and raw.count(".") == 1:
            return {"events": [raw.removeprefix("events.")]}
        return {"off": {raw: 0}}

    @model_validator(mode="after")
    def _changes_something(self) -> Switch:
        if not (self.events or self.off or self.on):
            text = "A switch changes something: `events`, `off` or `on` is needed."
            raise fail("bad-switch", text)
        return self

    def changes(self, *, on: bool) -> dict[str, Any]:
        """What it changes, by path, where it is on or off."""
        switched = {f"events.{name}.off": not on for name in self.events}
        return switched | (self.on if on else self.off)


class Measure(Part):
    """One number of each run. Exactly one of level, change, volatility, time_to, probability,
    claim, misfit."""

    level: TieRef | None = Field(None, description="Cooperation of a tie `at` a month.")
    change: TieRef | None = Field(None, description="Its change since the start.")
    volatility: TieRef | None = Field(
        None,
        description="Standard deviation of its changes from step to step in a run, per √year.",
    )
    time_to: TieRef | None = Field(
        None,
        description="Years until it is `above` or `below` a threshold; a run in which it never "
        "is counts with the whole span (restricted mean time).",
    )
    probability: Expectation | None = Field(
        None, description="Share of runs in which something holds, as a claim expects it."
    )
    claim: str | None = Field(None, description="Share of runs in which a claim holds.")
    misfit: FileName | None = Field(
        None,
        description="CSV of observations, from the folder of this file: CRPS of the runs, in "
        "cooperation; 0 is perfect.",
    )
    above: Annotated[float, THRESHOLD] | None = Field(None, description="Threshold of `time_to`.")
    below: Annotated[float, THRESHOLD] | None = Field(None, description="Threshold of `time_to`.")
    at: Month | None = Field(None, description="Month of `level` or `change`; the end by default.")
    until: Month | None = Field(
        None,
        description="Of `misfit`: periods that end after this month are held out, and told apart.",
    )
    label: Title = Field("", description="Name for figures; the key by default.")

    @model_validator(mode="after")
    def _one_question(self) -> Measure:
        asked = [key for key in _QUESTIONS if getattr(self, key) is not None]
        if len(asked) != 1:
            found = " and ".join(asked) or "none"
            text = f"Exactly one of {', '.join(_QUESTIONS)} is needed; here: {found}."
            raise fail("bad-measure", text)
        self._refuse(asked[0], "at", ("level", "change"))
        self._refuse(asked[0], "until", ("misfit",))
        for key in ("above", "below"):
            self._refuse(asked[0], key, ("time_to",))
        if asked == ["time_to"] and (self.above is None) is (self.below is None):
            raise fail("bad-measure", "`time_to` needs `above` or `below`.")
        if self.probability is not None and self.probability.against is not None:
            text = "A measure is of one scenario: `against` stands in claims alone."
            raise fail("bad-measure", text, "`attribute` and `advise` compare on paired runs.")
        return self

    def _refuse(self, asked: str, key: str, owners: tuple[str, ...]) -> None:
        if getattr(self, key) is not None and asked not in owners:
            raise fail("bad-measure", f"`{key}` does not go with `{asked}`.")

    @property
    def question(self) -> str:
        """Which of its questions it asks."""
        return next(key for key in _QUESTIONS if getattr(self, key) is not None)


class Sweep(Part):
    """Outcomes all over the ranges. Exactly one of grid, latin_hypercube, sobol."""

    grid: Annotated[int, Field(strict=True, ge=2)] | None = Field(
        None, description="Levels of each parameter, from low to high."
    )
    latin_hypercube: Count | None = Field(None, description="Points.")
    sobol: Count | None = Field(None, description="Points of a scrambled Sobol sequence.")

    @model_validator(mode="after")
    def _one_design(self) -> Sweep:
        designs = ("grid", "latin_hypercube", "sobol")
        if sum(getattr(self, key) is not None for key in designs) != 1:
            raise fail("bad-sweep", f"Exactly one of {', '.join(designs)} is needed.")
        return self


class Sensitivity(Part):
    """Which parameters matter."""

    method: Literal["sobol", "morris", "pawn"] = Field(
        "sobol", description="Shares of variance, elementary effects, or distances of CDFs."
    )
    samples: Count = Field(
        256,
        description="Base samples N: N·(K+2) points for sobol (a power of 2 from 64), N·(K+1) for "
        "morris, N for pawn.",
    )
    second_order: bool = Field(
        False, description="Of sobol: interactions too, with N·(2K+2) points."
    )

    @model_validator(mode="after")
    def _pairs_are_of_sobol(self) -> Sensitivity:
        if self.second_order and self.method != "sobol":
            text = f"`second_order` is of sobol; {self.method} has no indices of pairs."
            raise fail("bad-method", text)
        return self


def _wanted(raw: Any) -> Any:
    """``lowest``, ``highest`` or a finite number."""
    if isinstance(raw, str) and raw.strip() in EXTREMES:
        return raw.strip()
    if isinstance(raw, str) and (close := did_you_mean(raw, EXTREMES)).startswith("Did"):
        raise fail("bad-goal", f"'{raw}' is not a goal.", close)
    return THRESHOLD.read(raw)


Wanted: TypeAlias = Annotated[
    Literal["lowest", "highest"] | float,
    PlainValidator(_wanted, json_schema_input_type=Literal["lowest", "highest"] | float),
]


class Tune(Part):
    """Which values fit."""

    goals: dict[str, Wanted] = Field(
        min_length=1, description="By measure: lowest, highest, or a value to come near to."
    )
    trials: Count = Field(200, description="Points that are tried.")


class Attribute(Part):
    """What each event, lever or interest owes."""

    players: dict[Name, Switch] = Field(min_length=1, description="What is there or not.")
    permutations: Count = Field(
        200,
        description="Beyond ten players: orders in which they come, in antithetic pairs; at least "
        "50.",
    )


class BoundOn(Part):
    """What a portfolio has to keep."""

    above: Annotated[float, THRESHOLD] | None = Field(None, description="Stays above this value.")
    below: Annotated[float, THRESHOLD] | None = Field(None, description="Stays below this value.")
    share: Annotated[float, SHARE] = Field(0.8, description="In at least this share of the runs.")

    @model_validator(mode="after")
    def _bounds_something(self) -> BoundOn:
        if self.above is None and self.below is None:
            raise fail("bad-bound", "`above`, `below` or both are needed.")
        if self.above is not None and self.below is not None and self.above >= self.below:
            text = f"No value is above {self.above:g} and below {self.below:g}."
            raise fail("bad-bound", text, "`above` has to be the lower of the two.")
        if self.share == 0:
            raise fail("bad-bound", "A share of 0 keeps nothing.", "Leave the bound out.")
        return self


class Advise(Part):
    """Which levers to pull."""

    levers: dict[Name, Switch] = Field(min_length=1, description="What can be done or left.")
    raise_: str | None = Field(None, alias="raise", description="The measure to raise.")
    lower: str | None = Field(None, description="The measure to lower, instead.")
    bounds: dict[str, BoundOn] = Field(
        default_factory=dict, description="By measure, what has to be kept."
    )

    @model_validator(mode="after")
    def _one_goal(self) -> Advise:
        if (self.raise_ is None) is (self.lower is None):
            raise fail("bad-goal", "One of `raise` and `lower` is needed.")
        return self

    @property
    def goal(self) -> str:
        """The measure to raise or lower."""
        return self.raise_ or self.lower or ""


class Discover(Part):
    """Under which conditions an outcome happens."""

    measure: str = Field(description="Which one.")
    above: Annotated[float, THRESHOLD] | None = Field(
        None, description="It happens above this value."
    )
    below: Annotated[float, THRESHOLD] | None = Field(
        None, description="It happens below this value."
    )
    share: Annotated[float, SHARE] = Field(
        0.5, description="Share of a point's runs in which it has to happen."
    )
    samples: Count = Field(500, description="Points, of a Latin hypercube.")

    @model_validator(mode="after")
    def _one_side(self) -> Discover:
        if (self.above is None) is (self.below is None):
            raise fail("bad-outcome", "One of `above` and `below` is needed.")
        if self.share == 0:
            text = "In a share of 0 of the runs it happens at every point."
            raise fail("bad-outcome", text, "Write a share above 0.")
        return self


Varied: TypeAlias = Annotated[
    Range, BeforeValidator(_as("range"), json_schema_input_type=Range | list[Any])
]


class Experiment(Part):
    """A whole experiment. Load one with :func:`relsim.experiments.load.load_experiment`."""

    relsim: FormatVersion = Field(description="Version of this format.")
    name: Title = Field(min_length=1, description="Name for people.")
    about: About = Field("", description="What is asked, and where the ranges come from.")
    scenario: Annotated[
        list[FileName],
        BeforeValidator(as_list, json_schema_input_type=FileName | list[FileName]),
        Field(min_length=1, max_length=MAX_ENTRIES),
    ] = Field(
        description="File of the scenario, from the folder of this file; of several, each has the "
        "experiment to itself."
    )
    set: dict[str, Any] = Field(
        default_factory=dict, description="Changes made to it throughout, by path."
    )
    runs: Annotated[int, Field(strict=True, ge=2, le=10_000)] = Field(
        20, description="Runs at each point, on the same draws at every point."
    )
    seed: int = Field(
        EnsembleSettings().seed, strict=True, ge=0, le=2**63 - 1, description="Of draws and design."
    )
    parameters: dict[str, Varied] = Field(
        default_factory=dict, description="What is varied, by path as with --set."
    )
    measures: dict[Name, Measure] = Field(min_length=1, description="What is looked at.")
    sweep: Sweep | None = Field(None, description="Outcomes all over the ranges.")
    sensitivity: Sensitivity | None = Field(None, description="Which parameters matter.")
    tune: Tune | None = Field(None, description="Which values fit.")
    attribute: Attribute | None = Field(None, description="What each player owes.")
    advise: Advise | None = Field(None, description="Which levers to pull.")
    discover: Discover | None = Field(None, description="When an outcome happens.")

    @model_validator(mode="after")
    def _one_method(self) -> Experiment:
        asked = [name for name in METHODS if getattr(self, name) is not None]
        if len(asked) != 1:
            found = " and ".join(asked) or "none"
            text = f"Exactly one of {', '.join(METHODS)} is needed; here: {found}."
            raise fail("bad-method", text)
        if self.switches and self.parameters:
            text = f"`{asked[0]}` takes no parameters: its numbers stay as the scenario has them."
            raise fail("bad-method", text, "Uncertain numbers are drawn anew in each run.")
        if not self.switches and not self.parameters:
            raise fail("bad-method", f"`{asked[0]}` needs `parameters` to vary.")
        return self

    @property
    def method(self) -> str:
        """Which of the methods it uses."""
        return next(name for name in METHODS if getattr(self, name) is not None)

    @property
    def switches(self) -> dict[str, Switch]:
        """What is there or not at a point."""
        if self.attribute is not None:
            return self.attribute.players
        return self.advise.levers if self.advise is not None else {}
