"""Uncertain numbers against the distributions of SciPy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from relsim.ensemble.simulate import simulate
from relsim.model.compile import compile_scenario
from relsim.model.draws import draw_numbers, quantile
from relsim.scenario.values import Distribution
from scenarios_to_test import EVERYTHING, scenario_of

SHARES = np.linspace(0.001, 0.999, 999)


@pytest.mark.parametrize(
    ("distribution", "theory"),
    [
        (Distribution("uniform", (0.2, 0.6)), stats.uniform(0.2, 0.4)),
        (Distribution("normal", (0.5, 0.1)), stats.norm(0.5, 0.1)),
        (Distribution("lognormal", (0.5, 0.3)), stats.lognorm(0.3, scale=0.5)),
        (Distribution("triangular", (0.1, 0.2, 0.6)), stats.triang(0.2, 0.1, 0.5)),
    ],
)
def test_quantiles_are_those_of_theory(distribution: Distribution, theory: object) -> None:
    expected = theory.ppf(SHARES)  # type: ignore[attr-defined]
    np.testing.assert_allclose(quantile(distribution, SHARES), expected, rtol=1e-12)
    assert distribution.median == pytest.approx(theory.median())  # type: ignore[attr-defined]


def test_draws_are_clipped_to_the_field() -> None:
    wide = Distribution("normal", (0.5, 5.0), low=0.0, high=1.0)
    drawn = quantile(wide, SHARES)
    assert (drawn.min(), drawn.max()) == (0.0, 1.0)


def test_a_point_triangle_is_a_point() -> None:
    assert (quantile(Distribution("triangular", (0.3, 0.3, 0.3)), SHARES) == 0.3).all()


def test_each_number_is_drawn_once_per_run_and_recorded() -> None:
    scenario = scenario_of(EVERYTHING)
    data = simulate(scenario, runs=400, seed=3).data
    names = [str(name) for name in data["number"].values]
    assert "states.B.issues.border.salience" in names
    assert "parameters.goldstein_unit" in names
    drawn = data["drawn"].sel(number="parameters.goldstein_unit").values
    assert stats.kstest(drawn, stats.uniform(0.02, 0.02).cdf).pvalue > 1e-3
    assert len(set(drawn.tolist())) == 400
    # A changed number and its reference are drawn together, all others apart.
    processes = [name.removeprefix("reference.") for name in names]
    together = np.array([[one == other for one in processes] for other in processes])
    both = np.corrcoef(data["drawn"].values.T)
    assert len(set(processes)) < len(names)
    assert np.abs(both[~together]).max() < 4.5 / np.sqrt(400)
    assert both[together].min() > 0.9


def test_a_draw_does_not_depend_on_the_other_numbers() -> None:
    base = compile_scenario(scenario_of(EVERYTHING)).draws
    kept = base[3:]
    few = draw_numbers(kept, seed=8, first_run=2, runs=5)
    assert np.array_equal(few, draw_numbers(base, seed=8, first_run=0, runs=7)[2:, 3:])
