"""From event files to a series of measured cooperation, and a record of how it was made."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

from relsim import __version__
from relsim.analysis.observed import COLUMNS, MAX_BYTES, far_from, usual_years
from relsim.errors import Position, Problem, ResultsError, ScenarioError
from relsim.hindcast.event_files import EventFile, digest_of, event_files
from relsim.hindcast.event_tables import Choices, survey
from relsim.hindcast.tally import Reading, Row

__all__ = ["Choices", "Observation", "observe"]

FORMAT = 1
DIGITS = 6  # of a value, far finer than its error of about 1/√events
UNKNOWN_SHOWN = 50  # names in the record that are no known state


@dataclass(frozen=True)
class Observation:
    """A series that was written.

    Attributes:
        file: the series, as :func:`relsim.analysis.observed.read_observed` reads it.
        record: how it was made, as in the JSON file beside it.
        damaged: the first damaged lines.
    """

    file: Path
    record: dict[str, Any]
    damaged: tuple[Problem, ...]


def observe(
    paths: Iterable[str | Path],
    out: str | Path,
    choices: Choices | None = None,
    *,
    force: bool = False,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Observation:
    """Writes the series of event files, and beside it a JSON file that records how it was made.

    Files may be larger than memory: only some numbers for each dyad and period are kept. Both
    directions of a dyad count together; events within a state are left out.

    Args:
        paths: files, folders and patterns; GDELT event exports, or tables with a header.
        out: the CSV file to write.
        choices: how events become values.
        force: replace an existing series.
        progress: called with the bytes that are read and those of all files.

    Raises:
        ScenarioError: files cannot be read, too many lines are damaged, or nothing is left.
        ResultsError: the series exists already, or cannot be written.
    """
    out, choices = Path(out), choices or Choices()
    record_file = out.with_name(f"{out.stem}.sources.json")
    _check_replaceable(out, record_file, force)
    try:
        reading = Reading(choices)
        files = _read_all(event_files(map(Path, paths), output=out), reading, progress)
        rows = list(reading.tally.rows())
        kept = [row for row in rows if row[3] >= choices.least]
        _check_kept(kept, len(rows) - len(kept), out, reading)
        record = _record(reading, files, kept, len(rows) - len(kept))
        _write(out, record_file, kept, record)
    except KeyboardInterrupt:
        raise KeyboardInterrupt("Stopped. Nothing was written.") from None
    return Observation(out, record, tuple(reading.problems))


def _check_replaceable(out: Path, record_file: Path, force: bool) -> None:
    """Refuses to replace a series without ``force``, and a device or folder in any case."""
    try:
        for file in (out, record_file):
            if file.exists() and not file.is_file():
                raise ResultsError(f"{file} is no file that could be replaced. Name another.")
            if file.exists() and not force:
                raise ResultsError(f"{file} is there already. Name another, or add --force.")
    except OSError as error:
        raise ResultsError(f"{out} cannot be written: {error.strerror}.") from None


def _read_all(
    sources: list[EventFile], reading: Reading, progress: Callable[[int, int], None]
) -> list[dict[str, Any]]:
    """Reads the files; returns what the record says of each."""
    total, done = sum(file.size for file in sources), 0

    def at_byte(number: int) -> None:
        progress(done + number, total)

    records: list[dict[str, Any]] = []
    names: dict[str, str] = {}
    at_byte(0)
    for file in sources:
        digest = digest_of(file.path, file.name)
        if digest in names:
            text = f"The same as {names[digest]}: its events would count twice."
            problem = Problem(Position(file.name), "duplicate-file", text, "Leave one out.")
            raise ScenarioError([problem])
        names[digest] = file.name
        records.append(_read_file(file, digest, reading, at_byte))
        done += file.size
        at_byte(0)
    if reading.damaged:
        reading.judge()
    return records


def _read_file(
    file: EventFile, digest: str, reading: Reading, at_byte: Callable[[int], None]
) -> dict[str, Any]:
    """Reads a file twice, for its layout and for its events; returns its record."""
    lines, used = reading.lines, reading.used
    with closing(file.tables()) as tables:
        layouts = [survey(*table, reading.choices) for table in tables]
    with closing(file.tables(at_byte)) as tables:
        for (name, content), layout in zip(tables, layouts, strict=True):
            if layout is not None:
                reading.read(name, content, layout)
    record = {
        "name": file.path.name if file.path.is_absolute() else file.path.as_posix(),
        "sha256": digest,
        "format": ", ".join(sorted({layout.format if layout else "empty" for layout in layouts})),
        "lines": reading.lines - lines,
        "used": reading.used - used,
    }
    orders = {layout.dates for layout in layouts if layout and layout.dates}
    if orders and not reading.choices.dates:
        record["dates"] = ", ".join(sorted(orders))
    if any(layout and layout.restored for layout in layouts):
        record["codes"] = "leading zeros put back"
    return record


def _check_kept(kept: list[Row], few: int, out: Path, reading: Reading) -> None:
    """Refuses a series without values, or with years that are slips or no dates."""
    position = Position(str(out))
    if not kept:
        reasons = ", ".join(f"{count:,} {why}" for why, count in reading.left_out.most_common())
        text = f"No value is left of {reading.lines:,} lines{f' ({reasons})' if reasons else ''}."
        hint = f"{few:,} values rest on fewer than {reading.choices.least}: --least." if few else ""
        raise ScenarioError([*reading.problems, Problem(position, "no-rows", text, hint)])
    years = {int(period[:4]) for _, period, _, _ in kept}
    usual = usual_years(years)
    hint = "Mend these dates, leave them out, or raise --least."
    slips = filter(None, (far_from(year, usual) for year in sorted(years)))
    if problems := [Problem(position, "bad-date", text, hint) for text in slips]:
        raise ScenarioError([*reading.problems, *problems])


def _write(out: Path, record_file: Path, kept: list[Row], record: dict[str, Any]) -> None:
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with _aside(out) as series, _aside(record_file) as beside:
            writer = csv.writer(series, lineterminator="\n")
            writer.writerow(COLUMNS)
            writer.writerows((*row[:2], f"{row[2]:.{DIGITS}g}", row[3]) for row in kept)
            if series.tell() > MAX_BYTES:
                hint = "Use --by year, a higher --least, or --only some states."
                raise ResultsError(f"{out} would be over {MAX_BYTES:,} bytes. {hint}")
            json.dump(record, beside, indent=1, ensure_ascii=False)
            beside.write("\n")
    except OSError as error:
        raise ResultsError(f"{out} cannot be written: {error.strerror}.") from error


@contextmanager
def _aside(file: Path) -> Iterator[IO[str]]:
    """A file that appears under its name once it is whole."""
    part = file.with_name(f".{file.name}.part")
    try:
        with part.open("w", encoding="utf-8", newline="") as stream:
            yield stream
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)


def _record(
    reading: Reading, files: list[dict[str, Any]], kept: list[Row], few: int
) -> dict[str, Any]:
    choices = asdict(reading.choices)
    codes = choices.pop("codes")
    return {
        "format": FORMAT,
        "relsim": __version__,
        **choices,
        "codes": codes and {"name": codes.name, "sha256": digest_of(codes, "")},
        "files": files,
        "lines": {
            "read": reading.lines,
            "used": reading.used,
            "damaged": reading.damaged,
            "left_out": dict(reading.left_out.most_common()),
        },
        "unknown_states": dict(reading.unknown.most_common(UNKNOWN_SHOWN)),
        "values": {
            "written": len(kept),
            "below_least": few,
            "dyads": len({row[0] for row in kept}),
            "first": min(row[1] for row in kept),
            "last": max(row[1] for row in kept),
        },
    }
