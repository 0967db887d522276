"""Results by place: their own folder, the folder of their scenario, or a file to simulate."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

from relsim.analysis.recorded import pairing_obstacle
from relsim.analysis.until_clear import look_at_differences
from relsim.errors import ResultsError
from relsim.results.identity import Question, digest
from relsim.results.lookup import result_folder
from relsim.results.result import Result, open_result
from relsim.results.resume import telling_what_is_kept
from relsim.results.run import Asked, answer
from relsim.results.watcher import Watcher
from relsim.scenario.schema import Scenario
from relsim.scenario.titles import told_apart

Watching = Callable[[int], AbstractContextManager[Watcher]]


def scenario_files(places: Sequence[Path]) -> list[Path]:
    """The places that are not folders, each once."""
    return list(dict.fromkeys(place for place in places if not place.is_dir()))


def result_at(folder: Path) -> Result:
    """The result in a folder, or the newest in the folder of a scenario.

    Raises:
        ResultsError: there is no whole result.
    """
    return open_result(result_folder(folder))


def _asked_of(
    place: Path, found: Mapping[Path, Result], scenarios: Mapping[Path, Scenario]
) -> tuple[int, int]:
    """How many runs were asked for at a place, failed ones among them, and their seed."""
    if place in found:
        return found[place].ensemble.asked, found[place].ensemble.seed
    return scenarios[place].ensemble.runs, scenarios[place].ensemble.seed


def paired_results(
    places: Sequence[Path],
    scenarios: Mapping[Path, Scenario],
    *,
    runs: int | None,
    seed: int | None,
    out: Path,
    command: Callable[[Path, int, int], str],
    watching: Watching,
) -> list[Result]:
    """The result at each place, runs paired with those of the first; files are simulated.

    Args:
        places: folders, and files whose scenarios are given.
        scenarios: of the files.
        runs, seed: of the files; those of the first place where absent.
        out: folder of all results.
        command: what asks for a file, its runs and its seed, for the manifest.
        watching: a watcher of so many runs.

    Raises:
        ResultsError: a folder holds no result, or runs cannot be paired; then nothing has been
            simulated.
    """
    named = dict(zip(scenarios, told_apart(list(scenarios.values())), strict=True))
    found = {place: result_at(place) for place in places if place not in scenarios}
    asked, known = _asked_of(places[0], found, scenarios)
    runs, seed = runs or asked, known if seed is None else seed
    questions = {file: Question(one, seed, runs, "domains") for file, one in named.items()}
    base, *others = (questions.get(place) or found[place].ensemble for place in places)
    for other in others:
        if refused := pairing_obstacle(base, other):
            raise ResultsError(refused)
    for file, question in questions.items():
        with watching(runs) as watcher:
            found[file] = _answered(question, out, command(file, runs, seed), watcher)
    return [found[place] for place in places]


def results_until_clear(
    scenarios: Mapping[Path, Scenario],
    *,
    pairs: Sequence[str] | None,
    at: str | None,
    domain: str | None,
    most: int,
    seed: int | None,
    out: Path,
    command: str,
    watching: Watching,
) -> list[Result]:
    """The result of each file, with as many runs as settle how the others differ from the first.

    Args:
        scenarios: of the files; the first is the base.
        pairs, at, domain: what is compared; the watched pairs at the end, overall, where absent.
        most: runs at most.
        seed: that of the base where absent.
        out: folder of all results.
        command: what asks for it, for the manifests.
        watching: a watcher of so many runs.

    Raises:
        ResultsError: runs cannot be paired, or they cannot be compared so.
    """
    named = told_apart(list(scenarios.values()))
    seed = named[0].ensemble.seed if seed is None else seed
    with watching(most) as watcher:
        looking = look_at_differences(
            named, pairs, at, domain=domain, seed=seed, most=most, phase=watcher.phase
        )
        asked = [Question(scenario, seed, most, "domains").id for scenario in named]
        looking = replace(looking, question=digest([asked, pairs, at, domain]))
        watcher.expects(looking.runs * len(named))
        return [
            _answered(
                Question(scenario, seed, looking.runs, "domains", looking=looking),
                out,
                command,
                watcher,
            )
            for scenario in named
        ]


def _answered(question: Question, out: Path, command: str, watcher: Watcher) -> Result:
    with telling_what_is_kept([question], out, force=False):
        return answer(Asked(question, out, command, watcher))
