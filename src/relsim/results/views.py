"""The figures and the page of a finished result, drawn from what is stored.

They add nothing to a result and can be drawn again at any time, by a later version too.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import Any

from relsim.analysis.findings import Findings, find
from relsim.ensemble.simulate import Ensemble
from relsim.figures.compare import (
    carriers_chart,
    carriers_name,
    difference_chart,
    difference_name,
)
from relsim.figures.network import network_figure
from relsim.figures.result import fan_chart, level_multiples, start_to_end_matrix, verdict_chart
from relsim.figures.save import Painter, definition, unchecked
from relsim.figures.why import part_colours, why_chart
from relsim.report.result_page import result_page
from relsim.results.folder import (
    FIGURE_CHOICES,
    FIGURES,
    ONLY_MAIN,
    REPORT,
    FigureChoice,
    drawn_figures,
    locked,
    unwritable,
)
from relsim.results.job import Watcher
from relsim.results.manifest import looking_sentences
from relsim.results.result import Result, compared_with
from relsim.scenario.schema import Scenario

# By what their names begin with: figures that are drawn unasked, and charts that the page shows.
MAIN = ("fan", "difference", "claims")
ON_PAGE = ("matrix", "why", "difference", "carriers")


def write_views(
    result: Result,
    painter: Painter,
    watcher: Watcher,
    scenarios: Mapping[str, Scenario] | None = None,
    figures: FigureChoice = "all",
) -> list[str]:
    """Writes figures as SVG and PNG, and ``report.html``; what was there is replaced.

    Args:
        result, painter, watcher: what to draw, with what, and who receives progress.
        figures: which to draw as files. What the result already has is drawn again in any case.
        scenarios: those compared with that are at hand, by file.

    Returns:
        A sentence on each result that it is compared with and that is not there.

    Raises:
        ResultsError: a figure cannot be drawn, or the folder not be written.
    """
    painter.start()
    watcher.phase("Comparing and explaining")
    others = compared_with(result, scenarios)
    there = {file: other for file, other in others.items() if isinstance(other, Ensemble)}
    missing = [other for other in others.values() if isinstance(other, str)]
    findings = find(result.ensemble, result.summary(), result.claims, there)
    manifest = {**result.manifest, "notes": [*result.manifest["notes"], *missing]}
    figures = max(figures, drawn_figures(result.folder), key=FIGURE_CHOICES.index)
    watcher.phase("Drawing the report" if figures == "none" else "Drawing figures and the report")
    script = painter.script()
    try:
        with locked([result.folder], partial(watcher.phase, "Another process draws it; waiting")):
            figures_aside = nullcontext() if figures == "none" else _new_figures(result.folder)
            with unchecked(), figures_aside as folder:
                page = _draw(findings, manifest, painter, script, folder, figures)
            _replace_file(page, result.folder / REPORT)
    except OSError as error:
        raise unwritable(error, result.folder) from error
    return missing


def _draw(
    findings: Findings,
    manifest: dict[str, Any],
    painter: Painter,
    script: str,
    folder: Path | None,
    figures: FigureChoice,
) -> str:
    """The page; figures go to the folder, if there is one, drawn while the next are being made."""
    definitions, drawings = {}, []
    pool = ThreadPoolExecutor(1)
    try:
        for name, chart in charts_of(findings):
            kind = name.partition("-")[0]
            to_file = folder is not None and (figures == "all" or kind in MAIN)
            if to_file or kind in ON_PAGE:
                definitions[name] = definition(chart())
            if folder is not None and to_file:
                named = {name: definitions[name]}
                drawings.append(pool.submit(painter.draw_what_can_be, named, folder))
        sentences = looking_sentences(manifest)
        page = result_page(findings, definitions, manifest, script, sentences)
        for drawing in drawings:
            drawing.result()
        if folder is not None and figures == "main":
            text = "These are the main figures. relsim report RESULT draws all of them.\n"
            (folder / ONLY_MAIN).write_text(text, encoding="utf-8")
    finally:
        pool.shutdown(wait=False, cancel_futures=True)  # an interruption waits for no figure
    return page


def charts_of(findings: Findings) -> Iterator[tuple[str, Callable[[], Any]]]:
    """What makes each chart, after the name of its file."""
    scenario, summary = findings.scenario, findings.summary
    yield "fan", partial(fan_chart, scenario, summary, findings.events)
    yield "network", partial(network_figure, scenario, summary)
    if findings.all_pairs:
        yield "matrix", partial(start_to_end_matrix, scenario, summary)
        yield "multiples", partial(level_multiples, scenario, summary)
    colours = part_colours(findings.accounts.values())
    for pair, account in findings.accounts.items():
        yield f"why-{pair}", partial(why_chart, account, colours=colours)
    for file, comparison in findings.comparisons.items():
        yield difference_name(file), partial(difference_chart, comparison)
        if file in findings.carriers:
            carriers = findings.carriers[file]
            yield carriers_name(file), partial(carriers_chart, comparison, carriers)
    if any(claim.share is not None for claim in findings.claims):
        yield "claims", partial(verdict_chart, scenario, findings.claims)


@contextmanager
def _new_figures(folder: Path) -> Iterator[Path]:
    """A folder for figures, which replaces that of a result once they are all drawn."""
    aside = folder / f".{FIGURES}.part"
    shutil.rmtree(aside, ignore_errors=True)  # of a process that was killed
    aside.mkdir()
    try:
        yield aside
        shutil.rmtree(folder / FIGURES, ignore_errors=True)
        aside.rename(folder / FIGURES)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _replace_file(text: str, file: Path) -> None:
    aside = file.with_name(f".{file.name}.part")
    aside.write_text(text, encoding="utf-8")
    aside.replace(file)
