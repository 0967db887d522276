"""Which events a panel marks, and where their numbers stand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from relsim.analysis.summary import event_table, how_often
from relsim.ensemble.simulate import Ensemble, simulate
from relsim.figures.marks import EVENT_WIDTH, event_layers, event_rows
from relsim.figures.result import (
    MOST_STRIPS,
    Marked,
    acts_on,
    certain_events,
    chance_strips,
    event_numbers,
    letters,
)
from relsim.figures.style import WIDTH
from scenarios_to_test import scenario_of

STATES = {"states": {"A": {"ties": {"C": 0.1}}, "B": {}, "C": {}}}
TEN_YEARS = pd.Timedelta(days=3653)


@pytest.mark.parametrize(
    ("effect", "acts"),
    [
        ({"pulse": "B>A", "size": 0.1}, True),
        ({"shift": "A-B", "size": 0.1}, True),
        ({"shift": "A-C", "size": 0.1}, False),
        ({"add": "A.ties.C", "by": 0.1}, True),
        ({"add": "C.ties.A", "by": 0.1}, False),
        ({"set": "parameters.drift", "to": 0.1}, True),
    ],
)
def test_an_event_acts_on_ties_it_pushes_and_through_numbers(
    effect: dict[str, Any], acts: bool
) -> None:
    events = {"it": {"at": "2020-02", "effects": [{"shift": "B-C", "size": 0.1}, effect]}}
    assert acts_on(scenario_of({**STATES, "events": events}).events["it"], "A-B") is acts


def test_certain_events_are_those_of_every_run_at_their_first_time() -> None:
    table = pd.DataFrame(
        [
            ("2021-01", "talks", 1.0),
            ("2020-01", "talks", 1.0),
            ("2020-05", "flood", 0.9),
            ("2020-03", "visit", 1.0),
        ],
        columns=["month", "event", "share"],
    )
    certain = certain_events(table)
    assert list(zip(certain["month"], certain["event"], strict=True)) == [
        ("2020-01", "talks"),
        ("2020-03", "visit"),
    ]
    marks = {"A-B": certain[certain["event"] == "visit"], "A-C": certain}
    assert event_numbers(marks) == {"talks": 1, "visit": 2}


def test_numbers_that_would_touch_take_another_row() -> None:
    marks = pd.DataFrame({"month": ["2020-01", "2020-01", "2020-04", "2020-08", "2023-01"]})
    rows = event_rows(marks, TEN_YEARS)
    assert rows == [0, 1, 2, 0, 0]
    assert event_rows(marks, 40 * TEN_YEARS) == [0, 1, 2, 3, 4]
    months = EVENT_WIDTH / WIDTH * 120
    assert 4 < months < 7  # 2020-04 touches 2020-01, 2020-08 does not


def test_a_panel_without_events_has_no_layers() -> None:
    assert event_layers(pd.DataFrame({"month": [], "event": []}), {}, TEN_YEARS) == []


def by_chance(chances: dict[str, float], years: int = 10) -> Ensemble:
    """Events on A-B that happen by chance, beside one at a date, in some runs."""
    push = {"effects": [{"pulse": "A-B", "size": 0.1}]}
    events = {name: {"chance": f"{chance} per year", **push} for name, chance in chances.items()}
    events["summit"] = {"at": "2021-01", **push}
    content = {
        **STATES,
        "time": {"start": "2020-01", "end": f"{2020 + years}-01"},
        "watch": ["A-B", "A-C"],
        "events": events,
    }
    return simulate(scenario_of(content), runs=40, seed=3)


def test_strips_hold_the_share_of_runs_in_which_an_event_happens_in_a_step() -> None:
    ensemble = by_chance({"often": 0.8, "rare": 0.1})
    strips = chance_strips(event_table(ensemble), ensemble.scenario.time)
    assert list(dict.fromkeys(strips["event"])) == ["often", "rare"]  # without the summit
    fired = ensemble.data["fired"] > 0
    months = fired["step"].values.astype("datetime64[M]")
    assert len(months) == 120  # so that a part of the time is three months long
    for strip in strips.to_dict("records"):
        start, end = (np.datetime64(strip[name], "M") for name in ("start", "end"))
        assert end - start == np.timedelta64(3, "M")
        inside = fired.sel(event=strip["event"])[:, (start <= months) & (months < end)]
        assert strip["share"] == pytest.approx(float(inside.mean()))
    assert strips["darkness"].max() == 1.0
    shown = strips.groupby("event")["share"].sum() * 3
    counted = fired.mean("run").sum("step").to_series()
    assert shown.to_dict() == pytest.approx(counted[["often", "rare"]].to_dict())


def test_events_by_chance_have_letters_and_certain_ones_numbers() -> None:
    ensemble = by_chance({"often": 0.8, "rare": 0.1})
    marked = Marked.on(ensemble.scenario, event_table(ensemble), ["A-B", "A-C"])
    assert marked.numbers == {"summit": 1}
    assert marked.letters == {"often": "a", "rare": "b"}
    assert not len(marked.strips["A-C"])  # on which none of them acts
    assert "Darker: in more of the runs" in marked.chance_sentence("month")


def test_the_most_frequent_of_many_events_have_strips() -> None:
    ensemble = by_chance({f"event_{n}": 0.1 + 0.1 * n for n in range(18)}, years=3)
    strips = Marked.on(ensemble.scenario, event_table(ensemble), ["A-B"]).strips["A-B"]
    shown = set(strips["event"])
    assert len(shown) == MOST_STRIPS
    often = how_often(ensemble).set_index("event")["mean_times"].drop("summit")
    assert often[sorted(shown)].min() >= often.drop(sorted(shown)).max()


def test_without_events_nothing_is_marked() -> None:
    ensemble = simulate(scenario_of({**STATES, "watch": ["A-B"]}), runs=2, seed=1)
    marked = Marked.on(ensemble.scenario, event_table(ensemble), ["A-B"])
    assert not marked.numbers
    assert not marked.letters
    assert not marked.chance_sentence("month")
    assert how_often(ensemble).empty


def test_how_often_events_happen_is_counted_by_run() -> None:
    ensemble = by_chance({"often": 0.2, "rare": 0.05})
    table = how_often(ensemble, block=7).set_index("event")
    summit = table.loc["summit"]
    assert (summit["runs"], summit["first25"], summit["first75"]) == (40, "2021-01", "2021-01")
    for name in ("often", "rare"):
        happened = ensemble.data["fired"].sel(event=name).values > 0
        runs = happened.any(axis=1)
        assert table.loc[name, "runs"] == runs.sum()
        assert table.loc[name, "share_low"] < runs.mean() < table.loc[name, "share_high"]
        assert table.loc[name, "mean_times"] == pytest.approx(happened.sum() / 40)
        firsts = np.sort(happened.argmax(axis=1)[runs])
        quarter = firsts[int(np.ceil(len(firsts) / 4)) - 1]
        month = np.datetime64("2020-01", "M") + np.timedelta64(int(quarter), "M")
        assert table.loc[name, "first25"] == str(month)


def test_letters_go_on_after_z() -> None:
    assert letters(28)[-3:] == ["z", "aa", "ab"]
