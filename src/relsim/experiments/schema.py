"""Parts of an experiment's file that all methods share: ranges, switches and measures."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator, Field, model_validator

from relsim.scenario.names import TieRef
from relsim.scenario.schema import Expectation
from relsim.scenario.values import (
    LARGE,
    MAX_KEY,
    Bounds,
    FileName,
    Month,
    Part,
    Remark,
    Title,
    not_exactly_one,
)

SHARE = Bounds("a share", 0, 1, certain=True)
THRESHOLD = Bounds("a value", -LARGE, LARGE, certain=True)
# The questions that a measure may ask, each with its unit.
UNITS = {
    "level": "cooperation",
    "change": "cooperation",
    "volatility": "cooperation per √year",
    "time_to": "years",
    "probability": "share of runs",
    "claim": "share of runs",
    "misfit": "cooperation",
}

Name: TypeAlias = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*$", max_length=MAX_KEY)]
Count: TypeAlias = Annotated[int, Field(strict=True, ge=1)]


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

    def mistakes(self) -> Iterator[Remark]:
        """A switch that changes nothing."""
        if not (self.events or self.off or self.on):
            text = "A switch changes something: `events`, `off` or `on` is needed."
            yield Remark("", "bad-switch", text)

    def changes(self, *, on: bool) -> dict[str, Any]:
        """Its changes to the scenario, by path, where it is on or off."""
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

    def mistakes(self) -> Iterator[Remark]:
        """Other than one question, and keys that belong to another."""
        yield from not_exactly_one(self, (*UNITS,), "bad-measure")
        owners = {"at": ("level", "change"), "until": ("misfit",)}
        owners |= dict.fromkeys(("above", "below"), ("time_to",))
        for key, questions in owners.items():
            if getattr(self, key) is not None and self.question not in questions:
                yield Remark("", "bad-measure", f"`{key}` does not go with `{self.question}`.")
        if self.time_to is not None and (self.above is None) is (self.below is None):
            yield Remark("", "bad-measure", "`time_to` needs `above` or `below`.")
        if self.probability is not None and self.probability.against is not None:
            text = "A measure is of one scenario: `against` stands in claims alone."
            hint = "`attribute` and `advise` compare on paired runs."
            yield Remark("", "bad-measure", text, hint)

    @property
    def question(self) -> str:
        """The key of the question that it asks."""
        return next(key for key in UNITS if getattr(self, key) is not None)

    @property
    def unit(self) -> str:
        """Its unit, in words."""
        return UNITS[self.question]

    @property
    def is_share(self) -> bool:
        """Whether it is 1 or 0 in each run, so that its mean is a share of runs."""
        return self.question in ("probability", "claim")


Varied: TypeAlias = Annotated[
    Range,
    BeforeValidator(
        lambda raw: {"range": raw} if isinstance(raw, (list, str)) else raw,
        json_schema_input_type=Range | list[Any],
    ),
]
