"""The scenarios that claims compare with: found beside the scenario's file, asked alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias

from relsim.errors import ScenarioError
from relsim.results.identity import Question
from relsim.scenario.load import load
from relsim.scenario.schema import Scenario
from relsim.scenario.text import is_file

Read: TypeAlias = Callable[[Path], Scenario]  # as load does; may remember what it has read
# Sections that do not move a number of a scenario, or are asked of all alike.
_NOT_INPUTS = ("name", "about", "sources", "ensemble", "claims", "watch")
Comparisons: TypeAlias = Mapping[str, Question | str]  # by file; a text says why there is none


def comparisons(question: Question, read: Read = load) -> Comparisons:
    """For each file that a claim is `against`, the same question of it, or why there is none.

    It is asked with the same runs, seed, record and thin, and as its file stands: changes made by
    ``--set`` are not made there.
    """
    claims = question.scenario.claims.values()
    files = dict.fromkeys(claim.expect.against for claim in claims if claim.expect.against)
    return {file: _same_question_of(file, question, read) for file in files}


def note_on_changes(scenario: Scenario) -> str:
    """What is changed in a scenario and not in those it is compared with; empty where nothing is.

    Paired effects are then of the changes too, not of what the files say differs alone.
    """
    paths = [path for path in scenario.changed if path.split(".")[0] not in _NOT_INPUTS]
    against = (claim.expect.against for claim in scenario.claims.values())
    files = list(dict.fromkeys(file for file in against if file))
    if not (paths and files):
        return ""
    return (
        f"Changed here, not in what claims compare with ({', '.join(files)}): {', '.join(paths)}. "
        "Their differences are of these changes too."
    )


def with_all_compared(question: Question, read: Read = load) -> list[tuple[Question, Comparisons]]:
    """A question and all that it leads to, by claims of claims, each with what it compares with."""
    found: dict[tuple[str, str], tuple[Question, Comparisons]] = {}
    waiting = [question]
    while waiting:
        asked = waiting.pop()
        place = asked.scenario.slug, asked.id
        if place not in found:
            compared = comparisons(asked, read)
            found[place] = asked, compared
            waiting += [other for other in compared.values() if isinstance(other, Question)]
    return list(found.values())


def _same_question_of(file: str, question: Question, read: Read) -> Question | str:
    folder = question.scenario.folder
    if folder is None:
        return f"The scenario has no file, so {file} cannot be looked up beside it."
    if not is_file(folder / file):
        return f"There is no file {file} beside the scenario."
    if not _is_inside(folder / file, folder):
        return f"{file} lies outside the folder of the scenario."
    try:
        other = read(folder / file)
    except ScenarioError as error:
        return f"{file} has problems. {error.problems[0].text}"
    return replace(question, scenario=other)


def _is_inside(file: Path, folder: Path) -> bool:
    return file.resolve().is_relative_to(folder.resolve())


def compared_ids(found: Comparisons) -> dict[str, str | None]:
    """What was compared with, for the manifest: the id of each file's result."""
    return {
        file: other.id if isinstance(other, Question) else None for file, other in found.items()
    }


def is_current(manifest: Mapping[str, Any], found: Comparisons) -> bool:
    """Whether a result was judged against what its claims would be compared with now.

    A file that cannot be asked any more makes nothing out of date.
    """
    judged = manifest.get("comparisons", {})
    now = compared_ids(found)
    return all(judged.get(file) == number for file, number in now.items() if number is not None)
