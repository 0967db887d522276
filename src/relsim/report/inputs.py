"""The inputs of a scenario as tables: what is written there, and every weight of every act."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from relsim.report.page import Table
from relsim.scenario.interests import changed_interests
from relsim.scenario.schema import Scenario
from relsim.scenario.timing import timing_words
from relsim.words import true_minus

KINDS = {"ties": "tie to", "issues": "issue", "capacity": "capacity", "traits": "trait"}
PLAIN = {  # key, title, caption and name of the first column of simple tables
    "ties": ("Opening ties", "Cooperation at the start, −1 to 1.", "tie"),
    "issues": ("Issues", "What the ends of a stance mean.", "issue"),
    "context": ("Context", "Variables of the world.", "variable"),
    "parameters": (
        "Parameters that differ from their defaults",
        "Per month unless they say otherwise; see docs/ODD.md for the defaults.",
        "parameter",
    ),
}


def input_tables(scenario: Scenario) -> list[Table]:
    """Everything that was written down, inheritance and changes applied; empty tables left out."""
    written = scenario.as_written
    simple = []
    for key, (title, caption, head) in PLAIN.items():
        entries = written.get(key)
        pairs = entries.items() if isinstance(entries, Mapping) else ()
        rows = tuple((str(name), flow(value)) for name, value in pairs)
        simple.append(Table(title, caption, (head, "value"), rows))
    sources = tuple((str(source),) for source in written.get("sources") or ())
    tables = [
        *events_tables(scenario, written),
        interests_table(scenario, written),
        *simple,
        Table("Sources", "As the file names them.", ("source",), sources),
    ]
    return [table for table in tables if table.rows]


def events_tables(scenario: Scenario, written: Mapping[str, Any]) -> tuple[Table, Table]:
    """Events, and levers that are not pulled: when, and what each changes, with the published
    weight of each CAMEO code."""
    events: list[tuple[str, ...]] = []
    levers: list[tuple[str, ...]] = []
    unit = scenario.parameters.goldstein_unit
    for name, event in scenario.events.items():
        raw = written["events"][name]
        effects = [
            f"{flow(effect)}{kind.note(effect, unit)}"
            for effect, kind in zip(raw.get("effects") or (), event.effects, strict=True)
        ]
        when = timing_words(event, scenario.events)
        rows = levers if event.off else events
        rows.append((event.label or name, when, "\n".join(effects), event.about))
    size = (
        "Size of a pulse with a CAMEO code: goldstein_unit × its Goldstein weight, in pull units, "
        "unless an override is named."
    )
    head = ("event", "when", "effects", "about")
    return (
        Table("Events", size, head, tuple(events), open=True),
        Table("Levers not pulled", f"Events that are off here. {size}", head, tuple(levers)),
    )


def interests_table(scenario: Scenario, written: Mapping[str, Any]) -> Table:
    """Each interest, capacity and trait of each state, and what has changed."""
    changed = {change.path: change.words for change in changed_interests(scenario)}
    rows = []
    for code, state in written["states"].items():
        state = state or {}
        name = f"{code} {state.get('name') or ''}".strip()
        entries = list(_entries(code, state, changed))
        rows += [(name, *entry) for entry in entries or [("", "", "", "")]]
    return Table(
        "States and their interests",
        "A tie above 0: the state takes its cue from the other; below 0: it mistrusts whom the "
        "other befriends. Sizes: 0.1 slight, 0.3 notable, 0.6 strong, 1 dominant. Salience: share "
        "of its attention. Capacity: the highest level it can afford. “Changed” names what differs "
        "from what the opening was read with.",
        ("state", "kind", "of", "value", "changed"),
        tuple(rows),
    )


def _entries(
    code: str, state: Mapping[str, Any], changed: Mapping[str, str]
) -> Iterator[tuple[str, str, str, str]]:
    """Kind, name, value and change of everything that is written of a state."""
    for kind, word in KINDS.items():
        entries = {str(name): value for name, value in (state.get(kind) or {}).items()}
        beginning = f"{code}.{kind}."
        changes = {path: text for path, text in changed.items() if path.startswith(beginning)}
        for name, value in entries.items():
            own = [path for path in changes if name == path.removeprefix(beginning).split(".")[0]]
            words = [changes.pop(path).removeprefix(f"{beginning}{name} ") for path in own]
            yield word, name, flow(value), "; ".join(words)
        for path, text in changes.items():  # what is no longer written there
            name = path.removeprefix(beginning)
            yield word, name, "", text.removeprefix(f"{beginning}{name} ")


def flow(value: Any) -> str:
    """Plain data in one line of words, as in "pulse A-B, size 0.2"; empty where there is none."""
    if value is None or value == {}:
        return ""
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_inner(content)}".rstrip() for key, content in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(_inner(content) for content in value)
    return str(value).lower() if isinstance(value, bool) else true_minus(str(value))


def _inner(value: Any) -> str:
    """A value within another; what has parts of its own stands in parentheses."""
    several = isinstance(value, Mapping | list | tuple) and len(value) > 1
    return f"({flow(value)})" if several else flow(value)
