"""The single values a person writes: numbers (perhaps uncertain), durations, rates, months."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Literal, NamedTuple, Self, TypeAlias, cast

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    model_validator,
)
from pydantic_core import PydanticCustomError, core_schema

from relsim.errors import did_you_mean, plain_hint
from relsim.words import number

LARGE = 1e6  # no sensible number is near; products of such numbers stay finite

DistributionKind: TypeAlias = Literal["uniform", "normal", "triangular", "lognormal"]

_ARGUMENTS: dict[str, tuple[str, ...]] = {
    "uniform": ("low", "high"),
    "normal": ("mean", "standard deviation"),
    "triangular": ("low", "mode", "high"),
    "lognormal": ("median", "standard deviation of the logarithm"),
}
DISTRIBUTIONS = tuple(_ARGUMENTS)


@dataclass(frozen=True)
class Distribution:
    """An uncertain number, drawn once per run.

    Attributes:
        kind: which distribution.
        arguments: in the unit of the field, in the order of the format: uniform (low, high),
            normal (mean, sd), triangular (low, mode, high), lognormal (median, sd of the log).
        low, high: draws are clipped to the range of the field that holds the number.
    """

    kind: DistributionKind
    arguments: tuple[float, ...]
    low: float = -math.inf
    high: float = math.inf

    @property
    def median(self) -> float:
        """The middle value, used where one number has to stand for all."""
        match self.kind:
            case "uniform":
                middle = (self.arguments[0] + self.arguments[1]) / 2
            case "triangular":
                low, mode, high = self.arguments
                if mode >= (low + high) / 2:
                    middle = low + math.sqrt((high - low) * (mode - low) / 2)
                else:
                    middle = high - math.sqrt((high - low) * (high - mode) / 2)
            case "normal" | "lognormal":
                middle = self.arguments[0]
        return min(max(middle, self.low), self.high)

    @property
    def in_words(self) -> str:
        """Its kind and its arguments."""
        first, *rest = (number(argument) for argument in self.arguments)
        match self.kind:
            case "uniform":
                return f"uniform, {first} to {rest[0]}"
            case "triangular":
                return f"triangular, {first} to {rest[1]}, most likely {rest[0]}"
            case "normal":
                return f"normal, {first} ± {rest[0]}"
            case "lognormal":
                return f"lognormal, median {first}, standard deviation of the logarithm {rest[0]}"


Number: TypeAlias = float | Distribution


def central(number: Number) -> float:
    """A number itself, or the median of an uncertain one."""
    return number.median if isinstance(number, Distribution) else number


def fail(code: str, text: str, hint: str = "", key: str = "") -> PydanticCustomError:
    """A validation error that carries our code, text and hint through pydantic.

    It is at ``key`` of the part that raises it, or at the part itself if that is empty.
    """
    return PydanticCustomError(code, "{text}", {"text": text, "hint": hint, "key": key})


def read_plain_number(raw: Any) -> float:
    """A finite number; raises a located error for anything else."""
    if isinstance(raw, bool) or not isinstance(raw, (int, float)):
        raise fail("not-a-number", f"{show(raw)} is not a number.", _number_hint(raw))
    try:
        value = float(raw)
    except OverflowError:  # of hundreds of digits
        value = math.inf
    if not math.isfinite(value):
        raise fail("not-a-number", f"{value} is not a finite number.")
    return value


def look_alike(raw: Any) -> str:
    """How to write a text whose characters only look like those of the format; else empty."""
    return plain_hint(raw) if isinstance(raw, str) else ""


def _number_hint(raw: Any) -> str:
    if not isinstance(raw, str):
        return ""
    if hint := look_alike(raw):
        return hint
    if re.fullmatch(r"\d+(:\d\d)+", raw):
        return "A colon does not stand in a number."
    if re.fullmatch(r"[-+]?\d+,\d+", raw):
        return f"Write a point: {raw.replace(',', '.')}."
    if re.fullmatch(r"[-+]?(0\d+|\d+_[\d_]*)(\.\d+)?", raw):
        return "Write digits without underscores or leading zeros."
    if raw.endswith("%"):
        return "Write a share: 15% is 0.15."
    try:
        float(raw)
    except ValueError:
        return ""
    return "Remove the quotes."


def whole_number_hint(raw: Any) -> str:
    """How to write what is no whole number, where that is plain."""
    if isinstance(raw, float) and raw.is_integer():
        return f"Write {raw:.0f}."
    return _number_hint(raw)


def show(raw: Any) -> str:
    """A value as messages quote it: a text in quotes, the start of a long one."""
    text = repr(raw) if isinstance(raw, str) else str(raw)
    return text if len(text) <= 40 else text[:37] + "..."


def _in_digits(value: float) -> str:
    """A number as a person writes it: 1,000,000 and not 1e+06."""
    return f"{value:,.0f}" if abs(value) >= 1000 and value == round(value) else f"{value:g}"


_UNITS = {"number": "", "duration": " months", "rate": " per year"}
_MONTHS_IN = {"month": 1.0, "quarter": 3.0, "year": 12.0}
_DURATION = re.compile(r"\s*([-+]?[0-9.eE+-]+)\s*(month|quarter|year)s?\s*")
_RATE = re.compile(r"\s*([-+]?[0-9.eE+-]+)\s+per\s+(month|quarter|year)\s*")


def read_duration(raw: Any) -> float:
    """A duration such as ``9 months`` or ``2 years``, in months."""
    match = _DURATION.fullmatch(raw) if isinstance(raw, str) else None
    number = _maybe_float(match[1]) if match else None
    if match is None or number is None:
        hint = f"Write the unit: {raw} months." if _is_number(raw) else "Write it as 9 months."
        raise fail("bad-duration", f"{show(raw)} is not a duration.", look_alike(raw) or hint)
    return number * _MONTHS_IN[match[2]]


def read_rate(raw: Any) -> float:
    """A rate such as ``0.15 per year``, per year."""
    match = _RATE.fullmatch(raw) if isinstance(raw, str) else None
    number = _maybe_float(match[1]) if match else None
    if match is None or number is None:
        written = f"{raw} per year" if _is_number(raw) else "0.15 per year"
        hint = look_alike(raw) or f"Write it as {written}."
        raise fail("bad-rate", f"{show(raw)} is not a rate.", hint)
    return number * 12.0 / _MONTHS_IN[match[2]]


def _is_number(raw: Any) -> bool:
    return isinstance(raw, (int, float)) and not isinstance(raw, bool)


def _maybe_float(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


@dataclass(frozen=True)
class Bounds:
    """The range and unit of a number field; as an annotation it reads and checks the field.

    Attributes:
        subject: the field in words, for messages and the reference.
        low, high: the range, both ends allowed.
        form: how it is written: a bare number, a duration (kept in months) or a rate (kept
            per year).
        certain: whether the number may not be a distribution.
    """

    subject: str
    low: float = -math.inf
    high: float = math.inf
    form: Literal["number", "duration", "rate"] = "number"
    certain: bool = False

    def read(self, raw: Any) -> Number:
        """The number, checked; raises a located error."""
        if isinstance(raw, Distribution):
            return raw
        if isinstance(raw, dict) and self.certain:
            raise fail("bad-distribution", f"{self.subject} cannot be uncertain.")
        if isinstance(raw, dict):
            return self._read_distribution(raw)
        return self._in_range(self._reader(raw))

    @property
    def _reader(self) -> Callable[[Any], float]:
        readers = {"number": read_plain_number, "duration": read_duration, "rate": read_rate}
        return readers[self.form]

    def _in_range(self, value: float) -> float:
        if text := self.objection(value):
            raise fail("out-of-range", text)
        return value

    def objection(self, value: float) -> str:
        """What is wrong with a number outside the range; empty where it lies inside."""
        if self.low <= value <= self.high:
            return ""
        unit = _UNITS[self.form]
        if value < self.low and self.high >= LARGE:
            right = f"is {_in_digits(self.low)}{unit} or more"
        elif value > self.high >= LARGE:
            right = f"is at most {_in_digits(self.high)}{unit}"
        else:
            right = f"lies in {self.range}"
        return f"This is {_in_digits(value)}; {self.subject} {right}."

    @property
    def range(self) -> str:
        """The range in words."""
        low = "(-∞" if self.low == -math.inf else f"[{self.low:g}"
        high = "∞)" if self.high == math.inf else f"{self.high:g}]"
        return f"{low}, {high}{_UNITS[self.form]}"

    def _read_distribution(self, raw: dict[str, Any]) -> Distribution:
        if len(raw) != 1:
            raise fail("bad-distribution", "One distribution, as in {uniform: [0.2, 0.4]}.")
        kind, arguments = next(iter(raw.items()))
        if kind not in _ARGUMENTS:
            raise fail(
                "unknown-key", f"'{kind}' is not a distribution.", did_you_mean(kind, DISTRIBUTIONS)
            )
        names = _ARGUMENTS[kind]
        if not isinstance(arguments, list) or len(arguments) != len(names):
            raise fail("bad-distribution", f"{kind} takes [{', '.join(names)}].")
        values: tuple[float, ...]
        if kind in ("uniform", "triangular"):
            values = tuple(self._in_range(self._reader(argument)) for argument in arguments)
            if list(values) != sorted(values):
                raise fail("bad-distribution", f"{kind} takes its numbers in rising order.")
        else:
            spread = self._reader if kind == "normal" else read_plain_number
            values = self._in_range(self._reader(arguments[0])), spread(arguments[1])
            if values[1] < 0:
                raise fail("bad-distribution", "A standard deviation is not negative.")
            if kind == "lognormal" and values[0] <= 0:
                raise fail("bad-distribution", "The median of a lognormal is above 0.")
        return Distribution(cast(DistributionKind, kind), values, self.low, self.high)

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(self.read)

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        single = self._single_json_schema()
        if self.certain:
            return single
        forms = [_distribution_json_schema(kind, single) for kind in _ARGUMENTS]
        return {"anyOf": [single, *forms]}

    def _single_json_schema(self) -> dict[str, Any]:
        if self.form == "duration":
            return {"type": "string", "pattern": r"^\s*[0-9.]+\s*(month|quarter|year)s?\s*$"}
        if self.form == "rate":
            return {"type": "string", "pattern": r"^\s*[0-9.]+\s+per\s+(month|quarter|year)\s*$"}
        schema: dict[str, Any] = {"type": "number"}
        if math.isfinite(self.low):
            schema["minimum"] = self.low
        if math.isfinite(self.high):
            schema["maximum"] = self.high
        return schema


def _distribution_json_schema(kind: str, single: dict[str, Any]) -> dict[str, Any]:
    count = len(_ARGUMENTS[kind])
    item = single if kind in ("uniform", "triangular") else {"type": ["number", "string"]}
    array = {"type": "array", "items": item, "minItems": count, "maxItems": count}
    return {
        "type": "object",
        "properties": {kind: array},
        "required": [kind],
        "additionalProperties": False,
        "description": f"{kind}: [{', '.join(_ARGUMENTS[kind])}], drawn once per run",
    }


_MONTH = re.compile(r"((?!0000)[0-9]{4})-(0[1-9]|1[0-2])")


class Month(NamedTuple):
    """A calendar month, written ``2020-07``."""

    year: int
    number: int

    @property
    def serial(self) -> int:
        """Months since the year 0."""
        return self.year * 12 + self.number - 1

    def plus(self, months: int) -> Month:
        """The month that many months later."""
        serial = self.serial + months
        return Month(serial // 12, serial % 12 + 1)

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.number:02d}"

    @classmethod
    def read(cls, raw: Any) -> Month:
        """A month from its text; raises a located error."""
        if isinstance(raw, Month):
            return raw
        match = _MONTH.fullmatch(raw.strip()) if isinstance(raw, str) else None
        if match is None:
            raise fail("bad-date", f"{show(raw)} is not a month.", _month_hint(raw))
        return cls(int(match[1]), int(match[2]))

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(
            cls.read, serialization=core_schema.to_string_ser_schema()
        )

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {"type": "string", "pattern": f"^{_MONTH.pattern}$", "examples": ["2020-07"]}


def _month_hint(raw: Any) -> str:
    if hint := look_alike(raw):
        return hint
    text = str(raw)
    if text.strip().startswith("0000"):
        return "There is no year 0: years go from 0001 to 9999."
    if re.fullmatch(r"[0-9]{4}", text):
        return f"Name the month: {text}-01."
    if match := re.fullmatch(r"([0-9]{4}-[0-9]{2})-[0-9]{2}.*", text):
        return f"Days are not modelled: {match[1]}."
    if match := re.fullmatch(r"([0-9]{4})-([1-9])", text):
        return f"Two digits: {match[1]}-0{match[2]}."
    return "Write year and month, as in 2020-07."


# What fits: a title on one line of a figure or in a list, a sentence in a row of a table, some
# pages about a scenario. A text without bounds keeps the drawing of a figure busy for hours.
MAX_KEY, MAX_TITLE, MAX_SENTENCE, MAX_ABOUT = 100, 200, 500, 20_000
MAX_FILE_NAME = 1_000  # with folders; most systems take 255 for each


def one_line(text: str) -> str:
    """The text with every run of white space, line breaks included, as one space."""
    return " ".join(text.split())


def paragraphs(text: str) -> str:
    """The text with every kind of line break written as a line feed."""
    return re.sub("\r\n|[\r\x85\u2028]", "\n", text).replace("\u2029", "\n\n")


def _read_text(reader: Callable[[str], str]) -> BeforeValidator:
    return BeforeValidator(lambda raw: reader(raw) if isinstance(raw, str) else raw)


Key: TypeAlias = Annotated[str, Field(max_length=MAX_KEY)]
Title: TypeAlias = Annotated[str, Field(max_length=MAX_TITLE), _read_text(one_line)]
Sentence: TypeAlias = Annotated[str, Field(max_length=MAX_SENTENCE), _read_text(one_line)]
About: TypeAlias = Annotated[str, Field(max_length=MAX_ABOUT), _read_text(paragraphs)]
FileName: TypeAlias = Annotated[str, Field(max_length=MAX_FILE_NAME)]


class Remark(NamedTuple):
    """What is wrong with a part of a file, or likely a slip.

    It is about one of its keys, or about the part as a whole if ``key`` is empty.
    """

    key: str
    code: str
    text: str
    hint: str = ""


class Part(BaseModel):
    """A part of a scenario: immutable, and no keys but its own."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    @model_validator(mode="before")
    @classmethod
    def _empty_is_absent(cls, raw: Any) -> Any:
        """A known key with nothing behind it, as in ``events:``, counts as not written."""
        if not isinstance(raw, dict):
            return raw
        known = {field.alias or name for name, field in cls.model_fields.items()}
        return {key: value for key, value in raw.items() if value is not None or key not in known}

    def mistakes(self) -> Iterator[Remark]:
        """What is wrong beyond types, ranges and names that are not there.

        Where other keys of the part are broken, it has None for them, and they are still in
        ``model_fields_set``.
        """
        yield from ()

    @model_validator(mode="after")
    def _has_no_mistakes(self) -> Self:
        for key, code, text, hint in self.mistakes():
            raise fail(code, text, hint, key)
        return self


def as_list(raw: Any) -> Any:
    """A reader that takes a single entry for a list of one."""
    return raw if isinstance(raw, list) else [raw]


def not_exactly_one(part: Part, keys: tuple[str, ...], code: str) -> Iterator[Remark]:
    """A remark unless exactly one of the keys is given."""
    given = [key for key in keys if key in part.model_fields_set]
    if len(given) != 1:
        listed = " and ".join(given) or "none"
        text = f"Exactly one of {', '.join(keys)} is needed; here: {listed}."
        yield Remark("", code, text)
