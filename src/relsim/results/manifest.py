"""The manifest: what was asked, of which version, how event weights were chosen, and what is there.

All manifests are read in one way: what does not match the models below is refused.
"""

from __future__ import annotations

import json
import platform
import shlex
from collections.abc import Collection, Iterable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from relsim.analysis.claims import Verdict
from relsim.analysis.until_clear import Looking
from relsim.ensemble.record import RecordLevel
from relsim.errors import DamagedError
from relsim.results.folder import MANIFEST, Notes, incomplete, notes_of
from relsim.results.question import Question, digest
from relsim.scenario.effects import Pulse
from relsim.scenario.schema import Scenario
from relsim.scenario.shipped import goldstein_weights
from relsim.scenario.values import central

FORMAT = 2  # raised when what is in a folder changes its meaning


def command_text(*words: object, **options: object) -> str:
    """The ``relsim`` command as a shell takes it, for the manifest.

    Args:
        words: the command and its arguments. Paths lose absolute folders, which would tell of a
            machine; a file such as ``-a.yaml`` is named so that it is no option.
        options: by name. True is a flag; a list repeats its option; None and False say nothing.
    """
    arguments = map(_word, words)
    parts = ["relsim", *(f"./{word}" if word.startswith("-") else word for word in arguments)]
    for name, value in options.items():
        option = f"--{name.replace('_', '-')}"
        if value is True:
            parts.append(option)
        elif isinstance(value, (list, tuple)):
            parts += [part for item in value for part in (option, _word(item))]
        elif value is not None and value is not False:
            parts += [option, _word(value)]
    return shlex.join(parts)


def _word(value: object) -> str:
    if isinstance(value, Path):
        return value.name if value.is_absolute() else value.as_posix()
    return str(value)


def run_command(
    files: Iterable[str | Path],
    runs: int | None,
    seed: int | None,
    record: str = "domains",
    thin: int = 1,
    settings: Iterable[str] = (),
    *,
    until_clear: bool = False,
) -> str:
    """The ``relsim run`` that makes a result, whatever computes it."""
    return command_text(
        *("run", *files),
        runs=runs,
        seed=seed,
        record=None if record == "domains" else record,
        thin=None if thin == 1 else thin,
        until_clear=until_clear,
        set=list(settings),
    )


def question_part(question: Question) -> dict[str, Any]:
    """The part of a manifest that follows from the question alone."""
    scenario = question.scenario
    return {
        "id": question.id,
        "scenario": {
            "name": scenario.name,
            "slug": scenario.slug,
            "hash": question.scenario_hash,
            "words": digest(scenario.as_written),
            "changes": scenario.changes,
        },
        "seed": question.seed,
        "runs": question.runs,
        "record": question.record,
        "thin": question.thin,
        "looking": _LOOKING.dump_python(question.looking, mode="json"),
        "time": {
            "start": str(scenario.time.start),
            "end": str(scenario.time.end),
            "step": scenario.time.step,
        },
        "event_weights": event_weights(scenario),
    }


def versions(libraries: Iterable[str]) -> dict[str, str]:
    """The versions of Python and of some libraries."""
    return {"python": platform.python_version(), **{name: version(name) for name in libraries}}


def write_manifest(content: Mapping[str, Any], folder: Path) -> None:
    """Writes a manifest, with notes on all files where it has none, which makes a result whole.

    Raises:
        OSError: it cannot be written.
    """
    noted = {**content, "files": content.get("files") or notes_of(folder)}
    noted["digest"] = own_digest(noted)
    text = json.dumps(noted, ensure_ascii=False, indent=2) + "\n"
    aside = folder / f".{MANIFEST}.part"
    aside.write_text(text, encoding="utf-8")
    aside.replace(folder / MANIFEST)


