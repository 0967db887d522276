"""How the findings of experiments write parameters and numbers."""

from __future__ import annotations

import math
from collections.abc import Iterable

from relsim.experiments.parameters import Parameter
from relsim.words import number


def value_of(value: float, parameter: Parameter) -> str:
    """A value of a parameter, to a hundredth of its range or better, without its unit."""
    span = parameter.high - parameter.low
    digits = max(0, 2 - math.ceil(math.log10(span))) if span > 0 else 2
    return number(round(value, digits), 15)


def with_unit(value: float, parameter: Parameter) -> str:
    """The same with its unit."""
    return f"{value_of(value, parameter)} {parameter.unit}".rstrip()


def headings(parameters: Iterable[Parameter]) -> list[str]:
    """The parameters as headings of columns, with units; by their paths where labels repeat."""
    several = list(parameters)
    units = [f" ({one.unit})" if one.unit else "" for one in several]
    by_name = [one.name + unit for one, unit in zip(several, units, strict=True)]
    if len({*by_name}) == len(by_name):
        return by_name
    return [one.path + unit for one, unit in zip(several, units, strict=True)]
