"""Which years can be forecast from, and which pairs are known there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from relsim.errors import RelsimError
from relsim.hindcast.panel import Panel

Flags = NDArray[np.bool_]
HoldOut: TypeAlias = Literal["pairs", "states"]

LEAST_PAST = 4  # years before the first origin: fewer tell little of a level apart from its drift
SHORTEST_PAST = 2  # what any fit needs
MOST = 12  # origins, where none are asked for: each takes seconds, and they overlap
FOLDS = 5


def folds(past: Panel, hold_out: HoldOut | None) -> Iterator[tuple[Panel, Flags]]:
    """What is known, and which pairs to score on it, [P]; some other pair is always known."""
    if hold_out is None:
        yield past, past.seen
        return
    _, joins = past.states()
    for fold in range(FOLDS):
        if hold_out == "pairs":
            hidden = np.arange(len(past.dyads)) % FOLDS == fold
        else:
            hidden = joins[:, fold::FOLDS].any(axis=1)
        if hidden.any() and (past.seen & ~hidden).any():
            yield past.hiding(hidden), hidden


def chosen_origins(
    panel: Panel,
    origins: Sequence[int] | None,
    horizons: Sequence[int],
    hold_out: HoldOut | None = None,
) -> tuple[int, ...]:
    """The origins asked for, in order and once each; where none are, those that serve.

    Raises:
        RelsimError: one has too little past or nothing to score, or none serves.
    """
    serving = origins_of(panel, horizons, hold_out)
    for origin in origins or ():
        if not _serves(panel, origin, horizons, hold_out, SHORTEST_PAST):
            raise RelsimError(
                f"From {origin} nothing can be scored: a forecast takes {SHORTEST_PAST} years with "
                f"values up to its origin, and values {_ahead(horizons)} later. Origins that "
                f"serve: {run_of(serving)}."
            )
    return tuple(sorted(set(origins))) if origins else spread(serving)


def spread(origins: tuple[int, ...]) -> tuple[int, ...]:
    """As many as are taken unasked, evenly spread from the first to the last."""
    if len(origins) <= MOST:
        return origins
    places = np.linspace(0, len(origins) - 1, MOST).round().astype(int)
    return tuple(origins[place] for place in places)


def origins_of(
    panel: Panel, horizons: Sequence[int], hold_out: HoldOut | None = None
) -> tuple[int, ...]:
    """The years that can be forecast from: those with enough past and something to score.

    Where none has four years with values in its past, two do.

    Raises:
        RelsimError: there are none.
    """
    for least in (LEAST_PAST, SHORTEST_PAST):
        found = tuple(
            year for year in panel.years if _serves(panel, year, horizons, hold_out, least)
        )
        if found:
            return found
    raise RelsimError(_nothing_to_score(panel, horizons, hold_out))


def _serves(
    panel: Panel, origin: int, horizons: Sequence[int], hold_out: HoldOut | None, least: int
) -> bool:
    """Whether so many years with values are known by a year, and a forecast can be judged."""
    past = panel.until(origin)
    if origin not in panel.years or past.measured.any(axis=0).sum() < least:
        return False
    came = panel.measured[:, np.isin(panel.years, [origin + ahead for ahead in horizons])].any(
        axis=1
    )
    return any((judged & came).any() for _, judged in folds(past, hold_out))


def _nothing_to_score(panel: Panel, horizons: Sequence[int], hold_out: HoldOut | None) -> str:
    first, last, least = panel.years[0], panel.years[-1], min(horizons)
    if last - first + 1 < SHORTEST_PAST + least:
        return (
            f"The series have the years {first} to {last}; a hindcast over {_years(least)} takes "
            f"{SHORTEST_PAST + least}."
        )
    if hold_out is not None:
        pairs = len(panel.dyads)
        return (
            f"No {hold_out} can be left out of {pairs} pair{'s' if pairs != 1 else ''} with others "
            "known and values to come. Leave --hold-out away, or take more pairs."
        )
    return (
        f"The series have {panel.measured.any(axis=0).sum()} years with values between {first} "
        f"and {last}, and from the second on no pair known by then has a value "
        f"{_ahead(horizons)} later. Take other --horizons, or a longer series."
    )


def _ahead(horizons: Sequence[int]) -> str:
    *others, last = sorted(set(horizons))
    return f"{', '.join(str(one) for one in others)} or {_years(last)}" if others else _years(last)


def _years(count: int) -> str:
    return f"{count} year" + ("s" if count != 1 else "")


def run_of(years: Sequence[int]) -> str:
    """Years in words: the first and the last, where all between them are there."""
    if len(years) == years[-1] - years[0] + 1 and len(years) > 2:
        return f"{years[0]} to {years[-1]}"
    return ", ".join(str(year) for year in years)