def own_digest(content: Mapping[str, Any]) -> str:
    """SHA-256 of a manifest without this digest."""
    return digest({name: value for name, value in content.items() if name != "digest"})


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a result of a scenario.

    Raises:
        DamagedError: it cannot be read, or is not one.
    """
    return read_as(ResultManifest, folder / MANIFEST, "a result")


def read_as(model: type[BaseModel], file: Path, kind: str) -> dict[str, Any]:
    """A manifest as plain data, if it matches a model.

    Args:
        model: what has to be in it.
        file: where it is.
        kind: what it is of, with its article.

    Raises:
        DamagedError: it cannot be read, is of another format, or lacks something.
    """
    try:
        text = file.read_text(encoding="utf-8")
        content: Any = json.loads(text)
    except (OSError, ValueError, RecursionError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not JSON"
        raise DamagedError(f"{file} cannot be read: {reason}. {ANEW}") from error
    form = content.get("format", FORMAT) if isinstance(content, dict) else FORMAT
    if form != FORMAT:
        text = f"{file} is of format {form!r:.20}; this version of relsim reads format {FORMAT}."
        raise DamagedError(f"{text} {ANEW}")
    try:
        model.model_validate_json(text)  # of JSON, strict models take objects
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        key = ".".join(str(part) for part in first["loc"]) or "all of it"
        text = f"{file} is not that of {kind}: {key}: {first['msg'].lower()}."
        raise DamagedError(f"{text} {ANEW}") from error
    known: dict[str, Any] = content
    return known


def read_whole(model: type[BaseModel], folder: Path, kind: str) -> dict[str, Any]:
    """The manifest of a folder, all of whose files are there (see :func:`read_as`).

    Raises:
        DamagedError: it cannot be read, or a file is missing.
    """
    content = read_as(model, folder / MANIFEST, kind)
    refuse_incomplete(folder, content)
    return content


def refuse_incomplete(
    folder: Path, content: Mapping[str, Any], replaced: Collection[str] = ()
) -> None:
    """Refuses a result that lacks a file.

    Args:
        folder: the result.
        content: its manifest.
        replaced: files that may be missing.

    Raises:
        DamagedError: a file is missing, or has another size than was noted.
    """
    files: Notes = content.get("files", {})
    needed = {path: note for path, note in files.items() if path not in replaced}
    if missing := incomplete(folder, needed):
        raise DamagedError(f"{folder} is damaged: {missing} {remedy_of(content)}")


ANEW = "The command that made it makes it anew with --force."


def remedy_of(content: Mapping[str, Any]) -> str:
    """How a result is made anew, by the command that made it."""
    command = str(content.get("command", ""))
    return f"{command} --force makes it anew." if command else ANEW


# What has to be in manifests. Sizes of integers are those of the command line's options.
_Digest = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
_Id = Annotated[str, Field(pattern="^[0-9a-f]{12}$")]
_Count = Annotated[int, Field(ge=0, lt=2**63)]
_AtLeastOne = Annotated[int, Field(ge=1, lt=2**63)]
_InFolder = Annotated[str, Field(pattern=r"^[^/\\.][^/\\]*(/[^/\\.][^/\\]*)*$")]


class _Part(BaseModel):
    model_config = ConfigDict(strict=True, allow_inf_nan=False)


class _Scenario(_Part):
    name: str
    slug: Annotated[str, Field(pattern=r"^[^/\\.][^/\\]*$")]
    hash: _Digest
    words: _Digest
    changes: dict[str, Any]


class _Span(_Part):
    start: str
    end: str
    step: str


class _Stability(_Part):
    spectral_radius: float
    stable: bool


class _Weight(_Part):
    event: str
    pulse: str
    cameo: str
    goldstein: float
    published_size: float
    size: float
    overridden: bool
    off: bool


class _Looking(_Part):
    looks: Annotated[list[_AtLeastOne], Field(min_length=1)]
    most: _AtLeastOne
    followed: _Count
    what: Literal["claims", "differences"]
    on_the_line: list[str]
    remaining: list[str]
    question: str


class _Chunk(_Part):
    first: _Count
    runs: _AtLeastOne
    digests: dict[str, str]


class _Note(_Part):
    bytes: _Count
    sha256: _Digest | None = None


class _Manifest(_Part):
    """What every manifest has."""

    format: int
    relsim: str
    command: str
    versions: dict[str, str]
    files: dict[_InFolder, _Note]
    digest: _Digest


class ResultManifest(_Manifest):
    """The manifest of a result of a scenario."""

    id: _Id
    scenario: _Scenario
    seed: _Count
    runs: _AtLeastOne
    record: RecordLevel
    thin: _AtLeastOne
    looking: _Looking | None
    time: _Span
    stability: _Stability
    claims: list[Verdict]
    comparisons: dict[str, _Id | None]
    notes: list[str]
    failures: _Count
    event_weights: list[_Weight]
    seconds: dict[str, float]
    chunks: list[_Chunk]


class _Findings(_Manifest):
    id: _Id
    words: _Digest
    sentences: list[str]
    warnings: list[str]
    seconds: float
    figures: list[_InFolder] = []  # by name, the main one first


class _Experiment(_Part):
    name: str
    slug: str
    method: str


class _Base(_Part):
    name: str
    file: str
    hash: _Digest


class ExperimentManifest(_Findings):
    """The manifest of an experiment."""

    experiment: _Experiment
    scenario: _Base
    seed: _Count
    points: _Count
    runs: _AtLeastOne
    failures: _Count
    tables: list[_InFolder]


class HindcastManifest(_Findings):
    """The manifest of a hindcast, or of a scenario beside a measured series."""

    file: str
    pairs: _Count
    years: tuple[int, int]


_VERDICTS = TypeAdapter(tuple[Verdict, ...])
_LOOKING = TypeAdapter(Looking | None)


def verdicts_of(content: Mapping[str, Any]) -> tuple[Verdict, ...]:
    """The verdict on each claim, as a manifest has it."""
    return _VERDICTS.validate_python(content["claims"])


def looking_of(content: Mapping[str, Any]) -> Looking | None:
    """How a number of runs was chosen by looking, as a manifest has it."""
    return _LOOKING.validate_python(content["looking"])


def looking_sentences(content: Mapping[str, Any]) -> list[str]:
    """How a number of runs was chosen, in words; none if it was not by looking."""
    looking = looking_of(content)
    return looking.sentences() if looking else []


class FamilyManifest(_Part):
    """The contents of ``family.json``, which a family has instead of a manifest."""

    format: int
    results: list[_InFolder]


def event_weights(scenario: Scenario) -> list[dict[str, Any]]:
    """Every pulse that names a CAMEO code: its published weight and the size in use."""
    unit = central(scenario.parameters.goldstein_unit)
    rows = []
    for name, event in scenario.events.items():
        for effect in event.effects:
            if not isinstance(effect, Pulse) or effect.cameo is None:
                continue
            weight = goldstein_weights()[effect.cameo]
            overridden = effect.size is not None
            rows.append(
                {
                    "event": name,
                    "pulse": str(effect.pulse),
                    "cameo": effect.cameo,
                    "goldstein": weight,
                    "published_size": round(unit * weight, 6),
                    "size": central(effect.size) if effect.size is not None else unit * weight,
                    "overridden": overridden,
                    "off": event.off,
                }
            )
    return rows
