"""The figures that a finished experiment or hindcast has as files, for notebooks."""

from __future__ import annotations

from pathlib import Path

from relsim.display import Figure
from relsim.errors import ResultsError, did_you_mean
from relsim.results.folder import FIGURES

# How the names of main figures begin; of others, the first by name is the main one.
MAIN = ("response-", "tornado", "sizes", "skill", "bands")


def drawn_figure(folder: Path, title: str, name: str | None = None) -> Figure:
    """A figure of a result.

    Args:
        folder: of the result.
        title: what is read where it cannot be seen.
        name: of its file, without the ending; the main one where absent.

    Raises:
        ResultsError: there is no such figure.
    """
    names = sorted(file.stem for file in (folder / FIGURES).glob("*.svg"))
    if name is None:
        main = (each for start in MAIN for each in names if each.startswith(start))
        name = next(main, names[0] if names else "")
    if name not in names:
        text = f"{folder} has no figure {name}".rstrip()
        raise ResultsError(f"{text}. {did_you_mean(name, names)}".rstrip())
    try:
        svg = (folder / FIGURES / f"{name}.svg").read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise ResultsError(f"The figure {name} of {folder} cannot be read: {error}.") from error
    return Figure(svg, f"{title}: {name}")
