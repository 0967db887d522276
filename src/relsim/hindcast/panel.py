"""Measured series as a table of pairs by years, and the years that can be forecast from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from relsim.analysis.observed import Observed
from relsim.errors import RelsimError
from relsim.words import counted, listed

Values: TypeAlias = NDArray[np.float64]
Flags: TypeAlias = NDArray[np.bool_]
HoldOut: TypeAlias = Literal["pairs", "states"]

RECENT = 3  # years whose events show how many to expect; few, as counts of news rise and fall
UNKNOWN_EVENTS = 200.0  # where no count is known: a usual one (median of yearly ICEWS dyads)
LEAST_PAST = 4  # years before the first origin: fewer tell little of a level apart from its drift
SHORTEST_PAST = 2  # years that any fit needs
MOST_ORIGINS = 12  # by default: each takes seconds, and they overlap
FOLDS = 5


@dataclass(frozen=True)
class Panel:
    """Series of pairs over the same run of years.

    Attributes:
        dyads: the pairs, as in ``PAK-RUS``.
        years: every year from the first to the last.
        values: cooperation in [-1, 1], [P, T]; NaN where not measured.
        events: how many events each value rests on, [P, T]; NaN where there is no value.
    """

    dyads: tuple[str, ...]
    years: tuple[int, ...]
    values: Values
    events: Values

    @property
    def measured(self) -> Flags:
        """Where there is a value, [P, T]."""
        return ~np.isnan(self.values)

    @property
    def seen(self) -> Flags:
        """The pairs that have a value in any year, [P]."""
        return np.asarray(self.measured.any(axis=1))

    def until(self, year: int) -> Panel:
        """The years up to and including one."""
        kept = int(np.searchsorted(self.years, year, side="right"))
        values, events = self.values[:, :kept], self.events[:, :kept]
        return replace(self, years=self.years[:kept], values=values, events=events)

    def hiding(self, pairs: Flags) -> Panel:
        """The same with nothing known of some pairs, [P]."""
        values, events = (
            np.where(pairs[:, np.newaxis], np.nan, table) for table in (self.values, self.events)
        )
        return replace(self, values=values, events=events)

    def expected_events(self) -> Values:
        """How many events to expect in a coming year, [P].

        The geometric mean of the last three measured years; for a pair never seen, that of the
        other pairs.
        """
        logs = np.log(self.events)
        back = np.cumsum(self.measured[:, ::-1], axis=1)[:, ::-1]
        recent = np.where((back <= RECENT) & self.measured, logs, 0.0).sum(axis=1)
        count = np.minimum(self.measured.sum(axis=1), RECENT)
        known = count > 0
        mean = recent / np.maximum(count, 1)
        pooled = mean[known].mean() if known.any() else np.log(UNKNOWN_EVENTS)
        return np.asarray(np.exp(np.where(known, mean, pooled)))

    def states(self) -> tuple[tuple[str, ...], Values]:
        """The states, and the states of each pair as 0 and 1, [P, S]."""
        ends = [dyad.split("-") for dyad in self.dyads]
        names = tuple(sorted({state for pair in ends for state in pair}))
        return names, np.array([[float(name in pair) for name in names] for pair in ends])


def panel_of(observed: Observed) -> Panel:
    """The panel of a measured series; months are joined to years, weighted by their events.

    Where a series does not say how many events a value rests on, the median of the others is
    taken: the measurement model fits how much one event tells.

    Raises:
        RelsimError: the series has a single year.
    """
    known = observed.data["events"].dropna()
    usual = known.median() if len(known) else UNKNOWN_EVENTS
    data = observed.data.assign(
        year=observed.data["start"] // 12, events=observed.data["events"].fillna(usual)
    )
    data["total"] = data["value"] * data["events"]
    yearly = data.groupby(["dyad", "year"], as_index=False)[["total", "events"]].sum()
    yearly["value"] = (yearly["total"] / yearly["events"]).clip(-1.0, 1.0)
    years = range(int(yearly["year"].min()), int(yearly["year"].max()) + 1)
    if len(years) < 2:
        raise RelsimError(f"{observed.file}: a hindcast takes at least two years; here is one.")
    values, events = (
        yearly.pivot(index="dyad", columns="year", values=column).reindex(columns=years)
        for column in ("value", "events")
    )
    return Panel(
        tuple(str(dyad) for dyad in values.index),
        tuple(years),
        values.to_numpy(np.float64),
        events.to_numpy(np.float64),
    )


def folds(past: Panel, hold_out: HoldOut | None) -> Iterator[tuple[Panel, Flags]]:
    """What is known, and the pairs to score on it, [P]; some other pair is always known."""
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
    """The named origins, in order and once each; by default at most 12, evenly spaced.

    Raises:
        RelsimError: one has too little past or nothing to score, or no year can be an origin.
    """
    possible = origins_of(panel, horizons, hold_out)
    for origin in origins or ():
        if not _serves(panel, origin, horizons, hold_out, SHORTEST_PAST):
            raise RelsimError(
                f"From {origin} nothing can be scored: a forecast takes {SHORTEST_PAST} years with "
                f"values up to its origin, and values {_ahead(horizons)} later. Possible origins: "
                f"{run_of(possible)}."
            )
    return tuple(sorted(set(origins))) if origins else spread(possible)


def spread(origins: tuple[int, ...]) -> tuple[int, ...]:
    """At most 12 origins, evenly spaced from the first to the last."""
    if len(origins) <= MOST_ORIGINS:
        return origins
    rows = np.linspace(0, len(origins) - 1, MOST_ORIGINS).round().astype(int)
    return tuple(origins[row] for row in rows)


def origins_of(
    panel: Panel, horizons: Sequence[int], hold_out: HoldOut | None = None
) -> tuple[int, ...]:
    """The years that can be forecast from: those with enough past and something to score.

    Four years with values are enough; where no year has them, two are.

    Raises:
        RelsimError: there are none.
    """
    for least in (LEAST_PAST, SHORTEST_PAST):
        years = [year for year in panel.years if _serves(panel, year, horizons, hold_out, least)]
        if years:
            return tuple(years)
    raise RelsimError(_nothing_to_score(panel, horizons, hold_out))


def _serves(
    panel: Panel, origin: int, horizons: Sequence[int], hold_out: HoldOut | None, least: int
) -> bool:
    """Whether enough years with values are known by a year, and a forecast can be scored."""
    past = panel.until(origin)
    if origin not in panel.years or past.measured.any(axis=0).sum() < least:
        return False
    later = np.isin(panel.years, [origin + ahead for ahead in horizons])
    came = panel.measured[:, later].any(axis=1)
    return any((scored & came).any() for _, scored in folds(past, hold_out))


def _nothing_to_score(panel: Panel, horizons: Sequence[int], hold_out: HoldOut | None) -> str:
    first, last, least = panel.years[0], panel.years[-1], min(horizons)
    if last - first + 1 < SHORTEST_PAST + least:
        return (
            f"The series have the years {first} to {last}; a hindcast over "
            f"{counted(least, 'year')} takes {SHORTEST_PAST + least}."
        )
    if hold_out is not None:
        return (
            f"No {hold_out} can be left out of {counted(len(panel.dyads), 'pair')} with others "
            "known and values to come. Leave --hold-out away, or take more pairs."
        )
    return (
        f"The series have {panel.measured.any(axis=0).sum()} years with values between {first} "
        f"and {last}, and from the second on no pair known by then has a value "
        f"{_ahead(horizons)} later. Take other --horizons, or a longer series."
    )


def _ahead(horizons: Sequence[int]) -> str:
    *others, last = sorted(set(horizons))
    return listed([*map(str, others), counted(last, "year")], "or")


def run_of(years: Sequence[int]) -> str:
    """Years in words: the first and the last, where all between them are there."""
    if len(years) == years[-1] - years[0] + 1 and len(years) > 2:
        return f"{years[0]} to {years[-1]}"
    return ", ".join(str(year) for year in years)
