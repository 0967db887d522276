"""Which points a method asks for, and what it makes of their outcomes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import pandas as pd

from relsim.experiments.load import Study
from relsim.experiments.parameters import Values


class Findings(Protocol):
    """What a method found."""

    def tables(self) -> dict[str, pd.DataFrame]:
        """The numbers, by name."""

    def sentences(self) -> list[str]:
        """What was found, in words, the most important first."""

    def warnings(self) -> list[str]:
        """What the size of the sample does not support."""


def points_of(study: Study) -> Values:
    """All points that the method of a study asks for, [P, K]. Not for `tune`, which chooses its
    points as it goes."""
    experiment, parameters, seed = study.experiment, study.parameters, study.experiment.seed
    raise NotImplementedError


def findings_of(study: Study, points: Values, outcomes: Mapping[str, Values]) -> Findings:
    """What the method of a study makes of outcomes [P, R] at its points."""
    raise NotImplementedError
