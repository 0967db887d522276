"""What is scored by a measured series, each into a folder of its own: forecasts, or a scenario."""

from __future__ import annotations

import json
import shutil
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import pandas as pd

from relsim import __version__
from relsim.analysis.observed import read_observed
from relsim.display import Displayed, Figure, in_a_line
from relsim.ensemble.simulate import simulate as simulate_runs
from relsim.figures.hindcast import beside_charts, hindcast_charts
from relsim.hindcast.beside import Beside, beside, shared_part
from relsim.hindcast.evaluate import HORIZONS
from relsim.hindcast.findings import Hindcast, defaults_of, hindcast
from relsim.hindcast.panel import HoldOut, Panel, panel_of
from relsim.report.scored_page import Words, beside_words, hindcast_words, measured_page
from relsim.results.drawn import drawn_figure
from relsim.results.folder import HINDCASTS, RESOLVED, unwritable
from relsim.results.job import Execution, Job, PageParts, Watcher, carry_out, watched
from relsim.results.manifest import HindcastManifest, read_whole
from relsim.results.question import Question, digest
from relsim.results.run import resolved_yaml
from relsim.scenario.schema import Scenario
from relsim.scenario.titles import slug
from relsim.words import counted

PARAMETERS = "parameters.json"

Findings = TypeVar("Findings", Hindcast, Beside)


@dataclass(frozen=True, repr=False)
class HindcastResult(Displayed):
    """A finished hindcast, or a scenario beside a series.

    Attributes:
        folder: where it is.
        manifest: as in ``manifest.json``; with sentences and warnings.
        reused: whether it was there already.
    """

    folder: Path
    manifest: dict[str, Any]
    reused: bool = False

    def in_short(self) -> str:
        """The scenario, if one is laid beside the series, and the series."""
        content = self.manifest
        scenario = f"of “{in_a_line(content['name'], 40)}” beside " if "name" in content else "by "
        first, last = content["years"]
        pairs = counted(content["pairs"], "pair")
        return f"{scenario}{in_a_line(content['file'], 30)}: {pairs}, {first} to {last}"

    @property
    def sentences(self) -> list[str]:
        """The findings in words."""
        return list(self.manifest["sentences"])

    def plot(self, name: str | None = None) -> Figure:
        """A figure, as it was drawn (see :meth:`ExperimentResult.plot`)."""
        return drawn_figure(self.folder, self.manifest, self.in_short(), name)

    def to_frame(self) -> pd.DataFrame:
        """Mean scores by horizon and forecaster, as :attr:`skill`."""
        return self.skill

    @property
    def skill(self) -> pd.DataFrame:
        """Mean scores by horizon and forecaster."""
        return pd.read_csv(self.folder / "skill.csv")


def open_hindcast(folder: str | Path) -> HindcastResult:
    """A finished hindcast, from its folder.

    Raises:
        DamagedError: its manifest cannot be read, or something of it is missing.
    """
    folder = Path(folder)
    return HindcastResult(folder, read_whole(HindcastManifest, folder, "a hindcast"))


def run_hindcast(
    observed: str | Path,
    *,
    origins: Sequence[int] | None = None,
    horizons: Sequence[int] = HORIZONS,
    hold_out: HoldOut | None = None,
    simulate: bool = True,
    out: str | Path = "results",
    force: bool = False,
    command: str = "",
    watcher: Watcher | None = None,
    progress: bool = True,
) -> HindcastResult:
    """Scores forecasts of a measured series, and leaves a folder with tables, figures and a page.

    Args:
        observed: CSV of observations (``dyad,period,value[,events]``).
        origins: years to forecast from; by default every year with enough past, at most 12,
            evenly spaced.
        horizons: in years.
        hold_out: forecast pairs, or all pairs of some states, as if never seen.
        simulate: score the simulation too, which takes most of the time.
        out: folder of all results.
        force: repeat a finished hindcast.
        command: the command that asks for it, for the manifest.
        watcher: receives progress.
        progress: show a bar at a prompt and in a notebook, where no watcher is given.

    Raises:
        ScenarioError: the file has problems.
        RelsimError: the series is too short.
        ResultsError: the folder cannot be written.
    """
    file = Path(observed)
    panel = panel_of(read_observed(file))
    job = HindcastJob(file, panel, origins, horizons, hold_out, simulate)
    with watched(watcher, progress) as receiver:
        execution = Execution(Path(out), None, force, command, receiver)
        result, reused = carry_out(job, execution)
    return replace(result, reused=reused)


