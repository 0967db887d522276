"""Which years can be forecast from, of series with gaps and pairs that come and go."""

from __future__ import annotations

import re

import numpy as np
import pytest

from relsim.errors import RelsimError
from relsim.hindcast.panel import HoldOut, Panel, chosen_origins, folds, origins_of


def panel(*rows: str, first: int = 2000) -> Panel:
    """A row for each pair, x where it has a value."""
    measured = np.array([[mark == "x" for mark in row] for row in rows])
    dyads = ("A-B", "A-C", "D-E", "D-F")[: len(rows)]
    values, events = (np.where(measured, number, np.nan) for number in (0.5, 100.0))
    return Panel(dyads, tuple(range(first, first + len(rows[0]))), values, events)


def test_four_years_are_known_before_the_first_origin_and_two_of_a_short_series() -> None:
    assert origins_of(panel("xxxxxxx"), (1, 3)) == (2003, 2004, 2005)
    assert origins_of(panel("xxxx"), (1, 3)) == (2001, 2002)


def test_years_without_a_value_are_no_past_and_nothing_to_score() -> None:
    assert origins_of(panel("x...xxxxx"), (1,)) == (2006, 2007)
    assert origins_of(panel("xxxx....x"), (1,)) == (2007,)
    assert origins_of(panel("xxxx....x"), (1, 3)) == (2005, 2007)


def test_an_origin_is_scored_by_a_pair_that_is_known_by_then() -> None:
    assert origins_of(panel("xxxxx...", "....xxxx"), (1,)) == (2003, 2004, 2005, 2006)
    assert origins_of(panel("xxxxx...", ".....xxx"), (1,)) == (2003, 2005, 2006)


@pytest.mark.parametrize(
    ("rows", "horizons", "hold_out", "said"),
    [
        (("xxx",), (3,), None, "a hindcast over 3 years takes 5"),
        (("x........x",), (1, 3), None, "2 years with values between 2000 and 2009"),
        (("x...", ".x..", "..x.", "...x"), (1,), None, "no pair known by then"),
        (("xxxxx",), (1,), "pairs", "Leave --hold-out away"),
    ],
)
def test_what_cannot_be_scored_is_said_with_what_to_do(
    rows: tuple[str, ...], horizons: tuple[int, ...], hold_out: HoldOut | None, said: str
) -> None:
    with pytest.raises(RelsimError, match=re.escape(said)):
        origins_of(panel(*rows), horizons, hold_out)


def test_where_one_state_is_in_every_pair_the_others_are_left_out() -> None:
    found = list(folds(panel("xxxxx", "xxxxx"), "states"))
    assert [judged.tolist() for _, judged in found] == [[True, False], [False, True]]


@pytest.mark.parametrize("origin", [1990, 2000, 2006, 2030])
def test_an_origin_that_does_not_serve_is_named_with_those_that_do(origin: int) -> None:
    with pytest.raises(
        RelsimError, match=f"From {origin} nothing .* Possible origins: 2003 to 2005"
    ):
        chosen_origins(panel("xxxxxxx"), (2004, origin), (1,))
    assert chosen_origins(panel("xxxxxxx"), (2005, 2002, 2005), (1,)) == (2002, 2005)


def test_of_a_long_series_twelve_origins_are_taken_first_and_last_among_them() -> None:
    chosen = chosen_origins(panel("x" * 40), None, (1,))
    assert len(chosen) == 12
    assert (chosen[0], chosen[-1]) == (2003, 2038)
    assert set(np.diff(chosen)) <= {3, 4}


@pytest.mark.parametrize("hold_out", ["pairs", "states"])
def test_some_pair_is_known_whatever_is_left_out(hold_out: HoldOut) -> None:
    found = list(folds(panel("xxxx", "xxxx", "....", "...."), hold_out))
    assert found
    for past, judged in found:
        assert past.seen.any()
        assert not (past.seen & judged).any()
