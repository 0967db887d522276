"""Outcomes of points that are done, kept while an experiment goes on."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from relsim.model.plan import Ints
from relsim.stats import Values

FOLDER = "points"


class PointJournal:
    """A folder with a file for each chunk of points.

    Args:
        folder: where the files stand; it is there.
        points: [P, K] of the design; what was kept of others is not read.
        measures: names of the outcomes.
        runs: R, at each point.
    """

    def __init__(self, folder: Path, points: Values, measures: list[str], runs: int) -> None:
        self._folder = folder
        self._points, self._measures, self._runs = points, measures, runs

    def keep(self, places: Ints, outcomes: Mapping[str, Values]) -> None:
        """Writes the outcomes [p, R] of some points, whole or not at all."""
        file = self._folder / f"{int(places[0]):08d}.npz"
        aside = file.with_suffix(".part")
        content: dict[str, Any] = {f"of_{name}": values for name, values in outcomes.items()}
        with aside.open("wb") as opened:
            np.savez(opened, places=places, points=self._points[places], **content)
        aside.replace(file)

    def known(self) -> dict[int, dict[str, Values]]:
        """By place, the outcomes [R] of the points that are done; damaged files are left out."""
        found: dict[int, dict[str, Values]] = {}
        for file in sorted(self._folder.glob("*.npz")):
            found |= self._read(file)
        return found

    def _read(self, file: Path) -> dict[int, dict[str, Values]]:
        try:
            with file.open("rb") as opened, np.load(opened, allow_pickle=False) as stored:
                places, points = stored["places"], stored["points"]
                outcomes = {name: stored[f"of_{name}"] for name in self._measures}
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            return {}
        shape = len(places), self._runs
        alike = all(values.shape == shape for values in outcomes.values())
        if not alike or not np.array_equal(points, self._points[places]):
            return {}
        return {
            int(place): {name: values[row] for name, values in outcomes.items()}
            for row, place in enumerate(places)
        }
