"""The inputs of a scenario as tables: what is written there, and every weight of every act."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
import yaml

from relsim.scenario.interests import ChangedInterest, changed_interests
from relsim.scenario.schema import Scenario
from relsim.words import true_minus


@dataclass(frozen=True)
class Table:
    """A table of a page: texts throughout.

    Attributes:
        title: what it holds.
        caption: how to read it.
        head: a word for each column.
        rows: as many texts in each.
        open: whether the page shows it unasked.
    """

    title: str
    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    open: bool = False


def frame_table(title: str, caption: str, frame: pd.DataFrame, most: int) -> Table:
    """The first rows of a data frame, ``most`` of them, numbers to four digits."""
    rows = tuple(
        tuple(_cell(cell) for cell in row) for row in frame.head(most).itertuples(index=False)
    )
    return Table(title, caption, tuple(str(one) for one in frame.columns), rows)


def _cell(cell: Any) -> str:
    if isinstance(cell, float):
        return "" if cell != cell else true_minus(f"{cell:.4g}")
    return cell if isinstance(cell, str) else true_minus(str(cell))


def input_tables(scenario: Scenario) -> list[Table]:
    """Everything that was written down, inheritance and changes applied; empty tables left out."""
    written = scenario.as_written
    tables = [
        events_table(scenario, written),
        _states_table(scenario, written),
        _map_table("Opening ties", "Cooperation at the start, −1 to 1.", "tie", written["ties"])
        if written.get("ties")
        else None,
        _map_table("Issues", "What the ends of a stance mean.", "issue", written.get("issues")),
        _map_table("Context", "Variables of the world.", "variable", written.get("context")),
        _map_table(
            "Parameters that differ from their defaults",
            "Per month unless they say otherwise; see docs/ODD.md for the defaults.",
            "parameter",
            written.get("parameters"),
        ),
        _list_table("Sources", written.get("sources")),
    ]
    return [table for table in tables if table is not None and table.rows]


def events_table(scenario: Scenario, written: Mapping[str, Any]) -> Table:
    """Every event: when, and what it changes, with the published weight of each CAMEO code."""
    rows = []
    for name, event in (written.get("events") or {}).items():
        off = event.get("off", False) is True
        label = f"{event.get('label') or name}{' (off)' if off else ''}"
        timing = {key: event[key] for key in _TIMING if event.get(key) is not None}
        effects = [
            f"{flow(effect)}{kind.note(effect, scenario.parameters.goldstein_unit)}"
            for effect, kind in zip(
                event.get("effects") or (), scenario.events[name].effects, strict=True
            )
        ]
        rows.append((label, flow(timing)[1:-1], "; ".join(effects), str(event.get("about") or "")))
    return Table(
        "Events and levers",
        "Size of a pulse with a CAMEO code: goldstein_unit × its Goldstein weight, in pull units, "
        "unless an override is named. An event marked (off) is a lever that was not pulled.",
        ("event", "when", "effects", "about"),
        tuple(rows),
        open=True,
    )


_TIMING = ("at", "every", "chance", "when", "from", "until", "at_most")


def _states_table(scenario: Scenario, written: Mapping[str, Any]) -> Table:
    changed = changed_interests(scenario)
    rows = []
    for code, state in written["states"].items():
        state = state or {}
        interests = (
            _interests_cell(state, code, kind, changed) for kind in ("ties", "issues", "capacity")
        )
        name = f"{code} {state.get('name') or ''}".strip()
        rows.append((name, *interests, flow(state.get("traits"))))
    return Table(
        "States and their interests",
        "A tie above 0: the state takes its cue from the other; below 0: it mistrusts whom the "
        "other befriends. Sizes: 0.1 slight, 0.3 notable, 0.6 strong, 1 dominant. Salience: share "
        "of its attention. Capacity: the highest level it can afford. “Changed” names what differs "
        "from what the opening was read with.",
        ("state", "ties", "issues", "capacity", "traits"),
        tuple(rows),
    )


def _interests_cell(
    state: Mapping[str, Any], code: str, kind: str, changed: Iterable[ChangedInterest]
) -> str:
    """The interests of a kind as written, and which of them have changed from what."""
    beginning = f"{code}.{kind}."
    said = [one.words.removeprefix(beginning) for one in changed if one.path.startswith(beginning)]
    return "; ".join([flow(state.get(kind)), *(f"changed: {one}" for one in said)])


def _map_table(title: str, caption: str, head: str, written: Any) -> Table | None:
    if not isinstance(written, Mapping):
        return None
    rows = tuple((str(key), flow(value)) for key, value in written.items())
    return Table(title, caption, (head, "value"), rows)


def _list_table(title: str, written: Iterable[Any] | None) -> Table | None:
    rows = tuple((str(entry),) for entry in written or ())
    return Table(title, "As the file names them.", ("source",), rows)


def flow(value: Any) -> str:
    """Plain data on one line, as YAML but for the minus; empty where there is none."""
    if value is None or value == {}:
        return ""
    text: str = yaml.safe_dump(
        value, default_flow_style=True, allow_unicode=True, sort_keys=False, width=10**6
    )
    return true_minus(text.removesuffix("...\n").strip())
