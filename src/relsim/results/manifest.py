"""The manifest: what was asked, of which version, and how event weights were chosen."""

from __future__ import annotations

import json
import platform
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

from relsim import __version__
from relsim.analysis.claims import Verdict
from relsim.ensemble.chunks import Chunk
from relsim.ensemble.journal import Digests
from relsim.errors import ResultsError
from relsim.results.comparisons import Comparisons, compared_ids, note_on_changes
from relsim.results.folder import MANIFEST
from relsim.results.identity import Question
from relsim.scenario.goldstein import goldstein_weights
from relsim.scenario.schema import Pulse, Scenario
from relsim.scenario.values import central

FORMAT = 1
LIBRARIES = ("mesa", "numba", "numpy", "pydantic", "xarray", "zarr")


def manifest(
    question: Question,
    command: str,
    durations: dict[str, float],
    stability: dict[str, Any],
    claims: Sequence[Verdict],
    compared: Comparisons,
    chunks: Mapping[Chunk, Digests],
    failures: int,
) -> dict[str, Any]:
    """The manifest of a result, as plain data. It names no machine and no absolute path."""
    scenario = question.scenario
    return {
        "format": FORMAT,
        "relsim": __version__,
        "id": question.id,
        "scenario": {
            "name": scenario.name,
            "slug": scenario.slug,
            "hash": question.scenario_hash,
            "changes": scenario.changes,
        },
        "command": command,
        "seed": question.seed,
        "runs": question.runs,
        "record": question.record,
        "thin": question.thin,
        "time": {
            "start": str(scenario.time.start),
            "end": str(scenario.time.end),
            "step": scenario.time.step,
        },
        "stability": stability,
        "claims": [asdict(verdict) for verdict in claims],
        "comparisons": compared_ids(compared),
        "notes": [note] if (note := note_on_changes(scenario)) else [],
        "failures": failures,
        "event_weights": event_weights(scenario),
        "versions": versions(LIBRARIES),
        "seconds": {name: round(seconds, 3) for name, seconds in durations.items()},
        "chunks": [
            {"first": chunk.first, "runs": chunk.runs, "digests": found}
            for chunk, found in sorted(chunks.items(), key=lambda item: item[0].first)
        ],
    }


def versions(libraries: Iterable[str]) -> dict[str, str]:
    """Of Python and of some libraries."""
    return {"python": platform.python_version(), **{name: version(name) for name in libraries}}


def write_manifest(content: Mapping[str, Any], folder: Path) -> None:
    """Writes a manifest, which makes a result whole.

    Raises:
        OSError: it cannot be written.
    """
    text = json.dumps(content, ensure_ascii=False, indent=2) + "\n"
    (folder / MANIFEST).write_text(text, encoding="utf-8")


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a result.

    Raises:
        ResultsError: it cannot be read, or lacks what tells one result from another.
    """
    try:
        content: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        _ = content["scenario"]["slug"], content["seed"], content["relsim"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ResultsError(f"{folder / MANIFEST} cannot be read: {error}.") from error
    return content


def event_weights(scenario: Scenario) -> list[dict[str, Any]]:
    """Every pulse that names a CAMEO code: its published weight and the size in use."""
    unit = central(scenario.parameters.goldstein_unit)
    rows = []
    for name, event in scenario.events.items():
        for effect in event.effects:
            if not isinstance(effect, Pulse) or effect.cameo is None:
                continue
            weight = goldstein_weights()[effect.cameo]
            overridden = effect.size is not None
            rows.append(
                {
                    "event": name,
                    "pulse": str(effect.pulse),
                    "cameo": effect.cameo,
                    "goldstein": weight,
                    "published_size": round(unit * weight, 6),
                    "size": central(effect.size) if effect.size is not None else unit * weight,
                    "overridden": overridden,
                    "off": event.off,
                }
            )
    return rows
