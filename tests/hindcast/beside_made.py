"""Series that come of a scenario itself: one more of its futures, measured."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
from scipy.special import expit

from hindcast.made import TRUTH
from relsim.ensemble.simulate import simulate
from relsim.hindcast.beside import yearly_means
from relsim.hindcast.forecast import NORMAL, SCALE, Link
from relsim.hindcast.panel import Panel
from relsim.scenario.schema import Scenario
from scenarios_to_test import scenario_of

STATES = "ABCDEFGH"


def scenario(end: str = "2009-06") -> Scenario:
    """All pairs of eight states at levels around a normal one, with an act of weight."""
    pairs = ["-".join(pair) for pair in combinations(STATES, 2)]
    levels = NORMAL + np.random.default_rng(3).uniform(-0.35, 0.35, len(pairs))
    return scenario_of(
        {
            "time": {"start": "1999-12", "end": end},
            "states": {code: {} for code in STATES},
            "ties": {pair: round(float(one), 3) for pair, one in zip(pairs, levels, strict=True)},
            "events": {"break": {"at": "2004-01", "effects": [{"shift": "A-B", "size": -0.8}]}},
            "ensemble": {"runs": 200, "seed": 5},
            "watch": ["A-B", "C-D"],
        }
    )


def measured(one: Scenario, seed: int) -> Panel:
    """What a source would have measured of one future that is in no ensemble of the tests."""
    data = simulate(one, runs=1, seed=1000 + seed, record="overall")
    years = yearly_means(data)
    dyads = tuple(str(pair) for pair in data.data["pair"].values)
    rng = np.random.default_rng(seed)
    latent = np.array([levels[0] for levels in years.values()]).T.astype(np.float64)
    link = Link(TRUTH.level - SCALE * NORMAL / np.sqrt(1 - NORMAL**2))
    pulls = link.pulls(latent) + TRUTH.passing * rng.standard_normal(latent.shape)
    events = np.full(latent.shape, 600.0)
    precision = events / TRUTH.clustering - 1
    share = rng.beta(precision * expit(2 * pulls), precision * expit(-2 * pulls))
    return Panel(dyads, tuple(years), 2 * (share * events).round() / events - 1, events)


def in_another_order(panel: Panel) -> Panel:
    """The same with each series under the name of another pair."""
    moved = np.roll(np.arange(len(panel.dyads)), 5)
    return replace(panel, values=panel.values[moved], events=panel.events[moved])


def as_file(panel: Panel, path: Path) -> Path:
    """The same as a file."""
    rows = [
        f"{dyad},{year},{panel.values[row, column]:.4f},{panel.events[row, column]:.0f}"
        for row, dyad in enumerate(panel.dyads)
        for column, year in enumerate(panel.years)
    ]
    path.write_text("\n".join(["dyad,period,value,events", *rows]) + "\n", encoding="utf-8")
    return path
