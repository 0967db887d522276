"""Where the spread between runs comes from: known answers, other roads to them, and the words."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest

from relsim.analysis.spread import Spread, spread, spread_by_year
from relsim.analysis.variance_shares import orthonormal, variance_shares
from relsim.ensemble.simulate import Ensemble, simulate
from relsim.errors import ResultsError
from relsim.scenario.load import load
from relsim.scenario.schema import Scenario
from relsim.stats import Values
from scenarios_to_test import STATUS_QUO, quiet, scenario_of

# Two states, no answer in kind: a push moves its own pull alone, small enough to be nearly linear.
LINEAR: dict[str, Any] = {
    "time": {"start": "2020-01", "end": "2026-01"},
    "domains": ["trade"],
    "states": {"A": {"name": "Aland"}, "B": {"name": "Bland"}},
    "ties": {"A-B": 0.0},
    "parameters": {"reciprocity": 0, "mutuality": 0, "half_life": "2 months"},
    "events": {
        "gift": {
            "at": "2020-01",
            "effects": [{"shift": "A-B", "size": {"uniform": [0.0, 0.06]}}],
        },
        "deal": {
            "label": "The deal",
            "chance": "0.5 per year",
            "at_most": 1,
            "until": "2020-06",
            "effects": [{"shift": "A-B", "size": 0.03}],
        },
    },
}


@cache
def linear(runs: int = 2000) -> Ensemble:
    return simulate(scenario_of(quiet(LINEAR)), runs=runs, record="overall")


def shares(found: Spread) -> dict[str, tuple[float, float, float]]:
    table = found.table.set_index("input")[["share", "low", "high"]]
    return {str(name): tuple(row) for name, row in zip(table.index, table.values, strict=True)}


def test_shares_of_a_linear_scenario_are_known() -> None:
    # After six years a shift of size s has moved the level by s, up to cubes of it. The size is
    # uniform; the deal happens within six months or never.
    of_size = 0.06**2 / 12
    happens = 1 - np.exp(-0.5 * 6 / 12)
    of_deal = 0.03**2 * happens * (1 - happens)
    found = spread(linear(), "A-B")
    expected = {
        "events.gift.effects.0.size": of_size / (of_size + of_deal),
        "deal": of_deal / (of_size + of_deal),
    }
    known = shares(found)
    assert known.keys() == expected.keys()
    for name, share in expected.items():
        value, low, high = known[name]
        assert value == pytest.approx(share, abs=0.03)
        assert low <= share <= high
    assert found.left.value < 0.02
    assert found.deviation == pytest.approx(np.sqrt(of_size + of_deal), rel=0.04)
    assert found.table["difference"].min() > 0


def test_shares_and_what_is_left_add_up() -> None:
    found = spread(linear(), "B-A", at="2020-04")
    assert found.table["share"].sum() + found.left.value == pytest.approx(1, abs=1e-12)
    assert found.explained.value == pytest.approx(found.table["share"].sum(), abs=1e-12)
    assert found.explained.low <= found.explained.value <= found.explained.high


def test_freezing_an_input_in_new_runs_takes_its_share_away() -> None:
    """An independent road: the variance that is gone where the number is certain, with noise."""
    noisy = scenario_of(LINEAR)
    path = "events.gift.effects.0.size"
    runs = simulate(noisy, runs=4000, record="overall")
    certain = simulate(noisy.with_changes({path: 0.03}), runs=4000, record="overall")
    gone = 1 - _variance(certain) / _variance(runs)
    value, low, high = shares(spread(runs, "A-B"))[path]
    assert value == pytest.approx(gone, abs=2 * (high - low))
    assert low > 0
    assert 0.005 < gone < 0.2


def _variance(ensemble: Ensemble) -> float:
    return float(ensemble.level("A-B").values[:, -1].astype(np.float64).var(ddof=1))


def test_giving_a_run_the_timing_of_an_event_explains_what_the_event_is_said_to() -> None:
    """Another: the variance of the mean over fresh runs to which timings are dictated."""
    fading = {
        **LINEAR,
        "parameters": {**LINEAR["parameters"], "volatility": 0.02, "drift": 0},
        "events": {
            "quarrel": {
                "chance": "1 per year",
                "effects": [{"pulse": "A-B", "size": -0.1, "half_life": "6 months"}],
            }
        },
    }
    ensemble = simulate(scenario_of(fading), runs=3000, record="overall")
    fired = ensemble.data["fired"].values[..., 0]
    months = np.datetime_as_string(ensemble.data["step"].values, unit="M")
    still = {**fading, "events": {}}
    levels: dict[str, float] = {}
    for timing in {tuple(months[row > 0]) for row in fired[:100]}:
        happens = {**fading["events"]["quarrel"], "at": [str(month) for month in timing]}
        del happens["chance"]
        dictated = {**still, "events": {"quarrel": happens} if timing else {}}
        run = simulate(scenario_of(quiet(dictated)), runs=1, record="overall")
        levels[str(timing)] = float(run.level("A-B").values[0, -1])
    means = np.array([levels[str(tuple(months[row > 0]))] for row in fired[:100]])
    value, low, high = shares(spread(ensemble, "A-B"))["quarrel"]
    assert 0.1 < value < 0.9
    assert value == pytest.approx(means.var(ddof=1) / _variance(ensemble), abs=0.12)
    assert high - low < 0.1
    certain = simulate(scenario_of(quiet(fading)), runs=500, record="overall")
    assert spread(certain, "A-B").left.value < 0.05  # by its count and age alone


# The estimator alone, on numbers made up


def made_up(seed: int, runs: int = 400) -> tuple[list[Values], list[Values], Values]:
    """Six numbers, of which three do something, two events of which one does; noise 0.4."""
    generator = np.random.default_rng(seed)
    numbers = generator.random((6, runs))
    events = generator.poisson(1.0, (2, runs, 1)).astype(np.float64)
    outcome = numbers[0] + 0.5 * numbers[1] + 2 * (numbers[2] - 0.5) ** 2
    outcome += 0.2 * events[0, :, 0] + 0.4 * generator.standard_normal(runs)
    terms = [orthonormal(np.stack([number, (2 * number - 1) ** 2], axis=1)) for number in numbers]
    return terms, [orthonormal(event) for event in events], outcome


# Variances of a uniform number, of four times the square of a centred one (Var(v²) = 1/180 for
# v = x - 1/2), of a Poisson count, and of the noise.
PARTS = np.array([1 / 12, 0.25 / 12, 4 / 180, 0, 0, 0, 0.04, 0])
SHARES = PARTS / (PARTS.sum() + 0.16)


def _covered(replications: int) -> tuple[Values, Values]:
    """Mean errors and coverage of eight shares, over seeds."""
    errors, held = [], []
    for seed in range(replications):
        found, left = variance_shares(made_up(seed)[2], *made_up(seed)[:2])
        value, low, high, _ = np.array(found).T
        errors.append(value - SHARES)
        held.append((low <= SHARES) & (high >= SHARES))
        assert value.sum() + left.value == pytest.approx(1, abs=1e-12)
        assert left.low <= left.value <= left.high
    return np.mean(errors, axis=0), np.mean(held, axis=0)


def test_shares_are_right_in_the_mean_and_intervals_hold_them() -> None:
    errors, held = _covered(200)
    assert np.abs(errors).max() < 0.006
    assert held.min() > 0.90
    assert held[[3, 4, 5, 7]].min() > 0.94  # inputs that do nothing


def test_an_event_explains_only_what_what_makes_it_likely_does_not() -> None:
    true = np.array([4 / 12, 1, 1]) / (4 / 12 + 2)  # of its mean, its count about it, the noise
    errors, held = [], []
    for seed in range(100):
        generator = np.random.default_rng(seed)
        chance = generator.random(1000)
        count = generator.poisson(2 * chance).astype(np.float64)
        outcome = count + generator.standard_normal(1000)
        terms = orthonormal(np.stack([chance, (2 * chance - 1) ** 2], axis=1))
        found, left = variance_shares(outcome, [terms], [orthonormal(count[:, None])])
        value, low, high = np.array([*(share[:3] for share in found), left]).T
        errors.append(value - true)
        held.append((low <= true) & (true <= high))
    assert np.abs(np.mean(errors, axis=0)).max() < 0.008
    assert np.mean(held, axis=0).min() > 0.88


def test_inputs_that_say_the_same_are_counted_once() -> None:
    _, (event, _), outcome = made_up(1)
    (first, second), left = variance_shares(outcome, [], [event, event])
    assert first.value > 0.1
    assert tuple(second) == (0, 0, 0, 1)
    assert first.value + left.value == pytest.approx(1)


def test_hardly_any_table_without_effects_names_an_input() -> None:
    named = 0
    for seed in range(200):
        numbers, events, _ = made_up(seed)
        outcome = np.random.default_rng(10_000 + seed).standard_normal(400)
        found, _ = variance_shares(outcome, numbers, events)
        named += min(share.by_chance for share in found) < 0.025 / len(found)
    assert named <= 0.05 * 200 + 4


# Words, and what is refused


def test_the_sentence_names_inputs_with_their_shares_and_what_is_left() -> None:
    sentence = spread(linear(), "A-B").sentence
    assert sentence.startswith("In 2026-01 Aland – Bland differs between runs by a standard ")
    size = "the size of the effect on Aland – Bland of “gift”"
    higher = "(the level is higher where this is higher)"
    assert f" of that variance goes with {size} {higher}" in sentence
    deal = "when and how often “The deal” happened (the more, the higher the level)"
    assert f" with {deal}. The other " in sentence
    assert "month-by-month chance, which no input tells in advance" in sentence


def test_the_shipped_pair_is_said_to_be_chance() -> None:
    ensemble = simulate(load(STATUS_QUO), runs=1000)
    found = spread(ensemble, "RUS-PAK")
    assert found.pair == "PAK-RUS"
    assert (
        " of that variance is month-by-month chance, which no input tells in advance, or what "
        "inputs do only together; none of the 19 uncertain numbers and 5 chance events clearly "
        "accounts for 1 % of it." in found.sentence
    )
    assert "To know these better would hardly narrow the futures." in found.sentence
    rivals = spread(ensemble, "PAK-IND", at="2022-07").named
    assert set(rivals["input"]) == {"kashmir_crisis", "kashmir_thaw"}
    differences = rivals.set_index("input")["difference"]
    assert differences["kashmir_crisis"] < 0 < differences["kashmir_thaw"]
    other = spread(ensemble, "PAK-AZE")
    assert ((other.table["low"] > 0) & (other.table["share"] > 0.01)).any()
    assert other.named.empty  # one of 24 is expected to be clear of 0
    assert not any("sanctions" in name for name in found.table["input"])  # levers never pulled
    domain = spread(ensemble, "PAK-RUS", domain="defence")
    assert "(defence)" in domain.sentence


def test_a_level_that_does_not_differ_and_a_scenario_without_inputs() -> None:
    found = spread(linear(), "A-B", at="2020-01")
    assert found.sentence == "In 2020-01 Aland – Bland is the same in all 2,000 runs."
    assert np.isnan(found.left.value)
    plain = simulate(scenario_of({**LINEAR, "events": {}}), runs=100, record="overall")
    found = spread(plain, "A-B")
    assert "No uncertain number and no chance event varies: it is month-by-month" in found.sentence
    assert tuple(found.left) == (1, 1, 1)


def test_an_event_that_few_runs_have_gets_no_share() -> None:
    rare = scenario_of(LINEAR).with_changes({"events.deal.chance": "0.02 per year"})
    table = spread(simulate(rare, runs=500, record="overall"), "A-B").table.set_index("input")
    assert table.loc["deal", "kind"] == "event"
    assert table["share"].isna()["deal"]


def test_an_event_without_a_chance_of_its_own_has_no_share() -> None:
    follows = {"when": {"event": "deal"}, "effects": [{"shift": "A-B", "size": 0.02}]}
    data = {**LINEAR, "events": {**LINEAR["events"], "answer": follows}}
    found = spread(simulate(scenario_of(quiet(data)), runs=500, record="overall"), "A-B")
    assert set(found.table["input"]) == {"events.gift.effects.0.size", "deal"}
    assert found.left.value < 0.02  # what follows is the deal's


def test_too_few_runs_are_refused_with_how_many_are_needed() -> None:
    with pytest.raises(ResultsError, match=r"50 runs are too few .*: 100 are needed"):
        spread(_first(50), "A-B")
    with pytest.raises(ResultsError, match=r"too few to tell what 24 inputs do: 159 are needed"):
        spread(simulate(load(STATUS_QUO), runs=100), "PAK-RUS")


def test_what_is_not_recorded_is_refused() -> None:
    with pytest.raises(ResultsError, match="has no pair"):
        spread(linear(), "A-C")
    with pytest.raises(ResultsError, match="keeps no domains"):
        spread(linear(), "A-B", domain="trade")
    with pytest.raises(ResultsError, match="not simulated"):
        spread(linear(), "A-B", at="2030-01")
    thin = simulate(scenario_of(LINEAR), runs=200, record="overall", thin=7)
    with pytest.raises(ResultsError, match=r"does not record 2020-02 \(--thin\)"):
        spread(thin, "A-B", at="2020-02")
    assert str(spread(thin, "A-B", at="2020-08").month) == "2020-08"


def _first(runs: int) -> Ensemble:
    ensemble = linear()
    return replace(ensemble, data=ensemble.data.isel(run=slice(runs)))


def test_failed_runs_are_left_out() -> None:
    ensemble = linear()
    some = replace(ensemble, data=ensemble.data.isel(run=slice(7, None, 2)), failed=(0, 1))
    found = spread(some, "A-B")
    assert found.runs == 997
    assert shares(found)["deal"] == pytest.approx(shares(spread(ensemble, "A-B"))["deal"], abs=0.1)


def test_shares_by_year_are_those_of_each_month() -> None:
    years = spread_by_year(linear(), "A-B")
    assert list(years["month"]) == [*(f"{year}-01" for year in range(2021, 2027))]
    total = years[["numbers", "events", "left"]].sum(axis=1)
    assert total.to_numpy() == pytest.approx(np.ones(6))
    then = shares(spread(linear(), "A-B", at="2021-01"))
    assert years["deal"][0] == then["deal"][0]


def test_numbers_have_names() -> None:
    from relsim.analysis.number_names import number_name

    scenario: Scenario = load(STATUS_QUO)
    names = {
        "states.PAK.ties.USA.weight": "Pakistan's tie to the United States",
        "states.RUS.issues.karabakh.stance": "Russia's stance on Karabakh",
        "reference.states.AZE.issues.karabakh.salience": (
            "Azerbaijan's salience of Karabakh, as the opening was read"
        ),
        "parameters.alignment_gain": "the parameter alignment gain",
        "events.floods.chance": "the chance of “Floods in Pakistan, Russian relief”",
        "events.independent_ties.effects.0.by": (
            "the change of Pakistan's tie to the United States by “Each keeps the relationship "
            "independent of its other ties”"
        ),
        "states.PAK.capacity.defence": "Pakistan's capacity (defence)",
        "ties.PAK-RUS.overall": "the opening of Pakistan – Russia (overall)",
        "events.floods.effects.0.size": (
            "the size of the effect on Russia towards Pakistan (diplomatic) of “Floods in "
            "Pakistan, Russian relief”"
        ),
        "something.else": "something.else",
    }
    assert {path: number_name(scenario, path) for path in names} == names
