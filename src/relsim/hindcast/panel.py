"""Measured series as a table of pairs by years."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from relsim.analysis.observed import Observed
from relsim.errors import RelsimError

Values = NDArray[np.float64]
Flags = NDArray[np.bool_]

RECENT = 3  # years whose events say how many to expect; few, as counts of news rise and fall
UNKNOWN_EVENTS = 200.0  # where no count is known: a usual one (median of yearly ICEWS dyads)


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
        known: Flags = ~np.isnan(self.values)
        return known

    @property
    def seen(self) -> Flags:
        """Which pairs have a value in any year, [P]."""
        return np.asarray(self.measured.any(axis=1))

    def until(self, year: int) -> Panel:
        """The years up to one, that one included."""
        kept = int(np.searchsorted(self.years, year, side="right"))
        return replace(
            self,
            years=self.years[:kept],
            values=self.values[:, :kept],
            events=self.events[:, :kept],
        )

    def hiding(self, pairs: Flags) -> Panel:
        """The same with nothing known of some pairs, [P]."""
        hidden = pairs[:, np.newaxis]
        return replace(
            self,
            values=np.where(hidden, np.nan, self.values),
            events=np.where(hidden, np.nan, self.events),
        )

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
        expected: Values = np.exp(np.where(known, mean, pooled))
        return expected

    def states(self) -> tuple[tuple[str, ...], Values]:
        """The states, and which of them each pair joins, [P, S], as 0 and 1."""
        names = tuple(sorted({state for dyad in self.dyads for state in dyad.split("-")}))
        joins = np.zeros((len(self.dyads), len(names)))
        for row, dyad in enumerate(self.dyads):
            for state in dyad.split("-"):
                joins[row, names.index(state)] = 1.0
        return names, joins


def panel_of(observed: Observed) -> Panel:
    """The panel of a measured series; months are joined to years, weighted by their events.

    Where a series does not say how many events a value rests on, the median of the others is
    taken: the measurement model fits how much one event tells.

    Raises:
        RelsimError: the series has a single year.
    """
    data = observed.data.assign(year=observed.data["start"] // 12)
    known = data["events"].dropna()
    data["events"] = data["events"].fillna(known.median() if len(known) else UNKNOWN_EVENTS)
    yearly = _by_year(data)
    years = range(int(yearly["year"].min()), int(yearly["year"].max()) + 1)
    if len(years) < 2:
        raise RelsimError(f"{observed.file}: a hindcast takes at least two years; here is one.")
    values = yearly.pivot(index="dyad", columns="year", values="value").reindex(columns=years)
    events = yearly.pivot(index="dyad", columns="year", values="events").reindex(columns=years)
    return Panel(
        tuple(str(dyad) for dyad in values.index),
        tuple(years),
        values.to_numpy(np.float64),
        events.to_numpy(np.float64),
    )


def _by_year(data: pd.DataFrame) -> pd.DataFrame:
    data = data.assign(total=data["value"] * data["events"])
    yearly = data.groupby(["dyad", "year"], as_index=False)[["total", "events"]].sum()
    return yearly.assign(value=(yearly["total"] / yearly["events"]).clip(-1.0, 1.0))
