"""What every part of a file is: immutable, with no keys but its own, and with texts that fit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from relsim.scenario.characters import one_line, paragraphs
from relsim.scenario.values import fail

# What fits: a title on one line of a figure or in a list, a sentence in a row of a table, some
# pages about a scenario. A text without bounds keeps the drawing of a figure busy for hours.
MAX_KEY, MAX_TITLE, MAX_SENTENCE, MAX_ABOUT = 100, 200, 500, 20_000
MAX_FILE_NAME = 1_000  # with folders; most systems take 255 for each


def _read_text(reader: Callable[[str], str]) -> BeforeValidator:
    return BeforeValidator(lambda raw: reader(raw) if isinstance(raw, str) else raw)


Key: TypeAlias = Annotated[str, Field(max_length=MAX_KEY)]
Title: TypeAlias = Annotated[str, Field(max_length=MAX_TITLE), _read_text(one_line)]
Sentence: TypeAlias = Annotated[str, Field(max_length=MAX_SENTENCE), _read_text(one_line)]
About: TypeAlias = Annotated[str, Field(max_length=MAX_ABOUT), _read_text(paragraphs)]
FileName: TypeAlias = Annotated[str, Field(max_length=MAX_FILE_NAME)]


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


def as_list(raw: Any) -> Any:
    """A reader that takes a single entry for a list of one."""
    return raw if isinstance(raw, list) else [raw]


def exactly_one(part: BaseModel, keys: tuple[str, ...], code: str) -> None:
    """Raises a located error unless exactly one of the keys is given."""
    given = [key for key in keys if getattr(part, key) is not None]
    if len(given) != 1:
        found = " and ".join(given) or "none"
        raise fail(code, f"Exactly one of {', '.join(keys)} is needed; here: {found}.")
