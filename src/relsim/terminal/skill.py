"""The skill of forecasts as a table."""

from __future__ import annotations

import pandas as pd
from rich.table import Table


def skill_table(skill: pd.DataFrame) -> Table:
    """A row for each horizon and forecaster: CRPS, ratio to the best baseline, coverage."""
    table = Table("years", "forecaster", "n", "CRPS", "times best baseline", "80 % bands hold")
    for column in table.columns[2:]:
        column.justify = "right"
    for _, row in skill.iterrows():
        interval = f"{row['ratio']:.3f} ({row['ratio_low']:.3f}–{row['ratio_high']:.3f})"
        table.add_row(
            str(row["horizon"]),
            str(row["forecaster"]),
            f"{row['n']:,.0f}",
            f"{row['crps']:.4f}",
            "1 (best baseline)" if row["best"] else interval,
            f"{row['cover80']:.1%}",
        )
    return table
