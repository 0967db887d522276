"""``python -m benchmarks.interest_effects``: how far each interest moves the pair it is about.

Every tie, stance, salience and capacity of the two states of the first watched pair of both shipped
regions goes from end to end, without noise and events and with uncertain numbers at the middle of
their ranges. Beside the change of the pair's cooperation stand the first-order formula, one typical
act, and the same interest recoded, which moves nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import Any

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

import relsim
from benchmarks.first_order import FirstOrder, Levels
from relsim.scenario.load import check_text
from relsim.scenario.schema import Scenario
from relsim.scenario.text import yaml_text
from relsim.scenario.values import central

SCENARIOS = Path(__file__).resolve().parent.parent / "scenarios"
REGIONS = (
    SCENARIOS / "pakistan-russia" / "status-quo.yaml",
    SCENARIOS / "nile-red-sea" / "status-quo.yaml",
)
ACT = "057"  # both sign a formal agreement: +8 of 10 in every domain, half gone after nine months


@dataclass(frozen=True)
class Effect:
    """What an interest does to cooperation C of the pair by the end of the simulation.

    Attributes:
        path: as changes take it, ``PAK.ties.USA``.
        low, high: the ends between which it goes.
        changed: C with the high end less C with the low one.
        formula: the same to first order.
        recoded: the same where the interest is another reading of the opening.
    """

    path: str
    low: float
    high: float
    changed: float
    formula: float
    recoded: float


class Region:
    """A status quo of certain numbers without noise and events, and its first watched pair."""

    def __init__(self, file: Path) -> None:
        self.scenario = at_rest(relsim.load(file))
        self.pair = self.scenario.watched_pairs[0]
        postures = relsim.simulate(self.scenario, runs=1, record="postures").data["posture"]
        opening = postures.isel(run=0, time=0)
        self.postures: dict[str, Levels] = {
            str(direction): opening.sel(direction=direction).values.astype(float)
            for direction in opening["direction"].values
        }

    def effects(self) -> Iterator[Effect]:
        """One for each interest of the two states, in file order."""
        formula = FirstOrder(self.scenario, self.postures)
        for path, low, high in (ends for code in self.pair for ends in self._ends(code)):
            changed = [self.scenario.with_changes({path: end}) for end in (low, high)]
            recoded = [self.scenario.recoded({path: end}) for end in (low, high)]
            yield Effect(
                path,
                low,
                high,
                self._level(changed[1]) - self._level(changed[0]),
                formula.change(self.pair, changed[1]) - formula.change(self.pair, changed[0]),
                self._level(recoded[1]) - self._level(recoded[0]),
            )

    def act(self) -> float:
        """The most by which one typical act of both moves the pair, in any step."""
        pulse = {"pulse": "-".join(self.pair), "cameo": ACT}
        act = {"at": str(self.scenario.time.start), "effects": [pulse]}
        course = self._course(self.scenario.with_changes({"events.act": act}))
        return float(np.abs(course - course[0]).max())

    def _ends(self, code: str) -> Iterator[tuple[str, float, float]]:
        state = self.scenario.states[code]
        for other, tie in state.ties.items():
            yield f"{code}.ties.{other}", 0.0, -1.0 if central(tie.weight) < 0 else 1.0
        for issue in state.issues:
            yield f"{code}.issues.{issue}.stance", -1.0, 1.0
            yield f"{code}.issues.{issue}.salience", 0.0, 1.0
        for place, domain in enumerate(self.scenario.domains):
            if domain in state.capacity:  # no less than the opening needs
                own = (p[place] for name, p in self.postures.items() if code in name.split(">"))
                yield f"{code}.capacity.{domain}", ceil(100 * max(own)) / 100, 1.0

    def _level(self, scenario: Scenario) -> float:
        return float(self._course(scenario)[-1])

    def _course(self, scenario: Scenario) -> Levels:
        overall = relsim.simulate(scenario, runs=1, record="watched").data["overall"]
        course: Levels = overall.sel(pair="-".join(self.pair)).values[0].astype(float)
        return course


def at_rest(scenario: Scenario) -> Scenario:
    """The scenario with certain numbers and without noise, events and claims."""
    data = _certain(scenario.as_written | {"events": {}, "claims": {}})
    data["parameters"] = data.get("parameters", {}) | {"volatility": 0, "drift": 0}
    for state in data["states"].values():
        state.get("traits", {}).pop("volatility", None)
    return check_text(yaml_text(data), scenario.slug).require()


def _certain(data: Any) -> Any:
    """Plain data with the middle of each uniform and the mode of each triangular in its place."""
    if not isinstance(data, dict):
        return data
    if set(data) == {"uniform"}:
        return sum(data["uniform"]) / 2
    if set(data) == {"triangular"}:
        return data["triangular"][1]
    return {key: _certain(value) for key, value in data.items()}


def main() -> None:
    """Print a table for each shipped region."""
    console = Console(width=110)
    for file in REGIONS:
        region = Region(file)
        act = region.act()
        title = f"{'–'.join(region.pair)} in {region.scenario.time.end}; "
        title += f"a typical act moves it by {act:.3f}"
        headings = ("interest", "from", "to", "changed", "formula", "of an act", "recoded")
        table = Table(*headings, title=title)
        for column in table.columns[1:]:
            column.justify = "right"
        for effect in region.effects():
            table.add_row(
                effect.path,
                f"{effect.low:g}",
                f"{effect.high:g}",
                f"{effect.changed:+.4f}",
                f"{effect.formula:+.4f}",
                f"{abs(effect.changed) / act:.0%}",
                f"{effect.recoded:g}",
            )
        console.print(table)


if __name__ == "__main__":
    typer.run(main)
