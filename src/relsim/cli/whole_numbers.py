"""Whole numbers of options, read strictly."""

from __future__ import annotations

import re
from collections.abc import Callable

import typer

MOST_RUNS = 2**32 - 1  # a run's number has 32 bits
MOST_SEED = 2**63 - 1

_WHOLE = re.compile(r"[-+]?[0-9]{1,30}")


def whole(low: int = 1, high: int = MOST_SEED) -> Callable[[str | int], int]:
    """A reader of whole numbers from ``low`` to ``high``, as the parser of an option.

    What typer reads by itself depends on its version: 1.0 as 1, 1_0 as 10, full-width digits.
    """

    def read(written: str | int) -> int:
        text = str(written).strip()
        if not _WHOLE.fullmatch(text):
            raise typer.BadParameter(f"'{text}' is not a whole number. {_hint(text)}".rstrip())
        number = int(text)
        if number < low:
            raise typer.BadParameter(f"{number} is less than {low}.")
        if number > high:
            raise typer.BadParameter(f"{number} is more than {high}.")
        return number

    return read


def _hint(text: str) -> str:
    from relsim.scenario.text import scalar_value
    from relsim.scenario.values import whole_number_hint

    return whole_number_hint(scalar_value(text))
