"""Baselines: what they make of a past, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from hindcast.made import made_panel
from relsim.hindcast.baselines import (
    BASELINES,
    PLAIN,
    Baseline,
    _fit_spread,
    last_value,
    long_mean,
    mean_of_five,
    past_cases,
    weighted_mean,
)
from relsim.hindcast.panel import Panel

GAP = np.array([[0.1, 0.3, np.nan, 0.5, 0.7, 0.9, -0.1, np.nan]])
PANEL = Panel(("A-B",), tuple(range(8)), GAP, np.where(np.isnan(GAP), np.nan, 50.0))


def test_each_feature_is_what_its_name_says() -> None:
    assert last_value(PANEL)[0, [2, 7]].tolist() == [0.3, -0.1]
    assert mean_of_five(PANEL)[0, 7] == pytest.approx((0.5 + 0.7 + 0.9 - 0.1) / 4)
    assert long_mean(PANEL)[0, 3] == pytest.approx(0.3)
    by_hand = 0.1
    for value in (0.3, 0.5, 0.7):
        by_hand += 0.3 * (value - by_hand)
    assert weighted_mean(PANEL)[0, 4] == pytest.approx(by_hand)


def test_a_long_gap_leaves_the_newest_value() -> None:
    values = np.full((1, 8), np.nan)
    values[0, 1] = 0.4
    panel = Panel(("A-B",), tuple(range(8)), values, np.where(np.isnan(values), np.nan, 50.0))
    assert mean_of_five(panel)[0, 7] == 0.4
    assert np.isnan(mean_of_five(panel)[0, 0])


def test_past_cases_look_from_each_year_to_each_later_one() -> None:
    cases, values, events = past_cases(PANEL, (last_value,))
    assert len(values) == 5 + 4 + 4 + 3 + 2 + 1  # measured years after 0, 1, 2, 3, 4 and 5
    assert cases.features[0, 0] == 0.1
    assert values[0] == 0.3
    assert set(events) == {50.0}


@pytest.mark.parametrize("baseline", BASELINES, ids=lambda baseline: baseline.name)
def test_a_baseline_covers_what_it_has_learnt_to_expect(baseline: Baseline) -> None:
    panel = made_panel(years=12, seed=41)
    said = baseline.forecast(panel.until(2010), (1,))[1]
    # One spread for calm and restless pairs alike covers more than it says.
    assert 0.74 < said.covered(panel.values[:, 11], 0.8).mean() < 0.95


def test_a_spread_by_events_is_recovered() -> None:
    rng = np.random.default_rng(3)
    events = rng.uniform(10, 1000, 20_000)
    errors = rng.normal(0, np.sqrt(0.06**2 + 0.9**2 / events))
    always, by_event = _fit_spread(errors, events)
    assert np.sqrt(always) == pytest.approx(0.06, rel=0.05)
    assert np.sqrt(by_event) == pytest.approx(0.9, rel=0.05)


def test_bands_hold_what_they_say_and_follow_the_mean() -> None:
    panel = made_panel(years=12, seed=8)
    inside, count = 0, 0
    for origin in (2007, 2008, 2009, 2010):
        said = PLAIN[2].forecast(panel.until(origin), (1,))[1]
        lower, upper = said.band(0.8)
        came = panel.values[:, panel.years.index(origin + 1)]
        inside += int(((came >= lower) & (came <= upper)).sum())
        count += len(came)
    assert inside / count == pytest.approx(0.8, abs=0.08)
    now = weighted_mean(panel.until(2007))[:, -1]
    middle = PLAIN[2].forecast(panel.until(2007), (1,))[1].quantiles(0.5)
    assert np.abs(np.clip(now, -1, 1) - middle).max() < 0.01
