"""Charts of a sensitivity study: what they show, in which order, and what they leave out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from figures.pictures import svg_of
from relsim.experiments.sensitivity import sensitivity, sensitivity_points
from relsim.experiments.sensitivity_findings import SensitivityFindings
from relsim.experiments.study import Parameter
from relsim.figures.sensitivity import (
    MOST_ROWS,
    interaction_frame,
    morris_frame,
    sensitivity_charts,
    sizes_chart,
    tornado_chart,
)

PARAMETERS = tuple(Parameter(name, 0, 1) for name in ("weak", "strong & <b>", "none"))
SAMPLES = {"sobol": 128, "morris": 20, "pawn": 200}


def study(method: str, parameters: tuple[Parameter, ...] = PARAMETERS) -> SensitivityFindings:
    points = sensitivity_points(method, parameters, SAMPLES[method], 1, True)
    noise = np.random.default_rng(1).normal(size=(len(points), 4))
    weak, strong = points[:, :1], points[:, 1:2]
    outcome = weak + 6 * strong + 12 * (weak - 0.5) * (strong - 0.5)
    outcomes = {"PAK–RUS": outcome + 0.1 * noise, "same": np.ones((len(points), 4))}
    return sensitivity(method, parameters, points, outcomes, 1, second_order=True, resamples=50)


def values_of(chart: Any, column: str) -> list[Any]:
    data = chart.to_dict()["datasets"]
    return [row[column] for rows in data.values() for row in rows if column in row]


@pytest.mark.parametrize(
    ("method", "kinds"),
    [
        ("sobol", ["tornado", "interactions"]),
        ("morris", ["sizes", "effects"]),
        ("pawn", ["distances"]),
    ],
)
def test_every_measure_that_varies_is_drawn(method: str, kinds: list[str]) -> None:
    charts = sensitivity_charts(study(method))
    assert [*charts] == [f"{kind}-pak-rus" for kind in kinds]
    assert all("<path" in svg_of(chart) for chart in charts.values())


def test_the_tornado_has_total_and_first_order_of_each_parameter_the_largest_on_top() -> None:
    found = study("sobol")
    chart = tornado_chart(found, found.effects[0])
    labels = values_of(chart, "name")
    assert labels == ["strong & <b>", "weak", "none"] * 2
    total = found.effects[0].indices["total"]
    assert values_of(chart, "low")[:3] == pytest.approx(total.low[[1, 0, 2]].tolist())


def test_a_long_tornado_says_what_it_leaves_out() -> None:
    many = tuple(Parameter(f"p{place}", 0, 1) for place in range(MOST_ROWS + 5))
    found = study("sobol", many)
    chart = tornado_chart(found, found.effects[0])
    assert f"The {MOST_ROWS} of {MOST_ROWS + 5} that matter most" in str(chart.to_dict()["title"])
    assert len({*values_of(chart, "name")}) == MOST_ROWS


def test_interactions_stand_below_the_diagonal_and_are_bold_where_seen() -> None:
    found = study("sobol")
    frame = interaction_frame(found, found.effects[0])
    assert frame[["y", "x"]].to_numpy().tolist() == [
        ["2 weak", 1],
        ["3 none", 1],
        ["3 none", 2],
    ]
    assert frame["bold"].tolist() == [True, False, False]
    assert (frame["shade"] > 0).tolist() == [True, False, False]


def test_numbers_of_the_morris_chart_go_by_mu_star() -> None:
    found = study("morris")
    frame = morris_frame(found, found.effects[0])
    assert frame["name"].tolist() == ["strong & <b>", "weak", "none"]
    assert frame["mu_star"].is_monotonic_decreasing


def test_sizes_have_a_sign_and_are_ranked_by_mu_star() -> None:
    found = study("morris")
    chart = sizes_chart(found, found.effects[0])
    assert values_of(chart, "name") == ["strong & <b>", "weak", "none"]
    mu, mu_star = (found.effects[0].indices[name].value[[1, 0, 2]] for name in ("mu", "mu_star"))
    assert values_of(chart, "value")[:3] == pytest.approx(mu.tolist())
    assert np.abs(values_of(chart, "end")) == pytest.approx(mu_star)


def test_charts_of_morris_have_what_chance_makes() -> None:
    found = study("morris")
    effects = found.effects[0]
    chance = values_of(sizes_chart(found, effects), "tick")
    assert np.abs(chance) == pytest.approx(effects.chance[[1, 0, 2]])
    frame = morris_frame(found, effects)
    assert frame["above_chance"].tolist() == [True, True, False]


def test_parameters_that_read_alike_are_told_apart_by_their_paths() -> None:
    alike = tuple(Parameter(path, 0, 1, "weight") for path in ("PAK.w", "RUS.w", "IND.w"))
    chart = sensitivity_charts(study("pawn", alike))["distances-pak-rus"]
    assert {*values_of(chart, "name")} == {"PAK.w", "RUS.w", "IND.w"}


def test_measures_that_are_spelt_alike_have_charts_of_their_own() -> None:
    points = sensitivity_points("morris", PARAMETERS, 20, 1)
    outcomes = {"a b": points[:, :1], "a-b": points[:, :1]}
    found = sensitivity("morris", PARAMETERS, points, outcomes, 1, resamples=50)
    names = [f"{kind}-a-b{number}" for number in ("", "-2") for kind in ("sizes", "effects")]
    assert [*sensitivity_charts(found)] == names
