"""The figures that a finished experiment or hindcast has as files, for notebooks."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from relsim.display import Figure
from relsim.errors import ResultsError, did_you_mean
from relsim.results.folder import FIGURES


def drawn_figure(
    folder: Path, manifest: Mapping[str, Any], title: str, name: str | None = None
) -> Figure:
    """A figure of a result.

    Args:
        folder, manifest: of the result.
        title: what is read where it cannot be seen.
        name: of its file, without the ending; the main one where absent, which is the first that
            was drawn.

    Raises:
        ResultsError: there is no such figure.
    """
    there = sorted(file.stem for file in (folder / FIGURES).glob("*.svg"))
    names = [each for each in manifest.get("figures", there) if each in there]
    name = next(iter(names), "") if name is None else name
    if name not in names:
        text = f"{folder} has no figure {name}".rstrip()
        raise ResultsError(f"{text}. {did_you_mean(name, names)}".rstrip())
    try:
        svg = (folder / FIGURES / f"{name}.svg").read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise ResultsError(f"The figure {name} of {folder} cannot be read: {error}.") from error
    return Figure(svg, f"{title}: {name}")
