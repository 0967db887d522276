"""Baselines with a normal spread: fitted on the past, by events."""

from __future__ import annotations

import numpy as np
import pytest

from hindcast.made import made_panel
from relsim.hindcast.baselines import PLAIN, _fit_spread, weighted_mean


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
