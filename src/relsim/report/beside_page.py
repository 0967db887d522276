"""The page of a scenario beside a measured series."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from relsim.hindcast.beside import Beside
from relsim.report.measured_page import Words

CAUTION = (
    "Nothing of the scenario is fitted to the series. The link is: its offset puts the mean of all "
    "pairs of the series at a normal relationship, 0.2; its scale and the spread over pairs are "
    "those that suit the scenario best. A series of news is a share of what was reported, and "
    "enemies who talk much stand high in it. What one history says of a scenario is little: its "
    "pairs share states, its years follow each other."
)
SHOWN = {
    "skill": (
        "Scores",
        "CRPS, log score (nats, lower is better) and RMSE in units of measured cooperation; "
        "coverage and width of bands; ratio: the scenario's CRPS over that of the row, with its "
        "95 % interval; year_blocks: years it is over, 0 where over states alone",
    ),
    "pairs": (
        "Pairs",
        "Means and changes (from the first year measured to the last) of what was measured and "
        "said; share of years in the 80 % band; CRPS of each forecaster",
    ),
    "beside": ("Every pair and year", "Means, scores and bands of each forecaster"),
    "pit": ("PIT", "Share of values in each tenth of what was said; 0.1 each is right"),
}


def beside_words(found: Beside, manifest: Mapping[str, Any]) -> Words:
    """What the page says, of what was found and the manifest."""
    return Words(
        title=f"{found.scenario.title}, beside {manifest['file']}",
        about=found.scenario.about,
        meta=_meta(manifest),
        caution=CAUTION,
        shown=SHOWN,
    )


def _meta(manifest: Mapping[str, Any]) -> str:
    first, last = manifest["years"]
    return (
        f"{manifest['pairs']:,} pairs that both have, {first} to {last}; {manifest['runs']:,} runs "
        f"from seed {manifest['seed']}."
    )
