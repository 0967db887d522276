"""A scenario beside a measured series, as a table."""

from __future__ import annotations

import pandas as pd
from rich.table import Table


def beside_table(skill: pd.DataFrame) -> Table:
    """A row for each forecaster: CRPS, the scenario's ratio to it, share of values in bands."""
    levels = ("50", "80", "95")
    heads = (f"in {level} %" for level in levels)
    table = Table("", "n", "CRPS", "scenario's, times this", *heads)
    for column in table.columns[1:]:
        column.justify = "right"
    for place, row in skill.iterrows():
        interval = f"{row['ratio']:.3f} ({row['ratio_low']:.3f}–{row['ratio_high']:.3f})"
        table.add_row(
            str(row["forecaster"]),
            f"{row['n']:,.0f}",
            f"{row['crps']:.4f}",
            "" if place == 0 else interval,
            *(f"{row[f'cover{level}']:.1%}" for level in levels),
        )
    return table
