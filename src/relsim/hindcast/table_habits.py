"""How a table writes its dates and codes, read from its lines before they are used."""

from __future__ import annotations

from relsim.hindcast.event_files import Table
from relsim.hindcast.event_formats import Wanted, layout_of, reader
from relsim.hindcast.event_values import (
    DamagedLineError,
    DateOrder,
    Habits,
    codes_of,
    is_year_last,
    order_of_date,
)

MANY_CODES = 10_000  # different texts; CAMEO has 310 codes


def habits_of(table: Table, wanted: Wanted, order: DateOrder | None) -> Habits:
    """What the lines of a table say of how it writes dates and codes.

    Reads the whole table where its events are told by CAMEO codes, as any line may show that
    leading zeros are lost; else until a date shows what is the month, or is plain.

    Args:
        table: read up, and not to be read again.
        wanted: what is looked for in it.
        order: of its dates, where the user has said so.

    Raises:
        ScenarioError: it has no columns to work with.
    """
    laid_out = layout_of(table, wanted)
    if laid_out is None:
        return Habits(order)
    layout, lines = laid_out
    event_of = reader(layout)
    coded = layout.coding == "cameo"
    codes: set[str] = set()
    dated = order is not None
    for _, line in lines:
        try:
            event = event_of(line)
        except DamagedLineError:
            continue
        if not dated:
            order = order_of_date(event.date)
            dated = order is not None or not is_year_last(event.date)
        if coded and len(codes) < MANY_CODES:
            codes.add(event.coding)
        if dated and not coded:
            break
    written, restored = codes_of(codes)
    return Habits(order, written, restored)
