"""A scenario and its base as they are opened, and what the page needs to know of them before the
first picture: names, controls, charts."""

from __future__ import annotations

from dataclasses import asdict

from relsim.analysis.claims import expectation_in_words
from relsim.analysis.findings import pair_title
from relsim.app.controls import controls_of, events_of
from relsim.app.engine import Growing
from relsim.app.folder import Folder
from relsim.app.messages import Base, Plain
from relsim.app.view_tables import opening_network
from relsim.ensemble.record import overall_pairs
from relsim.figures.live import (
    DARK,
    SMALL,
    carriers_chart,
    difference_chart,
    fan_chart,
    parts_chart,
)
from relsim.model.compile import compile_scenario
from relsim.scenario.load import load
from relsim.scenario.schema import Scenario


def load_with_base(folder: Folder, file: str, base: Base | None) -> tuple[Scenario, Base, Scenario]:
    """A scenario as its file has it, how its base is made, and the base: the scenario itself where
    none is named.

    Raises:
        RelsimError: a file lies outside of the folder or has problems.
    """
    scenario, itself = load(folder.path(file)), Base(scenario=file)
    if base is None or base == itself:
        return scenario, itself, scenario
    return scenario, base, load(folder.path(base.scenario), base.changes)


def opened(file: str, growing: Growing, base: Base, base_growing: Growing) -> Plain:
    """The message ``opened``: what a page needs to know of a scenario before the first picture.

    Args:
        file: of the scenario, as the page calls it.
        growing: the ensemble of the scenario as its file has it.
        base: how the base is made.
        base_growing: the ensemble of the base.
    """
    scenario = growing.scenario
    watched = scenario.pair_names(scenario.watched_pairs)
    months = [str(month) for month in scenario.time.months]
    recorded = scenario.pair_names(overall_pairs(compile_scenario(scenario), growing.record))
    # The page shows the first of them first.
    pairs = [*filter(recorded.__contains__, watched), *(p for p in recorded if p not in watched)]
    return {
        "type": "opened",
        "scenario": {
            "file": file,
            "hash": growing.scenario_hash,
            "name": scenario.name,
            "about": scenario.about,
            "start": str(scenario.time.start),
            "end": str(scenario.time.end),
            "step": scenario.time.step,
            "months": months,
            "seed": str(growing.seed),  # of more digits than a number of a browser has
            "own_seed": str(scenario.ensemble.seed),
            "stages": list(growing.stages),
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
        "base": {
            **base.model_dump(),
            "title": base_growing.scenario.title,
            "hash": base_growing.scenario_hash,
        },
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
