"""An experiment: what it varies, the shape that every method has, and a study ready to simulate."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterable, Iterator
from collections.abc import Mapping as AnyMapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Protocol, TypeAlias, get_args

import numpy as np
import pandas as pd
from pydantic import BeforeValidator, Field

from relsim.errors import RelsimError
from relsim.experiments.misfit import Matched
from relsim.experiments.schema import Measure, Name, Switch, Varied
from relsim.model.structs import Ints
from relsim.scenario.schema import MAX_ENTRIES, EnsembleSettings, FormatVersion, Scenario
from relsim.scenario.tree import TreePath
from relsim.scenario.values import (
    About,
    FileName,
    Part,
    Remark,
    Title,
    as_list,
    not_exactly_one,
)
from relsim.stats import Values
from relsim.words import number

if TYPE_CHECKING:
    from relsim.model.mesa_model import StateAgent  # Mesa is loaded by what needs agents

HELD_OUT, HELD_OUT_WORDS = "-held-out", ", held out"
# Outcomes at points [P, K], by measure [P, R]: a column for each parameter, R runs at each point.
# Run r has the same draws at every point (common random numbers).
Evaluate: TypeAlias = Callable[[Values], AnyMapping[str, Values]]


@dataclass(frozen=True)
class Parameter:
    """A number that an experiment varies.

    Attributes:
        path: its path in the scenario, as with ``--set``: ``PAK.ties.USA``.
        low, high: its range, in the unit of the field: months for durations, per year for rates.
        label: in words, for figures and sentences.
        unit: in words; empty for numbers without one.
        interest: how an interest is taken. ``changed``: the opening is read with the scenario's own
            value. ``reading``: it is read with the value of the point. Empty for other numbers.
    """

    path: str
    low: float
    high: float
    label: str = ""
    unit: str = ""
    interest: Literal["", "changed", "reading"] = ""

    @property
    def name(self) -> str:
        """Its label, or its path where it has none."""
        return self.label or self.path

    def written(self, value: float) -> str:
        """A value of it, to a hundredth of its range or better, without its unit."""
        span = self.high - self.low
        digits = max(0, 2 - math.ceil(math.log10(span))) if span > 0 else 2
        return number(round(value, digits), 15)

    def with_unit(self, value: float) -> str:
        """The same with its unit."""
        return f"{self.written(value)} {self.unit}".rstrip()


def headings(parameters: Iterable[Parameter]) -> list[str]:
    """The parameters as headings of columns, with units; by their paths where labels repeat."""
    several = list(parameters)
    units = [f" ({parameter.unit})" if parameter.unit else "" for parameter in several]
    names = [parameter.name + unit for parameter, unit in zip(several, units, strict=True)]
    if len({*names}) == len(names):
        return names
    return [parameter.path + unit for parameter, unit in zip(several, units, strict=True)]


def unit_points(parameters: tuple[Parameter, ...], points: Values) -> Values:
    """Values [P, K] as points of the unit cube."""
    low, high = _ranges(parameters)
    unit: Values = (points - low) / (high - low)
    return unit


def scaled(parameters: tuple[Parameter, ...], unit_points: Values) -> Values:
    """Points of the unit cube [P, K] as values of the parameters."""
    low, high = _ranges(parameters)
    scaled_points: Values = low + (high - low) * unit_points
    return scaled_points


def _ranges(parameters: tuple[Parameter, ...]) -> Values:
    return np.array([(parameter.low, parameter.high) for parameter in parameters]).reshape(-1, 2).T


def require(module: str) -> Any:
    """A module of the extra ``experiments``, imported when it is used.

    Raises:
        RelsimError: it is not installed.
    """
    try:
        with warnings.catch_warnings():
            # Such as ema_workbench's word that other, unused parts of it lack their libraries.
            warnings.simplefilter("ignore")
            return import_module(module)
    except ImportError as error:
        raise RelsimError(
            f"This experiment needs {module.split('.')[0]}: pip install 'relsim[experiments]'."
        ) from error


class Findings(Protocol):
    """The results of a method: numbers, and what they say."""

    def tables(self) -> dict[str, pd.DataFrame]:
        """The numbers, by name."""

    def sentences(self) -> list[str]:
        """The results in words, the most important first."""

    def warnings(self) -> list[str]:
        """Limits of the sample: conclusions that it is too small for."""


@dataclass(frozen=True)
class Outcomes:
    """Outcomes of a study at points.

    Attributes:
        points: [P, K], a column for each parameter, then one for each switch (0 off, 1 on).
        by_measure: [P, R] each; NaN where a run failed.
        failed: how many runs failed.
        reported: rows of points that were simulated again with the runs R to 2R - 1.
        fresh: by measure, the outcomes of those runs [C, R].
    """

    points: Values
    by_measure: AnyMapping[str, Values]
    failed: int = 0
    reported: Ints | None = None
    fresh: AnyMapping[str, Values] = field(default_factory=dict)


@dataclass(frozen=True)
class Answer:
    """The result of a method for a study.

    Attributes:
        outcomes: of every point that it simulated.
        findings: the results.
        files: texts to keep beside the tables, by name of the file.
    """

    outcomes: Outcomes
    findings: Findings
    files: AnyMapping[str, str] = field(default_factory=dict)


class Engine(Protocol):
    """Simulates points of a study for its method."""

    @property
    def folder(self) -> Path:
        """Where an adaptive method keeps what it has simulated, until it is done."""

    def simulate(self, points: Values) -> Outcomes:
        """The outcomes at all points of a fixed design, [P, K]. They are kept as they finish, so
        that an interrupted experiment goes on from there."""

    def evaluate(self, points: Values, first_run: int = 0) -> Outcomes:
        """The outcomes at some points, [P, K], which the method keeps itself."""


class Method(Part):
    """A method of experiments: the section of its file, the points that it simulates, and the
    analysis of their outcomes.

    A method with a fixed design has `points` and `analyse`. One that chooses points as it goes has
    a `run` of its own, and `size`.

    Attributes:
        noun: what messages call the section; its key by default.
        switch_key: the key of its switches; a method that has some takes no parameters.
        reserved: names in its tables and figures that no switch can have.
        libraries: those whose versions decide its numbers, beside those of all experiments.
        adaptive: whether it chooses points as it goes.
    """

    noun: ClassVar[str] = ""
    switch_key: ClassVar[str] = ""
    reserved: ClassVar[tuple[str, ...]] = ()
    libraries: ClassVar[tuple[str, ...]] = ()
    adaptive: ClassVar[bool] = False

    @property
    def size_key(self) -> str:
        """The key that decides how many points there are; empty where none does."""
        return ""

    @property
    def switches(self) -> dict[str, Switch]:
        """The switches that are on or off at each point, by name."""
        return getattr(self, self.switch_key) if self.switch_key else {}

    def measures_named(self) -> dict[TreePath, str]:
        """The measures that it names, by where in its section; a name that is a key ends its own
        path."""
        return {}

    def problems(self, study: Study) -> Iterator[tuple[TreePath, str]]:
        """Reasons why it cannot run, beside its size: the path in the file, and the text."""
        yield from ()

    def size(self, study: Study) -> int:
        """The number of points it simulates; at most, where it chooses as it goes.

        Raises:
            RelsimError: a number of its section makes no sense.
        """
        return len(self.points(study))

    def points(self, study: Study) -> Values:
        """All points of its design, [P, K].

        Raises:
            RelsimError: a number of its section makes no sense, or a library is missing.
        """
        raise NotImplementedError

    def analyse(self, study: Study, points: Values, outcomes: AnyMapping[str, Values]) -> Findings:
        """The findings, from its points and their outcomes [P, R] by the names of measures."""
        raise NotImplementedError

    def run(self, study: Study, engine: Engine) -> Answer:
        """Simulates its points and analyses their outcomes."""
        outcomes = engine.simulate(self.points(study))
        named = study.by_name(outcomes.by_measure)
        return Answer(outcomes, self.analyse(study, outcomes.points, named))


class Setup(Part):
    """An experiment's file without its methods, which are the fields that a subclass adds."""

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

    def mistakes(self) -> Iterator[Remark]:
        """Other than one method, or parameters that do not go with it."""
        yield from not_exactly_one(self, (*self.methods(),), "bad-method")
        if self.switches and self.parameters:
            text = f"`{self.method_name}` takes no parameters: its numbers stay as the scenario "
            text += "has them."
            hint = "Uncertain numbers are drawn anew in each run."
            yield Remark("", "bad-method", text, hint)
        if not self.switches and not self.parameters:
            text = f"`{self.method_name}` needs `parameters` to vary."
            yield Remark("", "bad-method", text)

    @classmethod
    def methods(cls) -> dict[str, type[Method]]:
        """All methods, by their keys."""
        return {
            name: get_args(field.annotation)[0]
            for name, field in cls.model_fields.items()
            if name not in Setup.model_fields
        }

    @property
    def method_name(self) -> str:
        """The key of the method that it uses."""
        return next(name for name in self.methods() if getattr(self, name) is not None)

    @property
    def method(self) -> Method:
        """The method that it uses."""
        method: Method = getattr(self, self.method_name)
        return method

    @property
    def switches(self) -> dict[str, Switch]:
        """The switches that are on or off at each point."""
        return self.method.switches


