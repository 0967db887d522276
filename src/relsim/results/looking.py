"""How many runs questions take until the claims of their scenarios are settled."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import replace
from pathlib import Path

from relsim.analysis.until_clear import ClaimSoFar, look_until_clear
from relsim.errors import DamagedError, ResultsError
from relsim.results.comparisons import Read, comparisons, is_current
from relsim.results.folder import is_finished
from relsim.results.identity import Question, digest
from relsim.results.manifest import looking_of, read_manifest
from relsim.results.watcher import Watcher
from relsim.scenario.schema import Scenario


def with_runs_chosen(
    questions: Sequence[Question],
    out: Path,
    read: Read,
    watcher: Watcher,
    executor: Executor | None = None,
    *,
    force: bool = False,
) -> list[Question]:
    """The same questions with as many runs as their claims take, at most those that they ask for.

    Where all of them were answered so before, nothing is simulated.

    Raises:
        ResultsError: there is no claim to settle.
    """
    asked = digest([question.id for question in questions])
    earlier = [_answered_before(question, asked, out, read) for question in questions]
    known = [question for question in earlier if question is not None]
    if len(known) == len(questions) and not force:
        return known
    scenarios: dict[str, tuple[Scenario, int]] = {}
    followed: list[ClaimSoFar] = []
    for question in questions:
        scenarios[question.id] = question.scenario, question.seed
        compared = comparisons(question, read)
        for name, claim in question.scenario.claims.items():
            other = compared.get(claim.expect.against or "")
            if isinstance(other, str):
                continue  # it will not be judged, and the result says why
            if other is not None:
                scenarios[other.id] = other.scenario, other.seed
            called = name if len(questions) == 1 else f"{question.scenario.slug}: {name}"
            followed.append(ClaimSoFar(question.id, called, claim, other.id if other else ""))
    if not followed:
        raise ResultsError("There is no claim to settle. Ask for a number of runs with --runs.")
    first = questions[0]
    looking = look_until_clear(
        scenarios,
        followed,
        "claims",
        most=first.runs,
        record=first.record,
        thin=first.thin,
        executor=executor,
        phase=watcher.phase,
    )
    looking = replace(looking, question=asked)
    watcher.expects(looking.runs * len(questions))
    return [replace(question, runs=looking.runs, looking=looking) for question in questions]


def _answered_before(question: Question, asked: str, out: Path, read: Read) -> Question | None:
    """The question with the runs of a finished result, if that was asked for together with the
    same others."""
    for folder in sorted((out / question.scenario.slug).glob("*")):
        if not is_finished(folder):
            continue
        try:
            content = read_manifest(folder)
        except DamagedError:
            continue
        looking = looking_of(content)
        if looking is None or looking.question != asked:
            continue
        known = replace(question, runs=content["runs"], looking=looking)
        if known.id == folder.name and is_current(content, comparisons(known, read)):
            return known
    return None
