"""Whether alignment is worth its weight: the script finds it where it is, and what was measured."""

from __future__ import annotations

import importlib.util
import os
from itertools import combinations
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest

from relsim.analysis.observed import read_observed
from relsim.hindcast.panel import Panel, panel_of

ROOT = Path(__file__).parents[2]
SHARED = ROOT.parent / "shared"
HISTORY = Path(os.environ.get("RELSIM_HISTORY", SHARED / "history")) / "icews_net.csv"
COUNTS = (
    Path(os.environ.get("RELSIM_EVIDENCE", SHARED / "evidence")) / "icews_directed_2002_2011.csv.gz"
)
here = pytest.mark.skipif(
    not COUNTS.exists(), reason=f"{COUNTS.name} is not here; RELSIM_EVIDENCE names its folder"
)


@pytest.fixture(scope="module")
def script() -> ModuleType:
    file = ROOT / "scripts" / "score_alignment.py"
    spec = importlib.util.spec_from_file_location("score_alignment", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def made(script: ModuleType, gain: float, powers: int = 4, states: int = 16) -> Panel:
    """All pairs of some states of which a few have most of the news, and others follow them."""
    rng, names = np.random.default_rng(7), [f"S{number:02d}" for number in range(states)]
    dyads, years = ["-".join(pair) for pair in combinations(names, 2)], 10
    places = np.array(list(combinations(range(states), 2)))
    followed = places[:, 0] < powers
    news = np.where(followed, rng.uniform(500, 5000, len(dyads)), 200.0).round()
    panel = Panel(
        tuple(dyads), tuple(range(2000, 2000 + years)), np.empty(0), np.tile(news[:, None], years)
    )
    weights = script._weights(panel, names)
    weights[:, powers:] = 0.0
    tones, now = np.empty((len(dyads), years)), np.full(len(dyads), 0.2)
    for year in range(years):
        relation = np.zeros((states, states))
        relation[tuple(places.T)] = relation[tuple(places.T[::-1])] = now
        term = weights @ relation - (weights.sum(axis=1, keepdims=True) - weights) * relation
        term = ((term + term.T) / 2)[tuple(places.T)]
        pulled = np.where(followed, 0.0, gain * term)
        now = 0.2 + 0.6 * (now - 0.2) + pulled
        now = np.clip(now + np.where(followed, 0.3, 0.1) * rng.standard_normal(len(now)), -0.9, 0.9)
        tones[:, year] = now
    pulls = np.arctanh(0.85) + 2 * (np.arctanh(tones) - np.arctanh(0.2))
    return Panel(panel.dyads, panel.years, np.tanh(pulls), panel.events)


@pytest.mark.parametrize(("gain", "ratio"), [(0.0, (0.99, 1.02)), (0.3, (0.5, 0.95))])
def test_the_regression_finds_alignment_where_it_is_and_none_where_it_is_not(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch, gain: float, ratio: tuple[float, float]
) -> None:
    monkeypatch.setattr(script, "POWERS", 4)
    scores, slopes = script.score_regression(made(script, gain))
    table = script.ratios(scores).set_index(["horizon", "forecaster"])
    own = slopes.query("horizon == 1 and forecaster == @script.WITH")["slope"].iloc[-1]
    assert own == pytest.approx(gain, abs=0.06)
    low, high = ratio
    assert low < table["ratio"][1, script.WITH] < high


def measured() -> Panel:
    """Yearly values of the pairs of the twelve states with most events, both directions summed."""
    counts = pd.read_csv(COUNTS)
    good, bad = counts["verbCoop"] + counts["matlCoop"], counts["verbConf"] + counts["matlConf"]
    counts = counts.assign(net=good - bad, events=good + bad)
    ends = counts[["a", "b"]].melt(ignore_index=False)["value"]
    news = counts["events"].reindex(ends.index).groupby(ends.to_numpy()).sum()
    busiest = set(news.nlargest(12).index)
    counts = counts[counts["a"].isin(busiest) & counts["b"].isin(busiest)]
    first, second = counts[["a", "b"]].min(axis=1), counts[["a", "b"]].max(axis=1)
    keys = [(first + "-" + second).rename("dyad"), counts["year"]]
    yearly = counts.groupby(keys)[["net", "events"]].sum().query("events >= 10")
    values = (yearly["net"] / yearly["events"]).unstack()
    return Panel(
        tuple(str(dyad) for dyad in values.index),
        tuple(int(year) for year in values.columns),
        values.to_numpy(),
        yearly["events"].unstack().to_numpy(np.float64),
    )


@here
def test_third_parties_never_make_a_forecast_of_measured_pairs_clearly_worse(
    script: ModuleType,
) -> None:
    panel = measured()
    scores = script.score_simulation(panel.until(2006), [0.35], runs=100)
    ratios = script.ratios(scores).set_index("forecaster")["ratio"]["gain 0.35"]
    assert (ratios <= 1.005).all()


@here
@pytest.mark.skipif(not HISTORY.exists(), reason="icews_net.csv is not here")
def test_both_measured_series_are_of_the_same_events() -> None:
    one, other = measured(), panel_of(read_observed(HISTORY))
    shared = sorted(set(one.dyads) & set(other.dyads))
    rows = [[panel.dyads.index(dyad) for dyad in shared] for panel in (one, other)]
    values = [panel.values[own] for panel, own in zip((one, other), rows, strict=True)]
    both = ~np.isnan(values[0]) & ~np.isnan(values[1])
    assert both.sum() > 100
    assert values[0][both] == pytest.approx(values[1][both], abs=1e-4)
