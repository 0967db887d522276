"""Counts of events to come: where they are expected, and how unsure that is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from hindcast.made import made_panel
from relsim.hindcast.panel import Panel
from relsim.hindcast.pooling import SHARES, counts_of

PANEL = made_panel(years=10, seed=61, states=14)


def walking(panel: Panel, at_once: float, a_year: float, seed: int) -> Panel:
    """The same with counts that walk, about 5 in logs, with effects of states."""
    rng = np.random.default_rng(seed)
    shape = panel.events.shape
    _, joins = panel.states()
    states = joins @ rng.normal(0, 0.8, joins.shape[1])
    walk = np.sqrt(a_year) * np.cumsum(rng.standard_normal(shape), axis=1)
    logs = 5 + states[:, np.newaxis] + walk + np.sqrt(at_once) * rng.standard_normal(shape)
    return replace(panel, events=np.exp(logs))


def test_the_spread_of_counts_is_that_of_the_past_and_grows_by_the_year() -> None:
    panel = walking(PANEL, 0.3, 0.1, 62)
    counts = counts_of(panel.until(2007))
    for years in (1, 2):
        logs = np.log(panel.events[:, 7 + years]) - counts.logs
        assert np.sqrt((logs**2).mean()) == pytest.approx(
            np.sqrt(counts.at_once + counts.a_year * years), rel=0.2
        )
    assert counts.a_year == pytest.approx(0.1, rel=0.5)


def test_the_mixture_has_the_mean_and_spread_of_the_logs() -> None:
    counts = replace(counts_of(walking(PANEL, 0.3, 0.1, 62)), least=0.0)
    logs = np.log(counts.ahead(3))
    mean = logs @ SHARES
    assert mean == pytest.approx(counts.logs)
    assert ((logs - mean[:, np.newaxis]) ** 2) @ SHARES == pytest.approx(
        np.full(len(mean), counts.at_once + 3 * counts.a_year)
    )


def test_counts_of_a_pair_never_seen_are_foretold_by_its_states_and_unsure() -> None:
    panel = walking(PANEL, 0.05, 0.0, 63)
    hidden = np.arange(len(panel.dyads)) % 5 == 0
    counts = counts_of(panel.hiding(hidden))
    truth = np.log(panel.events[hidden]).mean(axis=1)
    assert np.corrcoef(counts.logs[hidden], truth)[0, 1] > 0.9
    assert (counts.variance[hidden] > 0).all()
    assert not counts.variance[~hidden].any()
    gaps, left = counts.lasting(1)
    assert not gaps[~hidden].any()
    assert (left[hidden] < counts.variance[hidden]).all()


def test_no_count_is_below_the_fewest_that_a_value_has() -> None:
    counts = counts_of(PANEL)
    assert counts.ahead(5).min() >= PANEL.events.min()
