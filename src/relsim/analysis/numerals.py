"""How numbers are written in sentences, tables and charts."""

from __future__ import annotations

import math
from collections.abc import Iterable


def signed(value: float | None, digits: int = 2) -> str:
    """A level or a difference with its sign, a true minus, and none where it rounds to 0; a dash
    where there is none."""
    if value is None:
        return "–"
    text = f"{value:+.{digits}f}"
    return text[1:] if float(text) == 0 else text.replace("-", "−")


def digits_for(values: Iterable[float], significant: int = 3) -> int:
    """How many decimals show the largest of some values to so many digits, at most 6."""
    largest = max((abs(value) for value in values if math.isfinite(value)), default=0.0)
    if largest == 0:
        return significant
    return min(max(significant - 1 - math.floor(math.log10(largest)), 0), 6)


def rounded_up(number: float) -> int:
    """A number of runs or samples that is needed, up to two digits: 4,312 to 4,400."""
    step: int = 10 ** max(math.floor(math.log10(max(number, 1.0))) - 1, 0)
    return math.ceil(number / step) * step


def percent(share: float | None, digits: int = 0) -> str:
    """A share in per cent; a dash where there is none."""
    return "–" if share is None else f"{100 * share:.{digits}f} %"


def measured(value: float | None, unit: str) -> str:
    """What a claim was judged by: cooperation with its sign to three digits, months as a whole."""
    if value is None or unit == "cooperation":
        return signed(value, 3)
    return f"{value:.0f}"
