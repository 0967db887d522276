"""Advice: cases with known answers, the front, regret, and what is said of it."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy import stats

from relsim.errors import RelsimError
from relsim.experiments.advise import Advice, advice_points, advise
from relsim.experiments.parameters import Values
from relsim.experiments.portfolios import (
    Bound,
    Goal,
    chosen_shares,
    pareto_front,
    regrets,
    toggled,
    upper_regret,
)

LEVERS = ("Talks", "Arms", "Insult", "Nothing")
GAINS, PRICES = np.array([0.1, 0.3, -0.2, 0.0]), np.array([0.0, -0.5, 0.1, 0.0])
FREE = (Bound("RUS-IND", low=-2),)
TIGHT = (Bound("RUS-IND", low=-0.3),)


def outcomes(runs: int = 100, spread: float = 0.05) -> dict[str, Values]:
    """Additive gains; Arms costs the other tie. Each run has its own shift of both."""
    rng, points = np.random.default_rng(0), advice_points(4)
    shift = rng.normal(scale=spread, size=(2, runs))
    return {
        "PAK-RUS": (points @ GAINS)[:, None] + shift[0],
        "RUS-IND": (points @ PRICES)[:, None] + shift[1],
    }


def advised(bounds: tuple[Bound, ...] = TIGHT, **changed: Any) -> Advice:
    given = {"goal": Goal("PAK-RUS"), "outcomes": outcomes(), "points": advice_points(4), **changed}
    return advise(LEVERS, given["points"], given["outcomes"], given["goal"], bounds)


def best_name(advice: Advice) -> str:
    assert advice.best is not None
    return advice.name(advice.best)


# Known answers


def test_the_best_pulls_what_helps_and_leaves_out_what_harms_or_is_idle() -> None:
    advice = advised(FREE)
    assert best_name(advice) == "Talks + Arms"
    assert advice.gain.value[advice.best] == pytest.approx(0.4, abs=1e-9)
    assert advice.by_lever.value == pytest.approx(GAINS, abs=1e-9)
    assert advice.by_lever_on_front.value == pytest.approx(GAINS, abs=1e-9)


def test_a_bound_excludes_the_best() -> None:
    advice = advised(TIGHT)
    assert best_name(advice) == "Talks"
    kept = {advice.name(int(place)) for place in np.flatnonzero(advice.admissible)}
    assert not any("Arms" in name for name in kept)
    assert "Talks + Nothing" in kept
    assert best_name(advised((replace(TIGHT[0], low=-0.7),))) == "Talks + Arms"


def test_what_is_asked_is_a_share_of_runs() -> None:
    data = outcomes()
    data["RUS-IND"][:] = 0
    with_arms = advice_points(4)[:, 1] == 1
    data["RUS-IND"][with_arms, :25] = -1  # a quarter of the runs
    for share, best in ((0.75, "Talks + Arms"), (0.76, "Talks")):
        assert best_name(advised((Bound("RUS-IND", -0.5, share=share),), outcomes=data)) == best
    place = int(np.flatnonzero(with_arms)[0])
    kept = advised(TIGHT, outcomes=data).shares[0]
    expected = stats.beta(75.5, 25.5).ppf([0.025, 0.975])
    assert (kept.low[place], kept.high[place]) == pytest.approx(expected, rel=1e-9)


def test_lowering_a_measure_is_raising_its_negative() -> None:
    data = outcomes()
    mirrored = {**data, "PAK-RUS": -data["PAK-RUS"]}
    raised, lowered = advised(), advised(outcomes=mirrored, goal=Goal("PAK-RUS", maximise=False))
    assert best_name(lowered) == best_name(raised)
    assert lowered.gain.value == pytest.approx(raised.gain.value, abs=1e-12)
    assert lowered.regret.value == pytest.approx(raised.regret.value, abs=1e-12, nan_ok=True)
    assert "−0.100 (95 % interval" in lowered.sentences()[0]


def test_portfolios_may_come_in_any_order() -> None:
    order = np.random.default_rng(0).permutation(16)
    shuffled = {name: values[order] for name, values in outcomes().items()}
    found = advised(points=advice_points(4)[order], outcomes=shuffled)
    assert found.tables()["portfolios"].equals(advised().tables()["portfolios"])


def test_where_nothing_helps_the_best_is_to_pull_no_lever() -> None:
    data = outcomes()
    data["PAK-RUS"] = -np.abs(data["PAK-RUS"] - data["PAK-RUS"][0])
    advice = advised(outcomes=data)
    assert advice.best == 0
    assert "none raises PAK-RUS" in advice.sentences()[0]


# The front


def test_the_front_is_what_nothing_dominates() -> None:
    worth = np.array([[1.0, 1], [2, 0], [0, 2], [1, 0], [1, 1], [2, 0]])
    assert pareto_front(worth).tolist() == [True, True, True, False, True, True]


def test_an_idle_or_harmful_lever_is_never_on_the_front() -> None:
    advice = advised(FREE)
    front = {advice.name(int(place)) for place in np.flatnonzero(advice.front)}
    # Pulling Insult alone keeps the other tie no better: in all runs it is within the bound.
    assert front == {"no lever", "Arms", "Talks + Arms"}
    assert len(advice.tables()["front"]) == 3


# Regret


def test_regret_is_what_the_best_admissible_one_of_each_run_has_more() -> None:
    worth = np.array([[1.0, 5, 2], [2, 1, 2], [9, 9, 9]])
    found = regrets(worth, np.array([True, True, False]))
    assert found[:2].tolist() == [[1, 0, 0], [0, 4, 0]]
    assert np.isnan(found[2]).all()
    assert np.isnan(regrets(worth, np.zeros(3, dtype=bool))).all()


def test_the_least_regret_need_not_be_the_best_mean() -> None:
    data = outcomes(100)
    points = advice_points(4)
    arms = points[:, 1] == 1
    data["PAK-RUS"] = np.where(points[:, [0]] == 1, 1.0, 0.0) * np.ones(100)
    data["PAK-RUS"][arms] += np.where(np.arange(100) < 80, 1.0, -2.0)  # a gamble
    advice = advised(FREE, outcomes=data)
    assert best_name(advice) == "Talks + Arms"
    assert advice.best is not None
    assert advice.steadiest is not None
    assert advice.name(advice.steadiest) == "Talks"
    assert advice.regret.value[[advice.best, advice.steadiest]].tolist() == [2.0, 1.0]
    assert any("“Talks” has the least regret" in said for said in advice.sentences())


def test_the_interval_of_the_quantile_of_regret_covers_it() -> None:
    seen = np.random.default_rng(1).exponential(size=(2000, 60))
    found = upper_regret(seen)
    covered = (found.low <= math.log(10)) & (math.log(10) <= found.high)
    assert covered.mean() >= 0.95 - 4 * math.sqrt(0.05 * 0.95 / 2000)
    assert np.isfinite(upper_regret(seen[:, :36]).high).all()
    assert np.isinf(upper_regret(seen[:, :35]).high).all()


# How sure the choice is


def test_resamples_choose_as_often_as_the_binomial_says() -> None:
    runs = 25
    worth = np.array([np.zeros(runs), np.where(np.arange(runs) < 13, 1.0, -1.0)])
    found = chosen_shares(worth, [], [], np.array([0, 1]), seed=3)
    expected = stats.binom(runs, 13 / runs).sf(12)  # more runs that gain than runs that lose
    assert found[1] == pytest.approx(expected, abs=4 * math.sqrt(0.25 / 1000))
    assert found.sum() == pytest.approx(1)
    never = chosen_shares(worth, [np.zeros((2, runs), dtype=bool)], [0.5], np.array([0, 1]), seed=3)
    assert never.sum() == 0


def test_equal_portfolios_give_way_to_the_one_of_fewest_levers() -> None:
    advice = advised(FREE)
    assert advice.chosen[advice.best] == 1
    assert advice.chosen.sum() == 1


def test_a_choice_that_is_not_settled_is_warned_of_with_the_runs_that_would_do() -> None:
    data, gain = outcomes(40), np.random.default_rng(5).normal(size=40)
    gain = 0.02 + 0.5 * (gain - gain.mean()) / gain.std(ddof=1)  # a fifth of what it takes
    data["PAK-RUS"] += advice_points(4)[:, [0]] * (gain - GAINS[0])
    advice = advised(FREE, outcomes=data)
    (said,) = advice.warnings()
    assert "The choice is not settled" in said
    assert advice.chosen[advice.best] == pytest.approx(stats.norm.cdf(0.25), abs=0.08)
    assert "About 5,000 runs would tell the two apart" in said  # (2.8 · 0.5 / 0.02)² = 4,906
    assert any("Not told from it on these runs: “Arms”" in text for text in advice.sentences())
    assert advised(FREE).warnings() == []


def test_a_bound_that_is_kept_by_a_hair_is_warned_of() -> None:
    data = outcomes(100)
    data["RUS-IND"][:] = 0
    data["RUS-IND"][:, :15] = -1
    (said,) = advised(outcomes=data).warnings()
    assert said.startswith("RUS-IND is kept in 85 % of 100 runs")
    assert "about 250 runs" in said  # 0.16 · (1.96 / 0.05)², to two digits


# Words, tables, refusals


def test_sentences_say_the_best_its_bounds_and_the_price_of_them() -> None:
    said = advised().sentences()
    assert said[0].startswith("Of 16 portfolios, 8 of which keep every bound, “Talks” is best")
    assert "RUS-IND is at least −0.3 in 100 % of runs" in said[1]
    price = next(text for text in said if "Without bounds" in text)
    assert "“Talks + Arms” would bring another +0.300" in price
    assert "RUS-IND is at least −0.3 in 0 % of runs" in price
    assert said[-1].startswith("Added to it, “Insult” brings −0.200")


def test_where_no_portfolio_is_admissible_the_nearest_is_named() -> None:
    advice = advised((Bound("RUS-IND", low=5),))
    assert (advice.best, advice.steadiest) == (None, None)
    assert advice.sentences()[0] == "None of 16 portfolios keeps every bound (100 runs)."
    assert "comes nearest: RUS-IND at least 5 in 0 % of runs" in advice.sentences()[1]
    assert advice.warnings() == []
    assert len(advice.tables()["levers"]) == 4
    assert np.isnan(advice.tables()["portfolios"]["regret, 90 % quantile"]).all()


def test_the_table_of_levers_says_what_each_does_to_every_bound() -> None:
    table = advised(FREE).tables()["levers"].set_index("lever")
    assert table["in the best portfolio"].to_dict() == dict(
        zip(LEVERS, ("yes", "yes", "no", "no"), strict=True)
    )
    strict = advised(TIGHT).tables()["levers"].set_index("lever")
    column = "RUS-IND: runs at least −0.3, change there (% points)"
    assert strict.loc["Arms", column] == pytest.approx(-100)


def test_one_lever_less_or_more_is_one_bit() -> None:
    assert toggled(2).tolist() == [[2, 1], [3, 0], [0, 3], [1, 2]]


def test_runs_that_lack_an_outcome_are_left_out_and_said() -> None:
    data = outcomes(50)
    data["RUS-IND"][3, 7] = np.nan
    advice = advised(outcomes=data)
    assert (advice.runs, advice.left_out) == (49, 1)
    assert "1 of 50 runs lack" in advice.warnings()[0]
    data["PAK-RUS"][:] = np.nan
    with pytest.raises(RelsimError, match="No run has PAK-RUS, RUS-IND"):
        advised(outcomes=data)


def test_few_runs_do_not_bound_regret_and_one_run_has_no_interval() -> None:
    assert "Take at least 36" in advised(outcomes=outcomes(20)).warnings()[0]
    single = advised(outcomes=outcomes(1, spread=0))
    assert best_name(single) == "Talks"
    assert "interval" not in single.sentences()[0]


def test_what_cannot_be_advised_on_is_refused() -> None:
    with pytest.raises(RelsimError, match=r"11 levers make 2,048 portfolios.*at most 10"):
        advice_points(11)
    with pytest.raises(RelsimError, match="at least one lever"):
        advice_points(0)
    with pytest.raises(RelsimError, match="'PAK-USA' is not among the measures"):
        advised((Bound("PAK-USA", 0, 1),))
    with pytest.raises(RelsimError, match="low < high"):
        Bound("RUS-IND", 1, 0)
    with pytest.raises(RelsimError, match="share above 0"):
        Bound("RUS-IND", 0, 1, share=80)
