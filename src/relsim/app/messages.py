"""Messages from the browser, checked; and messages to it, as text."""

from __future__ import annotations

import json
import math
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    TypeAdapter,
    ValidationError,
)

from relsim.app.controls import settable
from relsim.errors import RelsimError

MOST_BYTES = 64 * 1024  # of a message: all 300 numbers of the shipped case changed take 10 kB
MOST_CHANGES = 2_000
MOST_DEPTH = 12  # of a value; a new event whose effects have conditions needs 8
LONGEST_PATH = 500  # characters; keys have up to 100
MOST_SEED = 2**63 - 1  # as the format has it
MOST_RUN = 2**32 - 1  # a run's number has 32 bits


class MessageError(RelsimError):
    """A message that cannot be understood."""


def _within_bounds(changes: dict[str, Any]) -> dict[str, Any]:
    if len(changes) > MOST_CHANGES:
        raise ValueError(f"over {MOST_CHANGES:,} changes")
    for value in changes.values():
        _refuse_deep(value, MOST_DEPTH)
    return changes


def _refuse_deep(value: Any, left: int) -> None:
    if left == 0:
        raise ValueError(f"a value nested over {MOST_DEPTH} deep")
    parts = value.values() if isinstance(value, dict) else value
    if isinstance(parts, str) or not hasattr(parts, "__iter__"):
        return
    for part in parts:
        _refuse_deep(part, left - 1)


Changes: TypeAlias = Annotated[
    dict[Annotated[str, StringConstraints(max_length=LONGEST_PATH)], Any],
    AfterValidator(_within_bounds),
    AfterValidator(settable),
]
Text: TypeAlias = Annotated[str, StringConstraints(max_length=LONGEST_PATH)]
Seed: TypeAlias = Annotated[int, Field(strict=True, ge=0, le=MOST_SEED)]


class _Message(BaseModel):
    """A message; it has the parts that are named and no others."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Base(_Message):
    """A frozen base: a scenario file and what is changed in it."""

    scenario: Text
    changes: Changes = Field(default_factory=dict)


class Open(_Message):
    """Another scenario, by its file; without one, that which the app was started on."""

    type: Literal["open"]
    scenario: Text | None = None
    base: Base | None = None
    seed: Seed | None = None


class Change(_Message):
    """All that is changed, and what the page looks at."""

    type: Literal["change"]
    number: Annotated[int, Field(strict=True, ge=1)]
    changes: Changes
    pair: Text | None = None
    month: Text | None = None
    view: Literal["futures", "network", "matrix", "events", "step"] = "futures"
    pulls: bool = False


class Freeze(_Message):
    """Another base; without one, the scenario as its file has it."""

    type: Literal["base"]
    base: Base | None = None


class Keep(_Message):
    """A variant to write."""

    type: Literal["keep"]
    file: Text
    name: Text = ""
    changes: Changes
    replace: bool = False


class Copy(_Message):
    """The command line and the Python of a picture, asked for."""

    type: Literal["copy"]
    changes: Changes
    seed: Seed | None = None


class Step(_Message):
    """Step mode: a new model, some steps, or another state to look at."""

    type: Literal["step"]
    do: Literal["reset", "step", "look"]
    changes: Changes = Field(default_factory=dict)
    run: Annotated[int, Field(strict=True, ge=0, le=MOST_RUN)] = 0
    steps: Annotated[int, Field(strict=True, ge=1, le=10_000)] = 1
    state: Text | None = None


class Download(_Message):
    """A picture to be had as a table or as a page of its own."""

    scenario: Text
    base: Base | None = None
    changes: Changes
    runs: Annotated[int, Field(strict=True, ge=1, le=10_000)]
    seed: Seed | None = None


Message: TypeAlias = Annotated[
    Open | Change | Freeze | Keep | Copy | Step, Field(discriminator="type")
]
_MESSAGE: TypeAdapter[Message] = TypeAdapter(Message)
_DOWNLOAD: TypeAdapter[Download] = TypeAdapter(Download)


def read_message(text: str | bytes) -> Message:
    """A message of the websocket.

    Raises:
        MessageError: it is too large, no JSON, or not as it has to be.
    """
    return _read(_MESSAGE, text)


def read_download(text: str | bytes) -> Download:
    """What a download is asked of.

    Raises:
        MessageError: it is too large, no JSON, or not as it has to be.
    """
    return _read(_DOWNLOAD, text)


def _read(model: TypeAdapter[Any], text: str | bytes) -> Any:
    size = len(text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text)
    if size > MOST_BYTES:
        raise MessageError(f"The message has {size:,} bytes; {MOST_BYTES:,} are allowed.")
    try:
        return model.validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        place = ".".join(map(str, first["loc"]))[:LONGEST_PATH]
        where = f" ({place})" if place else ""
        raise MessageError(f"The message cannot be understood: {first['msg']}{where}.") from None


def as_text(message: dict[str, Any]) -> str:
    """A message to the browser as JSON, in which no number is infinite or missing but null."""
    try:
        return json.dumps(message, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    except ValueError:  # rare, so that the search for such numbers is not made each time
        finite = _finite(message)
        return json.dumps(finite, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _finite(value: Any) -> Any:
    match value:
        case dict():
            return {key: _finite(part) for key, part in value.items()}
        case list() | tuple():
            return [_finite(part) for part in value]
        case float() if not math.isfinite(value):
            return None
    return value
