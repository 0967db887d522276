"""Names of the files of figures, one for each measure."""

from __future__ import annotations

from collections.abc import Iterable

from relsim.scenario.load import slug


def file_names(measures: Iterable[str]) -> list[str]:
    """Each measure as part of the name of a file, with its number where another is spelt alike."""
    names: list[str] = []
    for place, measure in enumerate(measures, start=1):
        name = slug(measure)
        names.append(name if name not in names else f"{name}-{place}")
    return names
