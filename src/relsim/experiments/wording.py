"""How the findings of experiments write parameters and numbers."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from relsim.experiments.parameters import Parameter


def number(value: float, figures: int = 3) -> str:
    """A number to some significant figures, with a true minus; a dash where there is none."""
    if not math.isfinite(value):
        return "–"
    rounded = float(f"{value:.{figures}g}")
    return np.format_float_positional(rounded, trim="-").replace("-", "−")


def signed_number(value: float, figures: int = 3) -> str:
    """The same with a plus where it is above 0."""
    return f"{'+' if value > 0 else ''}{number(value, figures)}"


def with_unit(value: float, parameter: Parameter) -> str:
    """A value of a parameter with its unit."""
    return f"{number(value)} {parameter.unit}".rstrip()


def headings(parameters: Iterable[Parameter]) -> list[str]:
    """The parameters as headings of columns, with units; by their paths where labels repeat."""
    several = list(parameters)
    names = [one.name for one in several]
    if len({*names}) < len(names):
        names = [one.path for one in several]
    units = (f" ({one.unit})" if one.unit else "" for one in several)
    return [name + unit for name, unit in zip(names, units, strict=True)]


def listed(words: Iterable[str], last: str = "and") -> str:
    """Words with commas, the last after "and"."""
    *before, end = words
    return f"{', '.join(before)} {last} {end}" if before else end