def run_beside(
    observed: str | Path,
    scenario: Scenario,
    *,
    runs: int | None = None,
    seed: int | None = None,
    out: str | Path = "results",
    force: bool = False,
    command: str = "",
    watcher: Watcher | None = None,
    progress: bool = True,
) -> HindcastResult:
    """Lays a scenario beside a measured series; leaves a folder with tables, figures and a page.

    Args:
        observed: CSV of observations (``dyad,period,value[,events]``).
        scenario: what to simulate.
        runs, seed: of its ensemble; its own by default.
        out: folder of all results.
        force: repeat a finished one.
        command: the command that asks for it, for the manifest.
        watcher: receives progress.
        progress: show a bar at a prompt and in a notebook, where no watcher is given.

    Raises:
        ScenarioError: the file has problems.
        RelsimError: the two have no pair and year in common.
        ResultsError: the folder cannot be written.
    """
    file = Path(observed)
    panel = panel_of(read_observed(file).named_as(scenario.states))
    pairs = shared_part(panel, scenario).dyads  # raises before a thousand runs
    job = BesideJob(file, panel, Question.of(scenario, runs, seed, "overall"), pairs)
    with watched(watcher, progress, job.ensemble.runs) as receiver:
        execution = Execution(Path(out), None, force, command, receiver)
        result, reused = carry_out(job, execution)
    return replace(result, reused=reused)


@dataclass(frozen=True)
class _MeasuredJob(Job[Findings, HindcastResult]):
    """Something to be scored by a measured series.

    Attributes:
        file, panel: the series.
    """

    file: Path
    panel: Panel

    kind: ClassVar = "a hindcast"
    model: ClassVar = HindcastManifest
    doing: ClassVar = "runs this"

    @abstractmethod
    def question(self) -> dict[str, Any]:
        """All that decides its numbers, beside the series and the version."""

    def key(self) -> dict[str, Any]:
        """The series, the question and the version."""
        series = digest(self.file.read_text(encoding="utf-8-sig"))
        return {"series": series, **self.question(), "relsim": __version__}

    def words(self) -> str:
        """The name of the file."""
        return digest([self.file.name, ""])

    def libraries(self) -> tuple[str, ...]:
        """Those that score."""
        return ("numpy", "pandas", "scipy")

    def open(self, folder: Path) -> HindcastResult:
        """The finished job."""
        return open_hindcast(folder)

    @abstractmethod
    def subject(self, findings: Findings, series: dict[str, Any]) -> dict[str, Any]:
        """What the manifest says it is of, with the entries of the series among them."""

    @abstractmethod
    def page_words(self, findings: Findings, manifest: Mapping[str, Any]) -> Words:
        """What its page says."""

    def about(self, findings: Findings) -> dict[str, Any]:
        """The series, the question, and the findings in words."""
        panel = findings.panel
        years = [panel.years[0], panel.years[-1]]
        series = {"file": self.file.name, **self.key(), "pairs": len(panel.dyads), "years": years}
        return {
            **self.subject(findings, series),
            "sentences": findings.sentences(),
            "warnings": findings.warnings(),
        }

    def tables(self, findings: Findings) -> Mapping[str, pd.DataFrame]:
        """Those of the findings."""
        return findings.tables()

    def page(self, findings: Findings, parts: PageParts) -> str:
        """Its words, charts and tables."""
        words = self.page_words(findings, parts.content)
        return measured_page(words, parts.tables, parts.charts, parts.content, parts.script)


