"""Commands on results that are there: list, verify, report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich import box
from rich.console import Console
from rich.filesize import decimal
from rich.table import Table
from rich.text import Text

from relsim import __version__
from relsim.cli.application import EXIT_DIFFERS
from relsim.cli.inputs import Out, refuse, whole
from relsim.cli.output import say, warn, watching
from relsim.results.folder import REPORT, WRITTEN_AGAIN

if TYPE_CHECKING:
    from relsim.results.listing import Listed, ListedStudy
    from relsim.results.verify import Difference, Verification

_AXES = {"time": "month", "step": "month", "watched": "pair", "direction": "posture"}


def list_(
    out: Out = Path("results"),
) -> None:
    """List the results that are there: what was asked, how claims were judged, their size."""
    from relsim.results.listing import list_results, list_studies

    results, studies = list_results(out), list_studies(out)
    console = Console()
    if results:
        console.print(results_table(results))
    if studies:
        console.print(studies_table(studies))
    say(console, listing_lines(results, studies, out))


def report(
    paths: Annotated[
        list[Path],
        typer.Argument(
            metavar="RESULTS",
            help="Results, or folders of scenarios in results (their newest).",
            show_default=False,
        ),
    ],
) -> None:
    """Draw all figures and the page of results, from what is stored."""
    from relsim.figures.save import Painter
    from relsim.results.result import open_result
    from relsim.results.views import write_views

    results = [open_result(path) for path in paths]
    with Painter() as painter:
        for result in results:
            with watching(Console(), 0) as watcher:
                missing = write_views(result, painter, watcher)
            for note in missing:
                warn(f"{result.folder}: {note}")
            typer.echo(f"Report: {result.folder / REPORT}")


def verify(
    path: Annotated[
        Path,
        typer.Argument(
            metavar="RESULT",
            help="A result, or the folder of a scenario in results (its newest).",
            show_default=False,
        ),
    ],
    every: Annotated[bool, typer.Option("--all", help="Check every run.")] = False,
    chunks: Annotated[
        int | None,
        typer.Option(parser=whole(), metavar="N", help="Check so many chunks of runs; else 4."),
    ] = None,
) -> None:
    """Check that a result is as it was written, and comes out again bit for bit."""
    from relsim.results.result import open_result
    from relsim.results.verify import SAMPLE, chunks_of, spread_evenly
    from relsim.results.verify import verify as check

    if every:
        refuse({"--chunks": chunks}, "not with --all")
    result = open_result(path)
    console = Console()
    count = None if every else chunks or SAMPLE
    runs = sum(noted.chunk.runs for noted in spread_evenly(chunks_of(result), count))
    with watching(console, runs) as watcher:
        watcher.phase(f"Simulating {runs:,} runs again")
        verification = check(result, chunks=count, progress=watcher.runs_done)
    say(console, verification_lines(verification))
    if verification.difference is not None:
        raise typer.Exit(EXIT_DIFFERS)


def results_table(results: Sequence[Listed]) -> Table:
    """A row for each result: its runs, verdicts on its claims, when it was written, its size."""
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), show_edge=False)
    table.add_column("scenario, id", overflow="fold", min_width=17)
    for name in ("runs", "seed", "until"):
        table.add_column(name, justify="right", vertical="bottom", no_wrap=True)
    table.add_column("claims", vertical="bottom")
    table.add_column("written", vertical="bottom", no_wrap=True)
    table.add_column("size", justify="right", vertical="bottom", no_wrap=True)
    headings = _headings(results)
    last = ""
    for result, heading in zip(results, headings, strict=True):
        name = f"  {result.folder.name}"
        table.add_row(Text(name if heading == last else f"{heading}\n{name}"), *_cells(result))
        last = heading
    return table


def _headings(results: Sequence[Listed]) -> list[str]:
    """The folder of each result, with the name of its scenario if the folder has several."""
    named = {(each.folder.parent.name, each.scenario) for each in results if not each.problem}
    several = Counter(slug for slug, _ in named)
    slugs = [each.folder.parent.name for each in results]
    return [
        f"{slug}: {each.scenario}" if several[slug] > 1 and not each.problem else slug
        for each, slug in zip(results, slugs, strict=True)
    ]


def studies_table(studies: Sequence[ListedStudy]) -> Table:
    """A row for each family, experiment and hindcast: what it is, when it was written, its size."""
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), show_edge=False)
    table.add_column("kind", no_wrap=True)
    table.add_column("name, id", overflow="fold", min_width=14)
    table.add_column("what", overflow="fold")
    table.add_column("written", no_wrap=True)
    table.add_column("size", justify="right", no_wrap=True)
    for study in studies:
        name = Text(f"{study.folder.parent.name}\n  {study.folder.name}")
        about = Text("unreadable", style="red") if study.problem else Text(study.about)
        table.add_row(study.kind, name, about, _written(study), decimal(study.size))
    return table


def _cells(result: Listed) -> tuple[Text | str, ...]:
    written, size = _written(result), decimal(result.size)
    if result.problem:
        return "–", "–", "–", Text("unreadable", style="red"), written, size
    runs = f"{result.runs:,}{'†' if result.until_clear else ''}"
    return runs, str(result.seed), result.end, _claims(result), written, size


def _written(listed: Listed | ListedStudy) -> Text:
    """The day, with a star if another version made it."""
    is_old = not listed.current and not listed.problem
    return Text(f"{listed.written:%Y-%m-%d}") + Text("*" if is_old else "", style="yellow")


def _claims(result: Listed) -> str:
    """How many claims have each verdict, by sign: + supported, − contradicted, ? undecided."""
    signs = {"+": "supported", "−": "contradicted", "?": "not distinguishable", "·": "not judged"}
    counts = [
        f"{result.verdicts[word]} {sign}" for sign, word in signs.items() if word in result.verdicts
    ]
    return "  ".join(counts) or "–"


def listing_lines(
    results: Sequence[Listed], studies: Sequence[ListedStudy], out: Path
) -> list[str]:
    """What the tables mean, and what to do if there is nothing to show."""
    if not (results or studies):
        return [f"{out} holds no results yet. Simulate first: relsim run FILE."]
    lines = []
    if results:
        lines.append(
            "Claims: + supported, − contradicted, ? not distinguishable, · not judged. "
            f"A result is in {out / 'SCENARIO' / 'ID'}; compare takes {out / 'SCENARIO'} as well."
        )
    if any(result.until_clear for result in results):
        lines.append("† As many runs as settled the claims or differences: --until-clear.")
    every: list[Listed | ListedStudy] = [*results, *studies]
    if any(not each.current and not each.problem for each in every):
        lines.append("* Simulated by another version, so not compared with results of this one.")
    return [*lines, *(each.problem for each in every if each.problem)]


def verification_lines(verification: Verification) -> list[str]:
    """Whether a result is what it should be, else the first thing that is not."""
    lines = []
    if verification.version != __version__:
        lines.append(
            f"Made by relsim {verification.version}, checked by {__version__}: numbers may differ."
        )
    if verification.difference is None:
        lines.append(
            f"Verified: {verification.checked:,} of {verification.chunks:,} chunks "
            f"({verification.runs:,} runs) are as they were written and come out again bit for "
            "bit. Labels, tables, the scenario and the manifest are as they were written, and the "
            "claims are judged alike."
        )
        if verification.not_judged:
            lines.append(
                f"Not judged again: claims against {verification.not_judged}, whose result is not "
                "there."
            )
        lines.append("Not checked: figures/ and report.html, which relsim report draws again.")
        if verification.checked < verification.chunks:
            lines.append("--all checks every run.")
    else:
        lines += [*difference_lines(verification.difference), _remedy(verification.difference)]
    return lines


def _remedy(difference: Difference) -> str:
    if difference.kind == "file" and difference.variable.startswith(WRITTEN_AGAIN):
        return "The same relsim run writes it again."
    return "relsim run --force makes the result anew."


def difference_lines(difference: Difference) -> list[str]:
    """The first difference, in words."""
    name, chunk, labels = difference.variable, difference.chunk, difference.labels
    if chunk is None:
        text = {
            "file": f"Damaged: {name}",
            "question": f"Changed: {name} in the manifest does not follow from the scenario.",
            "claim": f"Changed: the verdict on {name} does not follow from the runs.",
        }[difference.kind]
    else:
        runs = f"runs {chunk.first:,} to {chunk.first + chunk.runs - 1:,}"
        text = {
            "damaged": f"Damaged: {name} of {runs} is not what was written.",
            "changed": f"Changed: {name} of {runs} does not come out again.",
        }[difference.kind]
    if labels is None:
        return [text]
    where = ", ".join(f"{_AXES.get(axis, axis)} {label}" for axis, label in labels.items())
    values = f"stored {difference.stored!r}, recomputed {difference.recomputed!r}"
    return [text, f"First difference: {name}, {where}: {values}."]
