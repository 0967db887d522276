"""Series made by the state space itself, with numbers that are known."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from scipy.special import expit

from relsim.hindcast.panel import Panel, Values
from relsim.hindcast.state_space import Dynamics

TRUTH = Dynamics(
    level=1.4,
    level_spread=0.4,
    drift=0.12,
    volatility=0.2,
    persistence=0.5,
    passing=0.12,
    clustering=3.0,
    unevenness=0.3,
    shared_drift=0.05,
    shared_passing=0.05,
)


def made_panel(years: int, seed: int, states: int = 14, of_states: float = 0.3) -> Panel:
    """All pairs of some states; events differ by pair from 30 to 3000."""
    truth = TRUTH
    rng = np.random.default_rng(seed)
    names = [f"S{number:02d}" for number in range(states)]
    dyads = [f"{a}-{b}" for place, a in enumerate(names) for b in names[place + 1 :]]
    effects = dict(zip(names, rng.normal(0, of_states, states), strict=True))
    offsets = np.array([sum(effects[state] for state in dyad.split("-")) for dyad in dyads])
    pulls = truth.level + offsets[:, np.newaxis] + made_pulls(len(dyads), years, truth, rng)
    events = np.exp(rng.uniform(np.log(30), np.log(3000), len(dyads))).round()
    events = np.repeat(events[:, np.newaxis], years, axis=1)
    share = expit(2 * pulls)
    precision = events / truth.clustering - 1
    drawn = rng.beta(precision * share, precision * (1 - share))
    values = 2 * (drawn * events).round() / events - 1
    return Panel(tuple(dyads), tuple(range(2000, 2000 + years)), values, events)


def made_pulls(pairs: int, years: int, truth: Dynamics, rng: np.random.Generator) -> Values:
    """Level, fluctuation and passing spread of each pair and year, and what is shared, [P, T]."""
    factor = np.exp(truth.unevenness * rng.standard_normal(pairs))
    level = truth.level_spread * rng.standard_normal(pairs)
    fluctuation = truth.volatility * factor * rng.standard_normal(pairs)
    fresh = truth.volatility * factor * np.sqrt(1 - truth.persistence**2)
    pulls = np.empty((pairs, years))
    for year in range(years):
        if year:
            level = level + truth.drift * rng.standard_normal(pairs)
            fluctuation = truth.persistence * fluctuation + fresh * rng.standard_normal(pairs)
        pulls[:, year] = level + fluctuation
    own = truth.passing * factor[:, np.newaxis] * rng.standard_normal((pairs, years))
    lasting = np.append(0.0, np.cumsum(truth.shared_drift * rng.standard_normal(years - 1)))
    return pulls + own + lasting + truth.shared_passing * rng.standard_normal(years)


def shuffled(panel: Panel, seed: int) -> Panel:
    """Each pair's years in an order of their own."""
    rng = np.random.default_rng(seed)
    order = rng.permuted(np.tile(np.arange(len(panel.years)), (len(panel.dyads), 1)), axis=1)
    rows = np.arange(len(panel.dyads))[:, np.newaxis]
    return replace(panel, values=panel.values[rows, order], events=panel.events[rows, order])


def made_file(path: Path, years: int = 8, seed: int = 4, states: int = 6) -> Path:
    """Such series as a file."""
    panel = made_panel(years, seed, states)
    rows = [
        f"{dyad},{year},{panel.values[row, column]:.4f},{panel.events[row, column]:.0f}"
        for row, dyad in enumerate(panel.dyads)
        for column, year in enumerate(panel.years)
    ]
    text = "\n".join(["dyad,period,value,events", *rows]) + "\n"
    path.write_text(text, encoding="utf-8")
    return path
