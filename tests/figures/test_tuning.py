"""Charts of tuning: what is drawn is what was found, and all of it is inside."""

from __future__ import annotations

import numpy as np
import pytest

from figures.pictures import svg_of
from relsim.experiments.objectives import Objective
from relsim.experiments.study import Parameter
from relsim.experiments.tune import tune
from relsim.experiments.tuning import Tuning
from relsim.figures.save import definition
from relsim.figures.search import history_frame, limits, tuning_charts
from relsim.stats import Values

PARAMETERS = (Parameter("a.b", 0.0, 1.0, "weight of B", "units"), Parameter("idle", 0.0, 1.0))


def evaluate(points: Values) -> dict[str, Values]:
    noise = 0.01 * np.random.default_rng(1).standard_normal(20)
    x = points[:, :1]
    return {"misfit": (x - 0.4) ** 2 + noise, "fall": (x - 0.8) ** 2 + noise}


@pytest.fixture(scope="module")
def single() -> Tuning:
    return tune(PARAMETERS, evaluate, [Objective("misfit")], trials=24, fresh=evaluate)


def test_the_best_so_far_never_gets_worse_and_all_is_inside(single: Tuning) -> None:
    frame = history_frame(single, single.objectives[0])
    assert (np.diff(frame["best so far"]) <= 0).all()
    assert frame["best so far"].iloc[-1] == np.nanmin(frame["value"])
    low, high = limits(single, single.objectives[0])
    assert frame["shown"].between(low, high).all()
    outside = (frame["value"] != frame["shown"]).sum()
    assert 0 < outside <= 0.1 * len(frame) + 1


def test_one_objective_has_a_history_and_profiles(single: Tuning) -> None:
    charts = tuning_charts(single)
    assert list(charts) == ["tuning-history", "tuning-profiles"]
    said = str(definition(charts["tuning-profiles"]))
    assert "weight of B" in said
    assert "value (units)" in said
    assert "not pinned down" in said
    for chart in charts.values():
        chart.to_dict()  # by the schema


def test_two_objectives_have_a_front_with_its_compromise() -> None:
    goals = [Objective("misfit", 0.05, "misfit"), Objective("fall", "highest", "fall", "levels")]
    found = tune(PARAMETERS, evaluate, goals, trials=24, fresh=evaluate)
    charts = tuning_charts(found)
    assert list(charts) == ["tuning-history", "tuning-front"]
    front = charts["tuning-front"]
    kinds = [layer.data["kind"] for layer in front.layer if "kind" in layer.data]
    assert [len(kind) for kind in kinds] == [24 - len(found.front), len(found.front) - 1, 1]
    said = str(definition(front))
    assert "misfit, wanted 0.05" in said
    assert "fall (levels), higher is better" in said
    for chart in charts.values():
        chart.to_dict()
    assert svg_of(front).startswith("<svg")