@dataclass(frozen=True)
class HindcastJob(_MeasuredJob[Hindcast]):
    """Forecasts to be scored by a measured series."""

    origins: Sequence[int] | None
    horizons: Sequence[int]
    hold_out: HoldOut | None
    simulate: bool

    @property
    def parent(self) -> Path:
        """By the name of the series."""
        return Path(HINDCASTS, slug(self.file.stem))

    def question(self) -> dict[str, Any]:
        """Which forecasts are scored."""
        return {
            "origins": None if self.origins is None else list(self.origins),
            "horizons": list(self.horizons),
            "hold_out": self.hold_out,
            "simulate": self.simulate,
        }

    def make(self, folder: Path, execution: Execution) -> Hindcast:
        """Fits and scores, and writes the fitted numbers."""
        execution.watcher.phase("Fitting each past, and scoring forecasts")
        findings = hindcast(
            self.panel, self.origins, self.horizons, self.hold_out, simulate=self.simulate
        )
        text = json.dumps(defaults_of(findings, self.file.name), indent=2, ensure_ascii=False)
        (folder / PARAMETERS).write_text(text + "\n", encoding="utf-8")
        return findings

    def subject(self, findings: Hindcast, series: dict[str, Any]) -> dict[str, Any]:
        """The series, and the years that are forecast from."""
        return {**series, "forecast_from": list(findings.origins)}

    def charts(self, findings: Hindcast) -> Mapping[str, Any]:
        """Those of the hindcast."""
        return hindcast_charts(findings)

    def page_words(self, findings: Hindcast, manifest: Mapping[str, Any]) -> Words:
        """Those of the hindcast."""
        return hindcast_words(findings, manifest)


@dataclass(frozen=True)
class BesideJob(_MeasuredJob[Beside]):
    """A scenario to be laid beside a measured series.

    Attributes:
        ensemble: its question.
        pairs: those that both have.
    """

    ensemble: Question
    pairs: tuple[str, ...]

    @property
    def parent(self) -> Path:
        """By the names of scenario and series."""
        return Path(HINDCASTS, f"{self.ensemble.scenario.slug}-beside-{slug(self.file.stem)}")

    def question(self) -> dict[str, Any]:
        """The ensemble."""
        ensemble = self.ensemble
        return {
            "scenario": ensemble.scenario_hash,
            "runs": ensemble.runs,
            "seed": ensemble.seed,
        }

    def words(self) -> str:
        """The name of the file, and the scenario with its words."""
        return digest([self.file.name, digest(self.ensemble.scenario.as_written)])

    def libraries(self) -> tuple[str, ...]:
        """Those that score and simulate."""
        return (*super().libraries(), "numba")

    def make(self, folder: Path, execution: Execution) -> Beside:
        """Simulates levels of the shared pairs alone (of a large world, all take gigabytes), and
        scores them."""
        scenario, watcher = self.ensemble.scenario, execution.watcher
        watcher.phase("Simulating the scenario")
        kept = simulate_runs(
            scenario.with_changes({"watch": list(self.pairs)}),
            runs=self.ensemble.runs,
            seed=self.ensemble.seed,
            record="watched",
            progress=watcher.runs_done,
        )
        watcher.phase("Fitting the measurement, and scoring")
        findings = beside(self.panel, replace(kept, scenario=scenario))
        (folder / RESOLVED).write_text(resolved_yaml(scenario), encoding="utf-8")
        return findings

    def subject(self, findings: Beside, series: dict[str, Any]) -> dict[str, Any]:
        """The scenario, the series, and the pairs that it lacks."""
        unmeasured = list(findings.unmeasured)
        return {"name": self.ensemble.scenario.name, **series, "not_measured": unmeasured}

    def charts(self, findings: Beside) -> Mapping[str, Any]:
        """Those of the scenario beside the series."""
        return beside_charts(findings)

    def page_words(self, findings: Beside, manifest: Mapping[str, Any]) -> Words:
        """Those of the scenario beside the series."""
        return beside_words(findings, manifest)


def save_parameters(result: HindcastResult, file: Path) -> None:
    """Copies the fitted numbers of a hindcast.

    Raises:
        ResultsError: the file cannot be written.
    """
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(result.folder / PARAMETERS, file)
    except OSError as error:
        raise unwritable(error, file) from error