@dataclass(frozen=True)
class Study:
    """An experiment that is ready to be simulated.

    Attributes:
        experiment: what the file says.
        slug: its name as a folder.
        folder: where the file is.
        file: of the scenario, from there.
        base: the scenario as its file has it.
        scenario: what is simulated: with the changes of `set`, the parameters as uniform numbers,
            and the measures that ask what a claim asks as claims.
        parameters: what is varied, with ranges in the unit of each number.
        observed: the observations of each `misfit`, by outcome: its measure, and that with
            ``HELD_OUT`` where some are held out.
        agent_class: how states decide (see :func:`relsim.simulate`); None for the standard rule.
    """

    experiment: Setup
    slug: str
    folder: Path
    file: str
    base: Scenario
    scenario: Scenario
    parameters: tuple[Parameter, ...]
    observed: AnyMapping[str, Matched]
    agent_class: type[StateAgent] | None = None

    @property
    def method(self) -> Method:
        """Its method."""
        return self.experiment.method

    @property
    def outcomes(self) -> tuple[str, ...]:
        """Names of all outcomes: measures, and what is held out of a misfit."""
        return tuple(dict.fromkeys((*self.experiment.measures, *self.observed)))

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns of points: paths of parameters, then names of switches."""
        return (*(parameter.path for parameter in self.parameters), *self.experiment.switches)

    @property
    def switch_names(self) -> tuple[str, ...]:
        """Labels of the switches, or their keys."""
        switches = self.experiment.switches
        return tuple(switch.label or name for name, switch in switches.items())

    def measure_name(self, key: str) -> str:
        """The label of a measure, or its key."""
        measure = self.experiment.measures[key.removesuffix(HELD_OUT)]
        words = measure.label or key.removesuffix(HELD_OUT)
        return f"{words}{HELD_OUT_WORDS}" if key.endswith(HELD_OUT) else words

    def by_name(self, outcomes: AnyMapping[str, Values]) -> dict[str, Values]:
        """Outcomes by the labels of their measures."""
        return {self.measure_name(key): values for key, values in outcomes.items()}


def claim_of(measure: str) -> str:
    """The claim that stands for a measure in the scenario of a study."""
    return f"measure_{measure}"
