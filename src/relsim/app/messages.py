"""Messages from the browser, read and checked, and messages to it, as text."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    TypeAdapter,
    ValidationError,
)

from relsim.app.controls import with_units
from relsim.app.folder import Folder
from relsim.errors import RelsimError, ScenarioError

MOST_BYTES = 64 * 1024  # of a message: all 300 numbers of the shipped case changed take 10 kB
MOST_CHANGES = 2_000
MOST_DEPTH = 12  # of a value; a new event whose effects have conditions needs 8
LONGEST_PATH = 500  # characters; keys have up to 100
MOST_SEED = 2**63 - 1  # as the format has it
MOST_RUN = 2**32 - 1  # a run's number has 32 bits
MOST_PROBLEMS = 50  # of a refusal that are sent; nobody reads more
LONGEST_PROBLEM = 500  # characters
Plain: TypeAlias = dict[str, Any]  # what JSON can hold, by name
CHANGE = "change "  # how positions name a change, before its path


class MessageError(RelsimError):
    """A message that cannot be understood.

    Args:
        text: why.
        kind: its ``type``, where that can be told.
    """

    def __init__(self, text: str, kind: str = "") -> None:
        super().__init__(text)
        self.kind = kind


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
    AfterValidator(with_units),
]
Text: TypeAlias = Annotated[str, StringConstraints(max_length=LONGEST_PATH)]


def _seed_of_text(seed: Any) -> Any:
    return int(seed) if isinstance(seed, str) and re.fullmatch(r"[0-9]{1,19}", seed) else seed


# As text from pages, since a number of a browser has only 53 bits.
Seed: TypeAlias = Annotated[
    int, Field(strict=True, ge=0, le=MOST_SEED), BeforeValidator(_seed_of_text)
]


class _Message(BaseModel):
    """A message with the fields that its class names and no others."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Base(_Message):
    """A frozen base: a scenario file and what is changed in it."""

    scenario: Text
    changes: Changes = Field(default_factory=dict)


class Open(_Message):
    """A request to open a scenario, by its file; without one, that which the app was started on."""

    type: Literal["open"]
    scenario: Text | None = None
    base: Base | None = None
    seed: Seed | None = None


class Change(_Message):
    """All changes to the scenario, and what the page shows of them."""

    type: Literal["change"]
    number: Annotated[int, Field(strict=True, ge=1)]
    changes: Changes
    pair: Text | None = None
    month: Text | None = None
    view: Literal["futures", "network", "matrix", "events", "step"] = "futures"
    pulls: bool = False


class Freeze(_Message):
    """A request to compare with another base; without one, with the scenario as its file has it."""

    type: Literal["base"]
    base: Base | None = None


class Keep(_Message):
    """A request to write the changes as a variant."""

    type: Literal["keep"]
    file: Text
    name: Text = ""
    changes: Changes
    replace: bool = False


class Copy(_Message):
    """A request for the command line and the Python of a picture."""

    type: Literal["copy"]
    changes: Changes


class Step(_Message):
    """A request of step mode: a new model, some steps, or the numbers of another state."""

    type: Literal["step"]
    do: Literal["reset", "step", "look"]
    changes: Changes = Field(default_factory=dict)
    run: Annotated[int, Field(strict=True, ge=0, le=MOST_RUN)] = 0
    steps: Annotated[int, Field(strict=True, ge=1, le=10_000)] = 1
    state: Text | None = None


class Download(_Message):
    """A request for a picture as a table or as a page of its own.

    Attributes:
        scenario_hash, base_hash: of what the page has open, as the message ``opened`` has them. A
            file that was edited since then is refused; where a hash is empty, it is not checked.
    """

    scenario: Text
    scenario_hash: Text = ""
    base: Base | None = None
    base_hash: Text = ""
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
    """The request for a download.

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
        kind = place.partition(".")[0]
        text = f"The message cannot be understood: {first['msg']}{where}."
        raise MessageError(text, kind) from None


def problems_of(error: RelsimError, folder: Folder) -> list[dict[str, str]]:
    """The problems of a refusal: each has a ``text``, in the words of the loader, and the ``path``
    of the change at fault, which is empty where none is.

    Args:
        error: why something was refused.
        folder: that files are named from.
    """
    if not isinstance(error, ScenarioError):
        return [{"path": "", "text": str(error)}]
    problems = []
    for problem in error.problems[:MOST_PROBLEMS]:
        position, words = problem.position, f"{problem.text} {problem.hint}".strip()
        path = position.file.removeprefix(CHANGE) if position.file.startswith(CHANGE) else ""
        if not path and Path(position.file).is_absolute():
            line = f", line {position.line}" if position.line else ""  # a lacking file has none
            words = f"{folder.name_of(Path(position.file))}{line}: {words}"
        problems.append({"path": path, "text": words[:LONGEST_PROBLEM]})
    return problems


def as_text(message: dict[str, Any]) -> str:
    """A message to the browser as JSON, in which no number is infinite or missing but null, and
    what is no text of Unicode, as in the name of a file, is a question mark."""
    try:
        text = _json(message)
    except ValueError:  # rare, so such numbers are searched for only here
        text = _json(_finite(message))
    return text.encode("utf-8", "replace").decode("utf-8")


def _json(message: dict[str, Any]) -> str:
    return json.dumps(message, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _finite(value: Any) -> Any:
    match value:
        case dict():
            return {key: _finite(part) for key, part in value.items()}
        case list() | tuple():
            return [_finite(part) for part in value]
        case float():
            return number_or_null(value)
    return value


def number_or_null(value: float | None) -> float | None:
    """A number as JSON can hold it: None where it is missing or not finite."""
    return None if value is None or not math.isfinite(value) else float(value)
