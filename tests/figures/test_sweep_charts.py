"""Sweep charts: which there are, and the numbers they show."""

from __future__ import annotations

import numpy as np
import pytest

from relsim.experiments.study import Parameter
from relsim.experiments.sweep import SweepFindings, sweep, sweep_points
from relsim.figures.save import definition
from relsim.figures.sweep import MOST_PANELS, response_chart, response_frame, surface, sweep_charts

PARAMETERS = tuple(Parameter(f"states.{n}", 0.0, 1.0, f"Number {n}") for n in range(3))


def findings(design: str, size: object) -> SweepFindings:
    points = sweep_points(design, PARAMETERS, size)  # type: ignore[arg-type]
    values = (points @ [1.0, 4.0, 2.0])[:, np.newaxis] + np.array([0.0, 0.1, 0.2])
    return sweep(design, PARAMETERS, points, {"Level": values, "Months": 2 * values})  # type: ignore[arg-type]


def test_grids_have_heat_maps_and_samples_have_none() -> None:
    names = {"response-level", "response-months"}
    assert set(sweep_charts(findings("sobol", 32))) == names
    assert set(sweep_charts(findings("grid", 3))) == names | {"heat-level", "heat-months"}


def test_a_heat_map_holds_means_over_runs_and_the_third_parameter() -> None:
    frame = surface(findings("grid", 3), "Level", PARAMETERS[1], PARAMETERS[2])
    expected = 0.5 + 4 * frame["x"] + 2 * frame["y"] + 0.1
    assert frame["mean"].tolist() == pytest.approx(expected.tolist())
    assert len(frame) == 9


def test_panels_are_in_order_of_what_their_parameters_explain() -> None:
    drawn = definition(response_chart(findings("grid", [2, 3, 4]), "Level"))
    titles = [panel["title"]["text"] for panel in drawn["concat"]]
    assert [title[0] for title in titles] == ["Number 1", "Number 2", "Number 0"]
    # Variance of n equal steps from 0 to 1: (n + 1) / (12 (n - 1)).
    variances = [1 * 3 / 12, 16 * 4 / 24, 4 * 5 / 36]
    assert titles[0][-1] == f"{100 * variances[1] / sum(variances):.0f} %"


def test_a_panel_shows_the_band_of_runs_around_the_mean() -> None:
    one = findings("grid", 3).of("Level")[0]
    frame = response_frame(one)
    assert (frame["mean"] - frame["least"]).tolist() == pytest.approx([0.08] * 3)
    assert (frame["most"] - frame["mean"]).tolist() == pytest.approx([0.08] * 3)


def test_panels_left_out_are_said() -> None:
    many = tuple(Parameter(f"n.{n}", 0.0, 1.0) for n in range(MOST_PANELS + 2))
    points = sweep_points("sobol", many, 64)
    chart = response_chart(sweep("sobol", many, points, {"Level": points[:, :3]}), "Level")
    assert f"The {MOST_PANELS} parameters that explain most, of {len(many)}" in str(
        definition(chart)["title"]["subtitle"]
    )
