"""Pages of findings in words, figures and tables: experiments, hindcasts, scenarios beside a
series."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from relsim.experiments.study import Study
from relsim.hindcast.beside import Beside
from relsim.hindcast.findings import Hindcast
from relsim.hindcast.panel import run_of
from relsim.report.inputs import flow
from relsim.report.page import Table, frame_table, render
from relsim.report.sweep_sliders import sweep_grid
from relsim.scenario.schema import title_of
from relsim.words import counted, listed, true_minus

_EVENT = re.compile(r"events\.(\w+)\.off")
MOST_OPEN = 30  # rows of the first table, so that it is shown unasked
MOST_ROWS = 400  # of a table on the page; its file has them all
OF_THE_MODEL = (
    "All of this is about the model and its inputs: what follows from the scenario's assumptions "
    "over the ranges given, not what is true of the world."
)
CRPS = (
    "CRPS is the error of a whole forecast, band and all, in units of the series; lower is better. "
)
LINEAR = (
    f"{CRPS}"
    "Scored is the linear model that the simulation comes down to near its opening: a level of "
    "each pair, fluctuation around it, slow drift, and news-coded measurement. What a scenario "
    "adds to it, by events and issues, is not scored here."
)
NOT_FITTED = (
    f"{CRPS}"
    "Nothing of the scenario is fitted to the series. The link is: its offset puts the mean of all "
    "pairs of the series at a normal relationship, 0.2; its scale and the spread over pairs are "
    "those that suit the scenario best. A series of news is a share of what was reported, and "
    "enemies who talk much stand high in it. What one history says of a scenario is little: its "
    "pairs share states, its years follow each other."
)
SCORES = (
    "CRPS, log score (nats, lower is better) and RMSE in units of measured cooperation; coverage "
    "and width of bands; ratio: "
)
HINDCAST = {
    "skill": (
        "Skill",
        f"{SCORES}CRPS over that of the best baseline, with its 95 % interval; large: the same of "
        "CRPS with weight only where a value is far from the last one known; year_blocks: how many "
        "blocks of years the interval rests on, 0 where it rests on states alone",
    ),
    "parameters": (
        "Fitted numbers",
        "On all years. A pull is what draws a state to another, in pull units (docs/ODD.md)",
    ),
    "forecast": ("Years to come", "Mean and bands, of the model fitted on all years"),
}
BESIDE = {
    "skill": (
        "Scores",
        f"{SCORES}the scenario's CRPS over that of the row, with its 95 % interval; year_blocks: "
        "how many years it rests on, 0 where it rests on states alone",
    ),
    "pairs": (
        "Pairs",
        "Means and changes (from the first year measured to the last), measured and in the "
        "scenario (said); share of years in the 80 % band; CRPS of each forecaster",
    ),
    "beside": ("Every pair and year", "Means, scores and bands of each forecaster"),
    "pit": ("PIT", "Share of measured values in each tenth of the forecasts; 0.1 each is right"),
}


@dataclass(frozen=True)
class Words:
    """What a page says besides what was found.

    Attributes:
        title: of the page.
        about: what the scenario or the experiment is for.
        meta: how it was made, in a line.
        caution: what it does not tell.
        shown: title and caption of each table that is shown, by its name.
    """

    title: str
    about: str
    meta: str
    caution: str
    shown: Mapping[str, tuple[str, str]]


def hindcast_words(hindcast: Hindcast, manifest: Mapping[str, Any]) -> Words:
    """What the page of a hindcast says."""
    first, last = manifest["years"]
    horizons = listed(str(years) for years in hindcast.horizons)
    left_out = (
        f"; {hindcast.hold_out} left out in turn, as if never seen" if hindcast.hold_out else ""
    )
    meta = (
        f"{counted(manifest['pairs'], 'pair')}, {first} to {last}. Forecast from "
        f"{run_of(hindcast.origins)}, {horizons} years ahead, everything fitted on the years "
        f"before{left_out}."
    )
    return Words(f"Hindcast of {manifest['file']}", "", meta, LINEAR, HINDCAST)


def beside_words(beside: Beside, manifest: Mapping[str, Any]) -> Words:
    """What the page of a scenario beside a series says."""
    first, last = manifest["years"]
    meta = (
        f"{counted(manifest['pairs'], 'pair')} that both have, {first} to {last}; "
        f"{counted(manifest['runs'], 'run')} from seed {manifest['seed']}."
    )
    title = f"{beside.scenario.title}, beside {manifest['file']}"
    return Words(title, beside.scenario.about, meta, NOT_FITTED, BESIDE)


def measured_page(
    words: Words,
    tables: Mapping[str, pd.DataFrame],
    charts: Mapping[str, Any],
    manifest: Mapping[str, Any],
    script: str,
    asked: tuple[Table, ...] = (),
    sliders: Mapping[str, Any] | None = None,
) -> str:
    """The page as text.

    Args:
        words: what it says.
        tables: all tables, by name.
        charts: definitions of the figures, by name.
        manifest: with sentences and warnings.
        script: of :meth:`relsim.figures.save.Painter.script`.
        asked: what was asked, where the page is to show it.
        sliders: of :func:`relsim.report.sweep_sliders.sweep_grid`.
    """
    shown = []
    for name, (title, caption) in words.shown.items():
        more = f" ({name}.csv has all {len(tables[name]):,} rows)"
        caption += more if len(tables[name]) > MOST_ROWS else ""
        shown.append(frame_table(title, caption, tables[name], MOST_ROWS))
    return render(
        "scored.html",
        script,
        title=words.title,
        words=words,
        charts=charts,
        manifest=manifest,
        tables=shown,
        asked=asked,
        sliders=sliders,
        most_open=MOST_OPEN,
    )


def experiment_page(
    study: Study,
    tables: Mapping[str, pd.DataFrame],
    charts: Mapping[str, Any],
    manifest: Mapping[str, Any],
    script: str,
) -> str:
    """The page of an experiment as text.

    Args:
        study: what was asked.
        tables: what was found, by name.
        charts: definitions of the figures, by name.
        manifest: of the experiment, with what was found in words.
        script: of :meth:`relsim.figures.save.Painter.script`.
    """
    experiment = study.experiment
    meta = (
        f"Method: {experiment.method_name}, on “{title_of(study.scenario.name, experiment.set)}”. "
        f"{counted(manifest['points'], 'point')}, {counted(manifest['runs'], 'run')} at each on "
        f"the same draws, from seed {manifest['seed']}. Experiment {manifest['id']}."
    )
    shown = {name: (name.replace("_", " ").capitalize(), f"From {name}.csv.") for name in tables}
    words = Words(experiment.name, experiment.about, meta, OF_THE_MODEL, shown)
    asked = tuple(table for table in asked_tables(study) if table.rows)
    sliders = sweep_grid(study, tables["points"]) if "points" in tables else None
    return measured_page(words, tables, charts, manifest, script, asked, sliders)


def switched_in_words(changes: Mapping[str, Any]) -> str:
    """Changes of a switch in words: events by name, on or off."""
    written = {path: value for path, value in changes.items() if not _EVENT.fullmatch(path)}
    events = [
        f"{event[1]} {'off' if off else 'on'}"
        for path, off in changes.items()
        if (event := _EVENT.fullmatch(path))
    ]
    return ", ".join([*events, *([flow(written)] if written else [])]) or "as written"


def asked_tables(study: Study) -> tuple[Table, ...]:
    """What an experiment varies and looks at."""
    experiment = study.experiment
    varied = [
        (
            parameter.path,
            parameter.label,
            true_minus(f"{parameter.low:g} to {parameter.high:g}"),
            parameter.unit,
            parameter.interest,
        )
        for parameter in study.parameters
    ]
    switches = [
        (name, switch.label, *(switched_in_words(switch.changes(on=on)) for on in (False, True)))
        for name, switch in experiment.switches.items()
    ]
    measures = []
    for name, measure in experiment.measures.items():
        content = measure.model_dump(mode="json", exclude_none=True, exclude_defaults=True)
        content.pop("label", None)
        measures.append((name, measure.label, flow(content), measure.unit))
    return (
        Table(
            "Parameters",
            "What was varied.",
            ("path", "name", "range", "unit", "interest"),
            tuple(varied),
        ),
        Table(
            "Switches",
            "What was switched on and off.",
            ("switch", "name", "off", "on"),
            tuple(switches),
        ),
        Table(
            "Measures",
            "What was looked at, in each run.",
            ("measure", "name", "what", "unit"),
            tuple(measures),
        ),
    )
