"""How many runs settle the claims of scenarios."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from relsim.analysis.until_clear import ClaimSoFar, look_until_clear
from relsim.errors import DamagedError, ResultsError
from relsim.results.folder import is_finished
from relsim.results.job import Execution
from relsim.results.manifest import looking_of, read_manifest
from relsim.results.question import Question, Read, comparisons, digest, is_current
from relsim.scenario.schema import Scenario


def with_runs_chosen(
    questions: Sequence[Question], read: Read, execution: Execution
) -> list[Question]:
    """The same questions with as many runs as settle their claims, at most those that they have.

    Where all of them were answered so before, nothing is simulated.

    Raises:
        ResultsError: there is no claim to settle.
    """
    asked_together = digest([question.id for question in questions])
    earlier = [
        _answered_before(question, asked_together, execution.out, read) for question in questions
    ]
    known = [question for question in earlier if question is not None]
    if len(known) == len(questions) and not execution.force:
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
            title = name if len(questions) == 1 else f"{question.scenario.slug}: {name}"
            followed.append(ClaimSoFar(question.id, title, claim, other.id if other else ""))
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
        executor=execution.executor,
        phase=execution.watcher.phase,
    )
    looking = replace(looking, question=asked_together)
    execution.watcher.expects(looking.runs * len(questions))
    return [replace(question, runs=looking.runs, looking=looking) for question in questions]


def _answered_before(
    question: Question, asked_together: str, out: Path, read: Read
) -> Question | None:
    """The question with the runs of a finished result that was asked for together with the same
    others; None if there is none."""
    for folder in sorted((out / question.scenario.slug).glob("*")):
        if not is_finished(folder):
            continue
        try:
            content = read_manifest(folder)
        except DamagedError:
            continue
        looking = looking_of(content)
        if looking is None or looking.question != asked_together:
            continue
        known = replace(question, runs=content["runs"], looking=looking)
        if known.id == folder.name and is_current(content, comparisons(known, read)):
            return known
    return None
