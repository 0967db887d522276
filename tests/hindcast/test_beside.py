"""A scenario beside measured values: right on its own future, no use on another's."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from hindcast.beside_made import in_another_order, measured, scenario
from relsim.ensemble.simulate import Ensemble, simulate
from relsim.errors import RelsimError
from relsim.figures.hindcast import beside_charts
from relsim.hindcast.beside import MEAN, NO_CHANGE, SCENARIO, Beside, beside, yearly_means
from relsim.hindcast.panel import Panel

ONE = scenario()
SERIES = measured(ONE, seed=1)


@cache
def ensemble() -> Ensemble:
    return simulate(ONE, record="overall")


@cache
def first() -> Beside:
    return beside(SERIES, ensemble())


@pytest.mark.slow
def test_a_scenario_covers_its_own_futures() -> None:
    found = [first(), *(beside(measured(ONE, seed), ensemble()) for seed in (2, 3, 4))]
    cover = {
        level: np.mean(
            [one.skill.set_index("forecaster")[f"cover{level}"][SCENARIO] for one in found]
        )
        for level in (50, 80, 95)
    }
    assert cover[50] == pytest.approx(0.5, abs=0.08)
    assert cover[80] == pytest.approx(0.8, abs=0.06)
    assert cover[95] == pytest.approx(0.95, abs=0.04)


def test_it_is_better_there_than_either_reference() -> None:
    ratio = first().skill.set_index("forecaster")["ratio"]
    assert ratio[SCENARIO] == 1
    assert ratio[MEAN] < 0.8
    assert ratio[NO_CHANGE] < 1
    pairs = first().pairs.query("dyad == 'A-B'").iloc[0]
    assert pairs[SCENARIO] < 0.7 * pairs[NO_CHANGE]  # the act


def test_on_the_series_of_other_pairs_it_is_no_better_than_their_mean() -> None:
    found = beside(in_another_order(SERIES), ensemble())
    # The source's scale is fitted, and finds something by luck: 0.970 to 1.007 on eight series.
    assert found.skill.set_index("forecaster")["ratio"][MEAN] > 0.96


def test_years_count_that_are_whole() -> None:
    years = yearly_means(ensemble())
    assert list(years) == list(range(2000, 2009))  # of December 1999 to June 2009
    levels = ensemble().data["overall"].sel(time=slice("2003-01", "2003-12")).mean("time")
    assert years[2003] == pytest.approx(levels.values)


def test_each_value_is_scored_once_by_each_forecaster() -> None:
    hidden = SERIES.values.copy()
    hidden[3, 2], hidden[7] = np.nan, np.nan
    found = beside(replace(SERIES, values=hidden), ensemble())
    assert SERIES.dyads[7] not in found.panel.dyads
    own = found.scores[found.scores["forecaster"] == SCENARIO]
    assert len(own) == np.isfinite(hidden).sum()
    assert not own.duplicated(["dyad", "year"]).any()
    assert found.scores.groupby("forecaster").size().nunique() == 1


def test_the_series_is_not_what_a_scenario_says() -> None:
    """Nothing of a pair's own values moves what is said of it, but for the measurement."""
    turned = SERIES.values.copy()
    turned[0] = turned[0, ::-1]
    other = beside(replace(SERIES, values=turned), ensemble()).pairs.set_index("dyad")
    assert other["said"].to_numpy() == pytest.approx(first().pairs["said"].to_numpy(), abs=0.01)


@pytest.mark.parametrize(
    ("dyads", "years", "words"),
    [
        (("P-Q",), (2001, 2002), "has A, B, C, D, E, F, G, H and the whole years 2000 to 2008; "),
        (("A-B",), (2009, 2010), "the series has A, B and 2009 to 2010. Take a series of"),
    ],
)
def test_nothing_in_common_says_what_each_has(
    dyads: tuple[str, ...], years: tuple[int, ...], words: str
) -> None:
    values = np.full((1, 2), 0.5)
    with pytest.raises(RelsimError, match="no pair and year in common") as raised:
        beside(Panel(dyads, years, values, values * 100), ensemble())
    assert words in str(raised.value)


def test_sentences_say_which_pairs_are_right_and_what_is_fitted() -> None:
    said = " ".join(first().sentences())
    for words in (
        "Of 252 values of 28 pairs, 2000 to 2008, the scenario's CRPS is",
        "better than it",
        "Right, with four fifths of the years or more in the 80 % band: ",
        "rank correlation of scenario and measured +0.",
        "over 28 pairs",
        "have the measured sign.",
        "Nothing of the scenario is fitted.",
    ):
        assert words in said
    assert first().warnings() == []


def test_watched_pairs_that_are_not_measured_are_named() -> None:
    def without(*dyads: str) -> list[str]:
        kept = np.array([dyad not in dyads for dyad in SERIES.dyads])
        names = tuple(np.array(SERIES.dyads)[kept].tolist())
        part = replace(SERIES, dyads=names, values=SERIES.values[kept], events=SERIES.events[kept])
        return beside(part, ensemble()).warnings()

    (one,) = without("A-B")
    assert one.startswith("Watched, but not in the series: A-B.")
    (all_of_them,) = without("A-B", "C-D")
    assert all_of_them.startswith("None of the watched pairs is in the series (A-B, C-D)")


def test_one_year_has_levels_and_no_changes() -> None:
    late = replace(SERIES, values=np.where(np.arange(9) < 8, np.nan, SERIES.values))
    found = beside(late, ensemble())
    assert set(beside_charts(first())) == {"bands", "changes"}
    assert set(beside_charts(found)) == {"bands"}
    assert "too few pairs (0)" in " ".join(found.sentences())
