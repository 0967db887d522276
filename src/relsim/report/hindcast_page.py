"""The page of a hindcast: how good forecasts were, against what, and what is said of years to
come."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from relsim.hindcast.findings import Hindcast
from relsim.hindcast.panel import run_of
from relsim.report.measured_page import Words

CAUTION = (
    "Scored is the linear model that the simulation comes down to near its opening: a level of "
    "each pair, fluctuation around it, slow drift, and news-coded measurement. What a scenario "
    "adds to it, by events and issues, is not scored here."
)
SHOWN = {
    "skill": (
        "Skill",
        "CRPS, log score (nats, lower is better) and RMSE in units of measured cooperation; "
        "coverage and width of bands; ratio: CRPS over that of the best baseline, with its 95 % "
        "interval; large: the same of CRPS with weight only where a value is far from the last one "
        "known; year_blocks: of years that intervals are over, 0 where over states alone",
    ),
    "parameters": ("Fitted numbers", "On all years; pulls are those of docs/ODD.md"),
    "forecast": ("Years to come", "Mean and bands, of the model fitted on all years"),
}


def hindcast_words(found: Hindcast, manifest: Mapping[str, Any]) -> Words:
    """What the page says, of what was found and the manifest."""
    return Words(
        title=f"Hindcast of {manifest['file']}",
        about="",
        meta=_meta(found, manifest),
        caution=CAUTION,
        shown=SHOWN,
    )


def _meta(found: Hindcast, manifest: Mapping[str, Any]) -> str:
    first, last = manifest["years"]
    horizons = ", ".join(str(years) for years in found.horizons)
    left_out = f"; {found.hold_out} left out in turn, as if never seen" if found.hold_out else ""
    return (
        f"{manifest['pairs']:,} pairs, {first} to {last}. Forecast from {run_of(found.origins)}, "
        f"{horizons} years ahead, everything fitted on the years "
        f"before{left_out}."
    )
