"""A question: what is asked of the engine, and of the scenarios that its claims compare with.

The id of a result is a hash of all that decides its numbers, so that a question that is asked again
finds its result.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeAlias

from relsim import __version__
from relsim.analysis.until_clear import MOST_RUNS, Looking
from relsim.ensemble.record import RecordLevel, check_settings
from relsim.errors import ScenarioError
from relsim.model.compile import compile_scenario
from relsim.model.plan import Compiled
from relsim.scenario.load import load
from relsim.scenario.schema import Scenario
from relsim.scenario.text import is_file

Read: TypeAlias = Callable[[Path], Scenario]  # as load does; may remember what it has read
# Sections that do not move a number of the result.
_WORDS = ("name", "about", "sources", "ensemble")
# Sections that do not move a number of a scenario, or are the same for all that are compared.
_NOT_INPUTS = (*_WORDS, "claims", "watch")


@dataclass(frozen=True)
class Question:
    """What is asked of the engine.

    Attributes:
        scenario, seed, runs: which scenario, and which of its runs.
        record, thin: what is kept (see :func:`relsim.ensemble.record.variables`).
        until_clear: make only as many runs as settle the claims; ``runs`` is the most.
        looking: how the number of runs was chosen, if that was by looking at the claims.
        version: the relsim that answers it.
    """

    scenario: Scenario
    seed: int
    runs: int
    record: RecordLevel = "domains"
    thin: int = 1
    until_clear: bool = False
    looking: Looking | None = None
    version: str = __version__

    def __post_init__(self) -> None:
        check_settings(self.runs, self.record, self.thin)

    @classmethod
    def of(
        cls,
        scenario: Scenario,
        runs: int | None = None,
        seed: int | None = None,
        record: RecordLevel = "domains",
        thin: int = 1,
        *,
        until_clear: bool = False,
    ) -> Question:
        """A question. By default it has the scenario's own runs (until clear, 16,000) and seed."""
        own = scenario.ensemble
        if runs is None:
            runs = MOST_RUNS if until_clear else own.runs
        return cls(scenario, own.seed if seed is None else seed, runs, record, thin, until_clear)

    @property
    def compiled(self) -> Compiled:
        """The arrays of the scenario, compiled once."""
        return compile_scenario(self.scenario)

    def key(self) -> dict[str, Any]:
        """All that decides the numbers. If the number of runs was chosen by looking, that includes
        what was to be settled."""
        key = {
            "scenario": self.scenario_hash,
            "seed": self.seed,
            "runs": self.runs,
            "record": self.record,
            "thin": self.thin,
            "relsim": self.version,
        }
        if self.looking is not None:
            key["looking"] = self.looking.question
        return key

    @property
    def id(self) -> str:
        """Twelve hexadecimal digits over the key."""
        return id_of(self.key())

    @property
    def scenario_hash(self) -> str:
        """SHA-256 of the resolved scenario without its words."""
        data = self.scenario.as_written
        return digest({key: value for key, value in data.items() if key not in _WORDS})

    @property
    def path(self) -> Path:
        """Where its result belongs in a folder of results."""
        return Path(self.scenario.slug, self.id)


Comparisons: TypeAlias = Mapping[str, Question | str]  # by file; a text says why there is none


def digest(data: Any) -> str:
    """SHA-256 of plain data in canonical JSON; the order of keys counts, as events apply in it."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def id_of(key: Any) -> str:
    """Twelve hexadecimal digits over plain data."""
    return digest(key)[:12]


def comparisons(question: Question, read: Read = load) -> Comparisons:
    """For each file that a claim is `against`, the same question of it, or why there is none.

    Runs, seed, record and thin are the same. The scenario is the one in the file: changes made by
    ``--set`` do not reach it.
    """
    return {file: _same_question_of(file, question, read) for file in _against(question.scenario)}


def _against(scenario: Scenario) -> list[str]:
    files = (claim.expect.against for claim in scenario.claims.values())
    return list(dict.fromkeys(file for file in files if file))


def _same_question_of(file: str, question: Question, read: Read) -> Question | str:
    folder = question.scenario.folder
    if folder is None:
        return f"The scenario has no file, so {file} cannot be looked up beside it."
    if not is_file(folder / file):
        return f"There is no file {file} beside the scenario."
    if not (folder / file).resolve().is_relative_to(folder.resolve()):
        return f"{file} lies outside the folder of the scenario."
    try:
        return replace(question, scenario=read(folder / file))
    except ScenarioError as error:
        return f"{file} has problems. {error.problems[0].text}"


def with_all_compared(question: Question, read: Read = load) -> list[Question]:
    """A question, those that its claims compare with, those that their claims do, and so on."""
    needed: dict[Path, Question] = {}
    waiting = [question]
    while waiting:
        question = waiting.pop()
        if question.path not in needed:
            needed[question.path] = question
            others = comparisons(question, read).values()
            waiting += [other for other in others if isinstance(other, Question)]
    return list(needed.values())


def compared_ids(compared: Comparisons) -> dict[str, str | None]:
    """The id of the result of each file, for the manifest."""
    return {
        file: other.id if isinstance(other, Question) else None for file, other in compared.items()
    }


def is_current(manifest: Mapping[str, Any], compared: Comparisons) -> bool:
    """Whether the claims of a result would be compared with the same results now.

    A file that can no longer be read does not make it out of date.
    """
    judged = manifest.get("comparisons", {})
    now = compared_ids(compared)
    return all(judged.get(file) == number for file, number in now.items() if number is not None)


def note_on_changes(scenario: Scenario) -> str:
    """What is changed in a scenario and not in those it is compared with; empty if nothing is.

    Paired differences then contain the effect of the changes, beside that of what differs between
    the files.
    """
    paths = [path for path in scenario.changed if path.split(".")[0] not in _NOT_INPUTS]
    files = _against(scenario)
    if not (paths and files):
        return ""
    return (
        f"Changed here, not in what claims compare with ({', '.join(files)}): {', '.join(paths)}. "
        "Their differences are of these changes too."
    )
