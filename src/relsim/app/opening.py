"""What the page needs to know of a scenario before its first picture: names, controls, charts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from relsim.analysis.claims import expectation_in_words
from relsim.analysis.findings import pair_title
from relsim.app.controls import controls_of, events_of
from relsim.app.view_tables import opening_network
from relsim.ensemble.record import RecordLevel, overall_pairs
from relsim.figures.live import (
    DARK,
    SMALL,
    carriers_chart,
    difference_chart,
    fan_chart,
    parts_chart,
)
from relsim.model.compile import compile_scenario
from relsim.scenario.schema import Scenario


def opened(
    scenario: Scenario,
    base: Scenario,
    base_file: str,
    base_changes: Mapping[str, Any],
    file: str,
    seed: int,
    stages: Sequence[int],
    record: RecordLevel = "domains",
) -> dict[str, Any]:
    """What a page needs to know of a scenario before the first picture.

    Args:
        scenario: as its file has it.
        base: what is compared with.
        base_file, base_changes: how the base is made.
        file: of the scenario, as the page calls it.
        seed: of all ensembles.
        stages: numbers of runs.
        record: what is kept of each run (see :attr:`relsim.app.engine.Growing.record`).
    """
    watched = scenario.pair_names(scenario.watched_pairs)
    months = [str(month) for month in scenario.time.months]
    recorded = scenario.pair_names(overall_pairs(compile_scenario(scenario), record))
    # The page shows the first of them first.
    pairs = [*filter(recorded.__contains__, watched), *(p for p in recorded if p not in watched)]
    return {
        "type": "opened",
        "scenario": {
            "file": file,
            "name": scenario.name,
            "about": scenario.about,
            "start": str(scenario.time.start),
            "end": str(scenario.time.end),
            "step": scenario.time.step,
            "months": months,
            "seed": seed,
            "stages": list(stages),
            "states": [
                {"code": code, "name": state.name or code}
                for code, state in scenario.states.items()
            ],
            "pairs": [
                {"pair": pair, "title": pair_title(scenario, pair), "watched": pair in watched}
                for pair in pairs
            ],
            "domains": list(scenario.domains),
        },
        "base": {"scenario": base_file, "changes": dict(base_changes), "title": base.title},
        "controls": [asdict(control) for control in controls_of(scenario)],
        "events": [asdict(event) for event in events_of(scenario)],
        "claims": [
            {
                "name": name,
                "says": claim.says,
                "test": expectation_in_words(claim.expect, scenario.time),
                "against": claim.expect.against or "",
                "required": claim.probability,
            }
            for name, claim in scenario.claims.items()
        ],
        "charts": {
            "fan": fan_chart(months),
            "difference": difference_chart(months),
            "small_fan": fan_chart(months, SMALL),
            "small_difference": difference_chart(months, SMALL),
            "carriers": carriers_chart(),
            "parts": parts_chart(),
            "network": opening_network(scenario),
        },
        "dark": DARK,
    }
