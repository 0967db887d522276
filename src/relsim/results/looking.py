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
from relsim.results.identity import Question
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
    earlier = [_asked_before(question, out, read) for question in questions]
    known = [question for question in earlier if question is not None]
    if len(known) == len(questions) and len({one.runs for one in known}) == 1 and not force:
        return known
    scenarios: dict[str, Scenario] = {}
    followed: list[ClaimSoFar] = []
    for question in questions:
        scenarios[question.id] = question.scenario
        compared = comparisons(question, read)
        for name, claim in question.scenario.claims.items():
            other = compared.get(claim.expect.against or "")
            if isinstance(other, str):
                continue  # it will not be judged, and the result says why
            key = "" if other is None else other.id
            if other is not None:
                scenarios[key] = other.scenario
            followed.append(ClaimSoFar(question.id, name, claim, key))
    if not followed:
        raise ResultsError("There is no claim to settle. Ask for a number of runs with --runs.")
    first = questions[0]
    by_domain = any(tie.domain for one in followed for tie in one.claim.expect.ties)
    looking = look_until_clear(
        scenarios,
        followed,
        "claims",
        seed=first.seed,
        most=first.runs,
        record="domains" if by_domain else "watched",
        executor=executor,
        phase=watcher.phase,
    )
    watcher.expects(looking.runs * len(questions))
    return [replace(question, runs=looking.runs, looking=looking) for question in questions]


def _asked_before(question: Question, out: Path, read: Read) -> Question | None:
    """The question with the runs of a finished result that was asked for in the same way."""
    for folder in sorted((out / question.scenario.slug).glob("*")):
        if not is_finished(folder):
            continue
        try:
            content = read_manifest(folder)
        except DamagedError:
            continue
        looking = looking_of(content)
        if looking is None or looking.most != question.runs:
            continue
        asked = replace(question, runs=content["runs"], looking=looking)
        if asked.id == folder.name and is_current(content, comparisons(asked, read)):
            return asked
    return None
