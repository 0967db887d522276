"""Advice: cases with known answers, the front, regret, and what is said of it."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy import stats

from relsim.errors import RelsimError
from relsim.experiments.advice import Advice, Bound, Goal, least_count, runs_to_be_sure
from relsim.experiments.advise import (
    advice_points,
    advise,
    chosen_shares,
    regrets,
    upper_regret,
)
from relsim.experiments.coalitions import toggled
from relsim.experiments.objectives import undominated
from relsim.stats import Values

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
    for half in (advice.choosing, advice.measuring):
        assert half.gain.value[advice.best] == pytest.approx(0.4, abs=1e-9)
        assert half.by_lever.value == pytest.approx(GAINS, abs=1e-9)
        assert half.by_lever_on_front.value == pytest.approx(GAINS, abs=1e-9)


def test_a_bound_excludes_the_best() -> None:
    advice = advised(TIGHT)
    assert best_name(advice) == "Talks"
    kept = {advice.name(int(place)) for place in np.flatnonzero(advice.admissible)}
    assert not any("Arms" in name for name in kept)
    assert "Talks + Nothing" in kept
    assert best_name(advised((replace(TIGHT[0], low=-0.7),))) == "Talks + Arms"


def test_the_low_end_of_the_share_of_runs_has_to_reach_what_is_asked() -> None:
    data = outcomes()
    data["RUS-IND"][:] = 0
    with_arms = advice_points(4)[:, 1] == 1
    data["RUS-IND"][with_arms, 60:] = -1  # 30 of 50 runs keep it, in each half
    low, high = stats.beta(30.5, 20.5).ppf([0.025, 0.975])
    for share, best in ((low - 0.001, "Talks + Arms"), (low + 0.001, "Talks"), (0.6, "Talks")):
        found = advised((Bound("RUS-IND", -0.5, share=share),), outcomes=data)
        assert best_name(found) == best
        assert found.recommended
    place = int(np.flatnonzero(with_arms)[0])
    for half in (found.choosing, found.measuring):
        kept = half.shares[0]
        assert (kept.low[place], kept.high[place]) == pytest.approx((low, high), rel=1e-9)


def test_the_least_count_and_the_least_runs_that_make_sure_of_a_share() -> None:
    for runs, share in ((20, 0.6), (50, 0.8), (100, 0.95)):
        count = least_count(runs, share)
        assert stats.beta(count + 0.5, runs - count + 0.5).ppf(0.025) >= share
        assert stats.beta(count - 0.5, runs - count + 1.5).ppf(0.025) < share
    assert least_count(20, 0.9) == 21  # not even all of them
    assert least_count(20, 1) == 21
    for share in (0.6, 0.8, 0.9):
        needed = runs_to_be_sure(share)
        assert needed is not None
        assert least_count(needed, share) == needed
        assert least_count(needed - 1, share) == needed
    assert runs_to_be_sure(1) is None


# Which runs choose and which measure


def test_every_other_run_chooses_and_the_runs_between_measure() -> None:
    data, one = outcomes(21, spread=0), advice_points(4)[:, 3] == 1
    data["PAK-RUS"][one, ::2] += 1.0  # Nothing seems to bring much, on the runs that choose
    advice = advised(FREE, outcomes=data)
    assert (advice.choosing.runs, advice.measuring.runs, advice.runs) == (11, 10, 21)
    assert best_name(advice) == "Talks + Arms + Nothing"
    assert advice.choosing.gain.value[advice.best] == pytest.approx(1.4)
    assert advice.measuring.gain.value[advice.best] == pytest.approx(0.4)
    said = advice.sentences()[0]
    assert "on the 11 runs that choose, “Talks + Arms + Nothing” is best" in said
    assert "On the other 10 runs, which measure it, PAK-RUS is +0.400 on average" in said


def test_what_measures_does_not_move_the_choice() -> None:
    data = outcomes()
    changed = {name: values.copy() for name, values in data.items()}
    for values in changed.values():
        values[:, 1::2] = np.random.default_rng(9).normal(size=(16, 50))
    one, other = advised(FREE, outcomes=data), advised(FREE, outcomes=changed)
    assert (one.best, one.steadiest) == (other.best, other.steadiest)
    assert np.array_equal(one.front, other.front)
    assert np.array_equal(one.chosen, other.chosen)
    assert one.ranked(one.front) == other.ranked(other.front)


def test_runs_that_are_left_out_leave_the_halves_even() -> None:
    data = outcomes(40)
    data["PAK-RUS"][2, :20:2] = np.nan  # all of them would choose
    advice = advised(outcomes=data)
    assert (advice.choosing.runs, advice.measuring.runs, advice.left_out) == (15, 15, 10)


def test_what_is_chosen_has_to_be_sure_on_the_runs_that_measure_too() -> None:
    data = outcomes()
    data["RUS-IND"][:] = 0
    data["RUS-IND"][:, 1:41:2] = -1  # 20 of the 50 that measure, none that choose
    advice = advised(outcomes=data)
    assert best_name(advice) == "Talks + Arms"
    assert not advice.recommended
    said = " ".join(advice.sentences())
    assert "It is not recommended: the 50 runs that measure are not sure that it keeps" in said
    assert "RUS-IND is at least −0.3 in 60 % (46 % to 73 %) of runs, where 80 % is asked" in said
    assert not advice.unsettled.any()  # none of them is sure either


def test_lowering_a_measure_is_raising_its_negative() -> None:
    data = outcomes()
    mirrored = {**data, "PAK-RUS": -data["PAK-RUS"]}
    raised, lowered = advised(), advised(outcomes=mirrored, goal=Goal("PAK-RUS", maximise=False))
    assert best_name(lowered) == best_name(raised)
    one, other = lowered.measuring, raised.measuring
    assert one.gain.value == pytest.approx(other.gain.value, abs=1e-12)
    assert one.regret.value == pytest.approx(other.regret.value, abs=1e-12, nan_ok=True)
    assert "−0.100 (−0.100 to −0.100) compared with no lever" in lowered.sentences()[0]


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
    assert undominated(worth).tolist() == [True, True, True, False, True, True]


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
    data["PAK-RUS"][arms] += np.where(np.arange(100) < 80, 1.0, -2.0)  # a gamble, in both halves
    advice = advised(FREE, outcomes=data)
    assert best_name(advice) == "Talks + Arms"
    assert advice.best is not None
    assert advice.steadiest is not None
    assert advice.name(advice.steadiest) == "Talks"
    assert advice.measuring.regret.value[[advice.best, advice.steadiest]].tolist() == [2.0, 1.0]
    (said,) = (text for text in advice.sentences() if "regret" in text)
    assert said.startswith("“Talks” is chosen for the least regret: in 9 of 10 runs that measure, ")
    assert said.count("with hindsight") == 2


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
    data, gain = outcomes(80), np.random.default_rng(5).normal(size=40)
    gain = 0.02 + 0.5 * (gain - gain.mean()) / gain.std(ddof=1)  # a fifth of what it takes
    data["PAK-RUS"] += advice_points(4)[:, [0]] * (np.repeat(gain, 2) - GAINS[0])
    advice = advised(FREE, outcomes=data)
    (said,) = advice.warnings()
    assert "The choice is not settled" in said
    assert advice.chosen[advice.best] == pytest.approx(stats.norm.cdf(0.25), abs=0.08)
    # (2.8 · 0.5 / 0.02)² = 4,906 that measure
    assert "About 9,900 runs, of which half measure, would tell the two apart" in said
    text = "The runs that measure do not show “Arms” to be worse; it brings +0.300"
    assert any(text in one for one in advice.sentences())
    assert advised(FREE).warnings() == []


def test_resamples_in_which_no_portfolio_is_sure_are_said() -> None:
    data = outcomes()
    data["RUS-IND"][:] = 0
    data["RUS-IND"][:, :12:2] = -1  # 44 of 50 is what it takes on the runs that choose, to be sure
    data["RUS-IND"][:, 1:7:2] = -1
    advice = advised((replace(TIGHT[0], share=0.767),), outcomes=data)
    assert least_count(50, 0.767) == 44
    said = next(text for text in advice.warnings() if "not settled" in text)
    none = 1 - advice.chosen.sum()
    assert none == pytest.approx(stats.binom(50, 0.88).cdf(43), abs=0.06)
    assert f"and {100 * none:.0f} % none, as none surely keeps every bound. Take more runs." in said
    assert "0 % “" not in said


def test_a_bound_that_is_kept_by_a_hair_is_warned_of() -> None:
    data = outcomes(100)
    data["RUS-IND"][:] = 0
    data["RUS-IND"][:, 1:17:2] = -1
    (said,) = advised(outcomes=data).warnings()
    assert said.startswith(
        "With “Talks + Arms” RUS-IND is kept in 84 % of the 50 runs that measure, with a 95 %"
    )
    assert "about 1,600 runs" in said  # 2 · 0.16 · (2.80 / 0.04)² = 1,570
    data["RUS-IND"][:, :16:2] = -1  # as few that choose
    advice = advised(outcomes=data)
    assert advice.best is None
    (said,) = advice.warnings()
    assert "about 1,600 runs" in said


def test_shares_that_so_many_runs_cannot_show_are_warned_of() -> None:
    (said,) = advised((Bound("RUS-IND", low=-2, share=0.97),)).warnings()
    assert said.startswith("50 runs, even if all keep a bound, do not make sure that it is kept in")
    needed = runs_to_be_sure(0.97)
    assert needed is not None
    assert f"Take at least {2 * needed} runs" in said
    assert best_name(advised((Bound("RUS-IND", low=-2, share=0.9),))) == "Talks + Arms"
    (said,) = advised((Bound("RUS-IND", low=-2, share=1),)).warnings()
    assert said.startswith("No number of runs makes sure that a bound is kept in 100 %")


# Words, tables, refusals


def test_sentences_say_the_best_its_bounds_and_the_price_of_them() -> None:
    said = advised().sentences()
    assert said[0].startswith(
        "Of 16 portfolios, 8 of which surely keep every bound on the 50 runs that choose, “Talks” "
        "is best."
    )
    assert "RUS-IND is at least −0.3 in 100 % (95 % to 100 %) of runs" in said[1]
    price = next(text for text in said if "Without bounds" in text)
    assert (
        "“Talks + Arms” would be chosen. On the runs that measure it brings another +0.300" in price
    )
    assert "RUS-IND is at least −0.3 in 0 % of runs" in price
    assert said[-1].startswith("Added to it, on the runs that measure, “Insult” brings −0.200")


def test_where_no_portfolio_is_admissible_the_nearest_is_named() -> None:
    advice = advised((Bound("RUS-IND", low=5),))
    assert (advice.best, advice.steadiest) == (None, None)
    said = advice.sentences()
    assert said[0].startswith("None of 16 portfolios surely keeps every bound on the 50 runs that")
    assert "comes nearest. On the other 50 runs it brings" in said[1]
    assert "RUS-IND is at least 5 in 0 % (0 % to 5 %) of runs" in said[2]
    assert advice.warnings() == []
    assert len(advice.tables()["levers"]) == 4
    column = "measuring runs: regret in hindsight, 90 % quantile"
    assert np.isnan(advice.tables()["portfolios"][column]).all()


def test_the_table_of_levers_says_what_each_does_to_every_bound() -> None:
    table = advised(FREE).tables()["levers"].set_index("lever")
    assert table["in the best portfolio"].to_dict() == dict(
        zip(LEVERS, ("yes", "yes", "no", "no"), strict=True)
    )
    strict = advised(TIGHT).tables()["levers"].set_index("lever")
    column = "measuring runs: RUS-IND at least −0.3, change there (% points of runs)"
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
    data["PAK-RUS"][:, :3] = 0
    with pytest.raises(RelsimError, match=r"Only 3 of 50 runs have .* at least 4 are needed"):
        advised(outcomes=data)


def test_few_runs_do_not_bound_regret() -> None:
    (said,) = advised(FREE, outcomes=outcomes(70)).warnings()
    assert said.startswith("35 runs that measure do not bound regret")
    assert "Take at least 72 runs" in said
    assert advised(FREE, outcomes=outcomes(72)).warnings() == []


def test_four_runs_are_the_fewest() -> None:
    assert best_name(advised((), outcomes=outcomes(4))) == "Talks + Arms"
    with pytest.raises(RelsimError, match="at least 4"):
        advised((), outcomes=outcomes(3))


def test_what_cannot_be_advised_on_is_refused() -> None:
    with pytest.raises(RelsimError, match=r"11 levers make 2,048 portfolios.*at most 10"):
        advice_points(11)
