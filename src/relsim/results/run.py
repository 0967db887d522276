"""The main job: a scenario simulated, summarised, drawn and left in a results folder."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

import xarray as xr
import yaml

from relsim.analysis.claims import Verdict, claims_table, judge
from relsim.analysis.summary import event_table, summarise, summary_table, write_table
from relsim.ensemble.chunks import compile_kernel, kernel_is_compiled
from relsim.ensemble.record import RecordLevel
from relsim.ensemble.simulate import Ensemble, fill
from relsim.ensemble.store import create_store, open_store
from relsim.errors import ResultsError
from relsim.figures.fan import fan_chart
from relsim.figures.matrix import start_to_end_matrix
from relsim.figures.multiples import level_multiples
from relsim.figures.save import save_charts
from relsim.model.compile import compile_scenario
from relsim.model.plan import pair_names
from relsim.model.stability import stability
from relsim.results.comparisons import Comparisons, comparisons, is_current
from relsim.results.folder import MANIFEST, is_finished, written_aside
from relsim.results.identity import Question
from relsim.results.manifest import manifest, read_manifest
from relsim.scenario.load import load
from relsim.scenario.schema import Scenario

STORE, RESOLVED = "ensemble.zarr", "scenario.resolved.yaml"
SUMMARY, EVENTS, CLAIMS, FIGURES = "summary.csv", "events.csv", "claims.csv", "figures"


class Watcher(Protocol):
    """Somebody who is told how far a run is."""

    def phase(self, text: str) -> None:
        """A phase begins."""

    def runs_done(self, runs: int) -> None:
        """Some more runs have finished."""


class Nobody:
    """A watcher that does not look."""

    def phase(self, text: str) -> None:
        """Ignored."""

    def runs_done(self, runs: int) -> None:
        """Ignored."""


@dataclass(frozen=True)
class Result:
    """A finished result.

    Attributes:
        folder: where it is.
        manifest: as in ``manifest.json``.
        ensemble: every run, read from the store when used.
        reused: it was there already, so nothing was simulated.
    """

    folder: Path
    manifest: dict[str, Any]
    ensemble: Ensemble
    reused: bool = False

    @property
    def scenario(self) -> Scenario:
        """What was simulated."""
        return self.ensemble.scenario

    @property
    def claims(self) -> tuple[Verdict, ...]:
        """The verdict on each claim, as stored."""
        return tuple(Verdict(**verdict) for verdict in self.manifest.get("claims", ()))

    def summary(self, pairs: Sequence[str] | None = None) -> xr.Dataset:
        """Quantiles and moments over the runs (see relsim.summarise)."""
        return summarise(self.ensemble, pairs)


@dataclass(frozen=True)
class _Asked:
    """A question with what else its answer needs.

    ``known`` holds, by id, the ensembles of questions that are being answered further up: what
    two scenarios need whose claims cite each other.
    """

    question: Question
    out: Path
    command: str
    watcher: Watcher
    known: Mapping[str, Ensemble] = field(default_factory=dict)


@dataclass
class _Clock:
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def timing(self, name: str) -> Iterator[None]:
        start = time.perf_counter()
        yield
        self.seconds[name] = time.perf_counter() - start


def run(
    scenario: Scenario | str | Path,
    *,
    runs: int | None = None,
    seed: int | None = None,
    record: RecordLevel = "domains",
    out: str | Path = "results",
    force: bool = False,
    command: str = "",
    watcher: Watcher | None = None,
) -> Result:
    """Simulates a scenario and leaves a results folder; a finished one is not repeated.

    Scenarios that its claims compare with get results folders of their own.

    Args:
        scenario: a scenario or its file.
        runs, seed: the scenario's where absent.
        record: what to keep (see :func:`relsim.ensemble.record.variables`).
        out: folder of all results.
        force: repeat a finished result.
        command: how it was asked for, for the manifest.
        watcher: told how far it is.

    Raises:
        ScenarioError: the file has problems.
        ResultsError: the folder cannot be written.
    """
    scenario = scenario if isinstance(scenario, Scenario) else load(scenario)
    question = Question(
        scenario,
        scenario.ensemble.seed if seed is None else seed,
        scenario.ensemble.runs if runs is None else runs,
        record,
    )
    return _answer(_Asked(question, Path(out), command, watcher or Nobody()), force=force)


def _answer(asked: _Asked, *, force: bool = False) -> Result:
    """The result of a question: the one that is there if it still stands, else a new one."""
    question = asked.question
    folder = asked.out / question.scenario.slug / question.id
    compared = comparisons(question)
    if is_finished(folder) and not force and is_current(read_manifest(folder), compared):
        return open_result(folder, reused=True)
    with written_aside(folder) as aside:
        _write(asked, compared, aside)
    return open_result(folder)


def _write(asked: _Asked, compared: Comparisons, folder: Path) -> None:
    """Everything of a result, the manifest last."""
    clock = _Clock()
    question, watcher = asked.question, asked.watcher
    scenario = question.scenario
    compiled = compile_scenario(scenario)
    if not kernel_is_compiled():
        watcher.phase("Compiling the model, once per installation (about half a minute)")
    with clock.timing("compile"):
        compile_kernel(compiled)
    watcher.phase(f"Simulating {question.runs:,} runs")
    with clock.timing("simulate"):
        arrays = create_store(
            folder / STORE, compiled, question.runs, question.seed, question.record
        )
        fill(
            compiled,
            question.runs,
            question.seed,
            question.record,
            arrays,
            progress=watcher.runs_done,
        )
    ensemble = Ensemble(scenario, question.seed, open_store(folder / STORE))
    watcher.phase("Summarising")
    with clock.timing("summarise"):
        summary, events = summarise(ensemble), event_table(ensemble)
        watched = pair_names(scenario.watched_pairs)
        write_table(summary_table(summary, watched), folder / SUMMARY)
        write_table(events, folder / EVENTS)
    with clock.timing("claims"):
        claims = judge(ensemble, _compared_ensembles(asked, compared, ensemble))
        write_table(claims_table(claims), folder / CLAIMS)
    watcher.phase("Drawing figures")
    with clock.timing("figures"):
        figures = folder / FIGURES
        figures.mkdir()
        charts = {
            "fan": fan_chart(scenario, summary, events),
            "matrix": start_to_end_matrix(scenario, summary),
            "multiples": level_multiples(scenario, summary),
        }
        save_charts(charts, figures)
    (folder / RESOLVED).write_text(resolved_yaml(scenario), encoding="utf-8")
    steady = stability(compiled)
    found = {"spectral_radius": round(steady.radius, 6), "stable": steady.stable}
    content = manifest(question, asked.command, clock.seconds, found, claims, compared)
    text = json.dumps(content, ensure_ascii=False, indent=2) + "\n"
    (folder / MANIFEST).write_text(text, encoding="utf-8")


def _compared_ensembles(
    asked: _Asked, compared: Comparisons, own: Ensemble
) -> dict[str, Ensemble | str]:
    """The futures that claims compare with, simulated into their own folders where need be."""
    known = {**asked.known, asked.question.id: own}
    found: dict[str, Ensemble | str] = {}
    for file, other in compared.items():
        if isinstance(other, str):
            found[file] = other
        elif other.id in known:
            found[file] = known[other.id]
        else:
            asked.watcher.phase(f"Comparing with {file}")
            aside = replace(
                asked, question=other, command=_command(file, other), watcher=Nobody(), known=known
            )
            found[file] = _answer(aside).ensemble
    return found


def _command(file: str, question: Question) -> str:
    """The command that asks the question of a file."""
    record = "" if question.record == "domains" else f" --record {question.record}"
    return f"relsim run {file} --runs {question.runs} --seed {question.seed}{record}"


def resolved_yaml(scenario: Scenario) -> str:
    """The scenario with inheritance and changes applied, as YAML that loads again."""
    text: str = yaml.safe_dump(scenario.as_written, allow_unicode=True, sort_keys=False, width=100)
    return text


def open_result(folder: str | Path, *, reused: bool = False) -> Result:
    """A finished result.

    Args:
        folder: as printed by ``relsim run``.
        reused: noted in the result.

    Raises:
        ResultsError: there is no whole result there.
    """
    folder = Path(folder)
    if not is_finished(folder):
        raise ResultsError(f"{folder} holds no finished result: it has no {MANIFEST}.")
    content = read_manifest(folder)
    scenario = load(folder / RESOLVED).named(content["scenario"]["slug"])
    store = open_store(folder / STORE)
    ensemble = Ensemble(scenario, content["seed"], store, content["relsim"])
    return Result(folder, content, ensemble, reused)
