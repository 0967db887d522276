"""How numbers, lists and names are written in whatever people read: one way for all of it."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from decimal import Decimal

NO_NUMBER = "–"

_MINUS = re.compile(r"(?<![\w.])-(?=\.?\d)|(?<=\de)-(?=\d)")  # not within a name or a date
# Last words of names of states that take an article in a sentence.
_WITH_ARTICLE = {"Emirates", "Federation", "Kingdom", "Netherlands", "Philippines", "Republic"}
_WITH_ARTICLE |= {"States", "Union"}


def true_minus(text: str) -> str:
    """A text with the minus of typography, U+2212, before its numbers.

    What people read has it; what programs read, as files, CSV and JSON, has the plain hyphen.
    """
    return _MINUS.sub("−", text)


def fixed(value: float | None, digits: int = 2) -> str:
    """A number with so many decimals and no sign at zero; a dash if there is no number."""
    if value is None or not math.isfinite(value):
        return NO_NUMBER
    return true_minus(f"{round(value, digits) + 0.0:.{digits}f}")


def signed(value: float | None, digits: int = 2) -> str:
    """As :func:`fixed`, with a plus above zero; so levels and differences of them are written."""
    text = fixed(value, digits)
    return f"+{text}" if text[0].isdigit() and float(text) > 0 else text


def number(value: float, figures: int = 3) -> str:
    """A number to some significant figures, without an exponent; a dash if it is not finite."""
    if not math.isfinite(value):
        return NO_NUMBER
    text = format(Decimal(f"{value:.{figures}g}"), "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return true_minus("0" if text == "-0" else text)


def signed_number(value: float, figures: int = 3) -> str:
    """As :func:`number`, with a plus above zero."""
    return f"{'+' if value > 0 else ''}{number(value, figures)}"


def percent(share: float | None, digits: int = 0) -> str:
    """A share in per cent; a dash if there is none."""
    return NO_NUMBER if share is None else f"{fixed(100 * share, digits)} %"


def with_interval(
    value: float, low: float, high: float, write: Callable[[float], str] = number
) -> str:
    """A number with its interval, as in "0.12 (0.08 to 0.16)"; alone where it has none."""
    if not (math.isfinite(low) and math.isfinite(high)):
        return write(value)
    return f"{write(value)} ({write(low)} to {write(high)})"


def digits_for(values: Iterable[float], significant: int = 3) -> int:
    """How many decimals show the largest of some values to so many digits, at most 6."""
    largest = max((abs(value) for value in values if math.isfinite(value)), default=0.0)
    if largest == 0:
        return significant
    return min(max(significant - 1 - math.floor(math.log10(largest)), 0), 6)


def rounded_up(count: float) -> int:
    """A number of runs or points that is needed, rounded up to two digits: 4,312 to 4,400."""
    step: int = 10 ** max(math.floor(math.log10(max(count, 1.0))) - 1, 0)
    return math.ceil(count / step) * step


def measured(value: float | None, unit: str) -> str:
    """The value a claim is judged by: cooperation with its sign to three digits, months whole."""
    if value is None or unit == "cooperation":
        return signed(value, 3)
    return f"{value:.0f}"


def listed(words: Iterable[str], last: str = "and") -> str:
    """Words as a list: "a", "a and b", "a, b and c"; empty if there are none."""
    *before, end = [*words] or [""]
    return f"{', '.join(before)} {last} {end}" if before else end


def counted(count: int, noun: str) -> str:
    """A count with its noun in the singular or the plural, as in "1 year" and "1,200 years"."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def with_a(noun: str) -> str:
    """A noun with "a" or "an" before it."""
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"


def with_the(name: str) -> str:
    """The name of a state within a sentence, as in "the United States"."""
    return f"the {name}" if name.split()[-1] in _WITH_ARTICLE else name


def possessive(name: str) -> str:
    """The name with its 's."""
    return f"{name}'" if name.endswith("s") else f"{name}'s"


def capital(text: str) -> str:
    """The text with a capital first letter."""
    return text[:1].upper() + text[1:]
