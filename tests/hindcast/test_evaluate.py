"""Rolling origins: nothing of the future gets in, and no skill is reported where there is none."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from hindcast.made import made_panel, shuffled
from relsim.analysis.observed import read_observed
from relsim.errors import RelsimError
from relsim.hindcast.baselines import BASELINES
from relsim.hindcast.evaluate import (
    LARGE,
    LEVEL,
    MODEL,
    beyond,
    evaluate,
    forecasters,
    known_levels,
    skill,
)
from relsim.hindcast.panel import Panel, origins_of, panel_of
from relsim.hindcast.scores import MIDDLES

PANEL = made_panel(years=10, seed=31, states=9)
ROOT = Path(__file__).parents[2]
HISTORY = Path(os.environ.get("RELSIM_HISTORY", ROOT.parent / "shared" / "history"))


@pytest.mark.parametrize("name", list(forecasters()))
def test_the_future_changes_no_forecast(name: str) -> None:
    future = PANEL.values.copy()
    future[:, 6:] = -future[:, 6:]
    events = PANEL.events.copy()
    events[:, 6:] *= 7
    other = replace(PANEL, values=future, events=events)
    forecaster = {name: forecasters()[name]}
    rows = [evaluate(one, forecaster, (2005,), (1, 3)) for one in (PANEL, other)]
    said = ["mean", "lower80", "upper80", "lower95"]
    pd.testing.assert_frame_equal(rows[0][said], rows[1][said], check_exact=True)
    assert not np.allclose(rows[0]["crps"], rows[1]["crps"])


@pytest.mark.parametrize("hold_out", ["pairs", "states"])
def test_a_pair_held_out_is_forecast_without_its_own_past(hold_out: str) -> None:
    other = PANEL.values.copy()
    other[0, :6] = -0.9
    chosen = {"weighted mean": forecasters()["weighted mean"]}
    panels = PANEL, replace(PANEL, values=other)
    rows = [evaluate(one, chosen, (2005,), (1,), hold_out) for one in panels]  # type: ignore[arg-type]
    own = [one[one["dyad"] == PANEL.dyads[0]]["mean"] for one in rows]
    assert own[0].tolist() == pytest.approx(own[1].tolist(), abs=1e-12)
    weights = rows[0].groupby("dyad")["weight"].sum()
    assert weights.to_numpy() == pytest.approx(np.ones(len(PANEL.dyads)))


@pytest.mark.slow
def test_dynamics_are_worth_something_where_there_are_some() -> None:
    panel = made_panel(years=14, seed=33, states=14)
    chosen = {name: forecasters()[name] for name in (MODEL, LEVEL, "weighted mean")}
    scores = evaluate(panel, chosen, origins=range(2005, 2013), horizons=(1,))
    table = skill(scores).query("forecaster == @MODEL")
    assert table["to_level_high"].iloc[0] < 1
    assert table["ratio"].iloc[0] < 1


def test_years_in_no_order_give_no_skill() -> None:
    table = judged(shuffled(PANEL, seed=34), origins=(2004, 2006, 2008))
    assert (table["to_level_high"] >= 1).all()


def judged(panel: Panel, origins: tuple[int, ...]) -> pd.DataFrame:
    table = skill(evaluate(panel, origins=origins, horizons=(1, 3)), draws=400)
    return table[table["forecaster"] == MODEL].set_index("horizon")


def test_a_ratio_is_to_the_best_baseline_and_its_interval_holds_it() -> None:
    scores = evaluate(PANEL, origins=(2005,), horizons=(1,))
    table = skill(scores, draws=300).set_index("forecaster")
    simple = table.drop([MODEL, LEVEL])
    best = min(simple.index.astype(str), key=lambda name: float(simple["crps"][name]))
    assert table["best"][best]
    assert table["ratio_low"][best] == table["ratio"][best] == table["ratio_high"][best] == 1
    assert (table["ratio_low"] <= table["ratio"]).all()
    assert (table["ratio"] <= table["ratio_high"]).all()
    assert table["ratio"][MODEL] == pytest.approx(table["crps"][MODEL] / simple["crps"].min())


def test_large_changes_are_judged_by_what_is_known_at_the_origin() -> None:
    other = PANEL.values.copy()
    other[:, 6:] = -other[:, 6:]
    panels = PANEL, replace(PANEL, values=other)
    kept = [beyond(known_levels(one.until(2005))) for one in panels]
    assert (kept[0] == kept[1]).all()
    level = known_levels(PANEL.until(2005))[0]
    assert MIDDLES[kept[0][0] == 0] == pytest.approx(level, abs=LARGE)
    hidden = PANEL.until(2005).hiding(np.arange(len(PANEL.dyads)) == 0)
    seen = known_levels(PANEL.until(2005))[1:]
    assert known_levels(hidden)[0] == pytest.approx(seen.mean())


def test_the_best_baseline_at_large_changes_is_chosen_by_their_score() -> None:
    table = skill(evaluate(PANEL, origins=(2005, 2006), horizons=(1,))).set_index("forecaster")
    simple = [one.name for one in BASELINES]
    assert table["crps_large"][simple].idxmin() == table.index[table["best_large"]][0]
    ratio = table["crps_large"][MODEL] / table["crps_large"][simple].min()
    assert table["large"][MODEL] == pytest.approx(ratio)
    assert (table["crps_large"] <= table["crps"]).all()


def test_a_series_too_short_is_refused() -> None:
    with pytest.raises(RelsimError, match="takes 3"):
        origins_of(PANEL.until(2001), (1,))


@pytest.mark.slow
@pytest.mark.skipif(not HISTORY.exists(), reason="the measured series are not here")
def test_measured_series_are_forecast_better_than_by_the_best_baseline() -> None:
    panel = panel_of(read_observed(HISTORY / "icews_net.csv"))
    table = skill(evaluate(panel))
    model = table[table["forecaster"] == MODEL].set_index("horizon")
    assert model["ratio"].tolist() == pytest.approx([0.959, 0.969, 0.976], abs=0.001)  # hindcast.md
    assert model["cover80"].between(0.77, 0.83).all()
