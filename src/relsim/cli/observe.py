"""relsim observe."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from relsim.cli.inputs import whole
from relsim.cli.output import reading, warn
from relsim.errors import printable
from relsim.words import counted

REASONS = {
    "not-root": "not a root event",
    "no-state": "no state on one side",
    "unknown-state": "a state that is not known",
    "domestic": "within one state",
    "not-kept": "not between the states of --only",
    "not-coded": "without a code",
    "no-events": "a count of 0",
}
NAMES_SHOWN = 8


class _Measure(StrEnum):
    net = "net"
    days = "days"


class _By(StrEnum):
    year = "year"
    month = "month"


class _Dates(StrEnum):
    month_first = "month-first"
    day_first = "day-first"


def _column(content: str) -> Any:
    return typer.Option(metavar="COLUMN", help=f"In tables whose header is not known: {content}.")


def observe(
    paths: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILES",
            help="Event files, folders or patterns: GDELT exports, or tables with a header.",
            show_default=False,
        ),
    ],
    out: Annotated[Path, typer.Option(help="The series to write.")] = Path("observed.csv"),
    measure: Annotated[
        _Measure,
        typer.Option(
            "--as",
            help="net: cooperative minus conflictual events, as a share of all. "
            "days: 2 × share of active days with positive net Goldstein weight - 1.",
        ),
    ] = _Measure.net,
    by: Annotated[_By, typer.Option(help="The period of a value.")] = _By.year,
    only: Annotated[
        str, typer.Option(metavar="PAK,RUS,…", help="Keep events between these states.")
    ] = "",
    least: Annotated[
        int,
        typer.Option(
            parser=whole(), metavar="N", help="Events (or active days) that a value needs."
        ),
    ] = 10,
    root_only: Annotated[
        bool, typer.Option("--root-only", help="Use only GDELT's root events.")
    ] = False,
    codes: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="A CSV file name,code with further names of states."),
    ] = None,
    source: Annotated[str, _column("the state that acts")] = "",
    target: Annotated[str, _column("the state it acts on")] = "",
    date: Annotated[str, _column("the day")] = "",
    cameo: Annotated[str, _column("the CAMEO code")] = "",
    quad: Annotated[str, _column("the quad class")] = "",
    goldstein: Annotated[str, _column("the Goldstein weight")] = "",
    count: Annotated[str, _column("how many events a line is")] = "",
    dates: Annotated[
        _Dates | None,
        typer.Option(help="How to read dates such as 1/5/2017; by default as each table shows."),
    ] = None,
    damaged: Annotated[
        float,
        typer.Option(min=0, max=1, metavar="SHARE", help="Share of lines that may be damaged."),
    ] = 0.01,
    force: Annotated[bool, typer.Option(help="Replace an existing series.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print only the file.")] = False,
) -> None:
    """Make a series of measured cooperation from event data."""
    from relsim.hindcast.observe import Choices
    from relsim.hindcast.observe import observe as make

    named = {"source": source, "target": target, "date": date, "cameo": cameo}
    named |= {"quad": quad, "goldstein": goldstein, "count": count}
    choices = Choices(
        measure=measure.value,
        by=by.value,
        root_only=root_only,
        only=tuple(code.strip() for code in only.split(",") if code.strip()),
        least=least,
        damaged=damaged,
        columns={role: column for role, column in named.items() if column},
        codes=codes,
        dates=None if dates is None else dates.value,
    )
    with reading(Console(quiet=quiet)) as progress:
        series = make(paths, out, choices, force=force, progress=progress)
    if quiet:
        typer.echo(str(series.file))
        return
    for problem in series.damaged:
        warn(problem)
    for line in _lines(series.file, series.record):
        typer.echo(line)


def _lines(file: Path, record: dict[str, Any]) -> Iterator[str]:
    """The values that were written, and the lines that were left out, with reasons."""
    lines, values = record["lines"], record["values"]
    yield f"{lines['used']:,} of {lines['read']:,} lines used."
    for reason, count in lines["left_out"].items():
        yield f"  left out: {count:,} ({REASONS[reason]})"
    if lines["damaged"]:
        yield f"  left out: {lines['damaged']:,} (damaged)"
    if record["unknown_states"]:
        names = list(record["unknown_states"])
        more = ", …" if len(names) > NAMES_SHOWN else ""
        shown = printable(", ".join(names[:NAMES_SHOWN]))
        yield f"  not known: {shown}{more}. Give codes by --codes FILE."
    yield from _habits_lines(record["files"])
    if values["below_least"]:
        few = counted(values["below_least"], "value")
        yield f"Left out: {few} with fewer than {record['least']} events or days."
    written, dyads = counted(values["written"], "value"), counted(values["dyads"], "dyad")
    yield f"Wrote {file}: {written} of {dyads}, {values['first']} to {values['last']}."


def _habits_lines(files: list[dict[str, Any]]) -> Iterator[str]:
    """How dates and codes were read where files had to show it, and in how many files."""
    for orders, count in Counter(file["dates"] for file in files if "dates" in file).items():
        shown = f"as their column shows ({counted(count, 'file')})"
        yield f"Dates such as 1/5/2017 are read {orders}, {shown}."
    if count := sum("codes" in file for file in files):
        number = counted(count, "file")
        yield f"CAMEO codes that lost a leading zero are read with it, 42 as 042 ({number})."
