"""Results to compare: those that are there, and files simulated so that runs are paired."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import partial
from pathlib import Path

from relsim.analysis.explain import subject_of
from relsim.analysis.recorded import pairing_obstacle
from relsim.analysis.until_clear import look_at_differences
from relsim.errors import ResultsError
from relsim.results.job import Execution, Watcher, telling_what_is_kept
from relsim.results.manifest import run_command
from relsim.results.question import Question, digest
from relsim.results.result import Result, open_result
from relsim.results.run import RunJob, answer, chunks_kept
from relsim.scenario.schema import Scenario
from relsim.scenario.titles import told_apart

Watching = Callable[[int], AbstractContextManager[Watcher]]


def paired_results(
    paths: Sequence[Path],
    scenarios: Mapping[Path, Scenario],
    *,
    runs: int | None,
    seed: int | None,
    out: Path,
    watching: Watching,
) -> list[Result]:
    """The result at each path, runs paired with those of the first; files are simulated.

    Args:
        paths: folders, and files whose scenarios are given.
        scenarios: of the files.
        runs, seed: of the files; those of the first path by default.
        out: folder of all results.
        watching: a watcher of a number of runs.

    Raises:
        ResultsError: a folder holds no result, or runs cannot be paired; then nothing has been
            simulated.
    """
    named = dict(zip(scenarios, told_apart(list(scenarios.values())), strict=True))
    results = {path: open_result(path) for path in paths if path not in scenarios}
    first = paths[0]
    base = subject_of(results[first].ensemble if first in results else scenarios[first], runs, seed)
    runs, seed = base.runs, base.seed
    questions = {file: Question.of(scenario, runs, seed) for file, scenario in named.items()}
    sides = [questions.get(path) or results[path].ensemble for path in paths]
    for side in sides[1:]:
        if refused := pairing_obstacle(sides[0], side):
            raise ResultsError(refused)
    for file, question in questions.items():
        with watching(runs) as watcher:
            command = run_command([file], runs, seed)
            results[file] = _answered(question, Execution(out, command=command, watcher=watcher))
    return [results[path] for path in paths]


def results_until_clear(
    scenarios: Sequence[Scenario],
    *,
    pairs: Sequence[str] | None,
    at: str | None,
    domain: str | None,
    most: int,
    seed: int | None,
    execution: Execution,
) -> list[Result]:
    """The result of each scenario, with as many runs as settle how the others differ from the
    first.

    Args:
        scenarios: the first is the base.
        pairs, at, domain: what is compared; by default the watched pairs at the end, overall.
        most: runs at most.
        seed: that of the base by default.
        execution: how it is carried out.

    Raises:
        ResultsError: runs cannot be paired, or they cannot be compared so.
    """
    scenarios = told_apart(scenarios)
    questions = [Question.of(scenario, most, seed) for scenario in scenarios]
    questions = [replace(question, seed=questions[0].seed) for question in questions]
    looking = look_at_differences(
        scenarios,
        pairs,
        at,
        domain=domain,
        seed=questions[0].seed,
        most=most,
        phase=execution.watcher.phase,
    )
    ids = [question.id for question in questions]
    looking = replace(looking, question=digest([ids, pairs, at, domain]))
    execution.watcher.expects(looking.runs * len(questions))
    settled = [replace(each, runs=looking.runs, looking=looking) for each in questions]
    return [_answered(question, execution) for question in settled]


def _answered(question: Question, execution: Execution) -> Result:
    with telling_what_is_kept(partial(chunks_kept, [question], execution.out), execution):
        return answer(RunJob(question), execution)
