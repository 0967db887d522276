"""Strategies that damage valid scenarios, as people, editors and disks do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

from hypothesis import strategies as st

Path = tuple[str | int, ...]

LONG = 1200  # characters: no file has so long a name, no terminal so long a line
JUNK_TEXTS = (
    "", " ", "x", "A", "NO", "yes", "off", "~", "1,5", "062", "1e-3", "12:30", "15%", "nan", "-",
    "2020", "2020-07", "2020-07-01", "2020-13", "0000-01", "9999-12", "9 months", "0 years",
    "1e999 years", "-1 per year", "A-B", "B>A.talk", "A-A", "[key]", "uniform", "overall",
    "extends", "states", "parameters.drift", "A.ties.B", "A.capacity", "context.order", "..",
    "a\0b", "\ud800", "\u2028", "²", "é" * 3, "x" * LONG,
)  # fmt: skip
JUNK: tuple[Any, ...] = (
    *JUNK_TEXTS, None, True, False, 0, 1, -1, 2, 0.5, -0.0, 1e6, 1e7, 1e308, 10**25, float("inf"),
    float("nan"), [], {}, [[]], [None], [1, 2], ["A-B"], [{}], {"": None}, {"x": {}},
    {"uniform": [0, 1]}, {"uniform": [1, 0]}, {"normal": [0]}, {"normal": {}},
    {"lognormal": [0, 1]}, {"weight": 1}, {"overall": "x"},
    {"tie": "A-B", "above": 0}, {"pulse": "A-B", "size": 1},
    {"set": "A.ties.B", "to": -1}, {"event": "y"}, {"a": {"b": {"c": [1]}}},
)  # fmt: skip


def walk(data: Any, path: Path = ()) -> Iterator[Path]:
    """The path of every part of plain data, the whole (an empty path) first."""
    yield path
    children: list[tuple[Any, Any]] = []
    if isinstance(data, dict):
        children = list(data.items())
    elif isinstance(data, list):
        children = list(enumerate(data))
    for step, part in children:
        yield from walk(part, (*path, step))


def junk() -> st.SearchStrategy[Any]:
    """A value that stands nowhere, or somewhere else."""
    return st.sampled_from(JUNK).map(deepcopy) | nested()


def nested() -> st.SearchStrategy[Any]:
    """Any plain data."""
    scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6)
    return st.recursive(
        scalars,
        lambda part: st.lists(part, max_size=4) | st.dictionaries(st.text(max_size=4), part),
        max_leaves=12,
    )


@st.composite
def damaged_data(draw: st.DrawFn, sound: Any) -> Any:
    """Plain data with one to four parts removed, replaced, renamed, moved or added."""
    data = deepcopy(sound)
    for _ in range(draw(st.integers(1, 4))):
        paths = [path for path in walk(data) if path]
        if not paths:
            return data
        path = draw(st.sampled_from(paths))
        owner = part_at(data, path[:-1])
        kind = draw(st.sampled_from(["remove", "replace", "rename", "copy", "wrap", "add"]))
        if kind == "remove":
            del owner[path[-1]]
        elif kind == "replace":
            owner[path[-1]] = draw(junk())
        elif kind == "copy":
            owner[path[-1]] = deepcopy(part_at(data, draw(st.sampled_from(paths))))
        elif kind == "wrap":
            part = owner[path[-1]]
            owner[path[-1]] = draw(st.sampled_from([[part], {"x": part}, [part, part]]))
        elif isinstance(owner, list):
            owner.insert(draw(st.integers(0, len(owner))), draw(junk()))
        elif kind == "rename":
            owner[draw(_other_name(str(path[-1])))] = owner.pop(path[-1])
        else:
            owner[draw(st.sampled_from([str(path[-1]) + "s", *JUNK_TEXTS]))] = draw(junk())
    return data


def part_at(data: Any, path: Path) -> Any:
    """The part of plain data at a path."""
    for step in path:
        data = data[step]
    return data


def _other_name(name: str) -> st.SearchStrategy[str]:
    slips = [name[:-1], name + "x", name.upper(), name.lower(), name[::-1], name + ".x"]
    return st.sampled_from([*slips, *JUNK_TEXTS])


@st.composite
def damaged_text(draw: st.DrawFn, sound: str) -> str:
    """A text with one to four places cut, doubled, moved or written over."""
    text = sound
    for _ in range(draw(st.integers(1, 4))):
        edit = draw(st.sampled_from(_TEXT_EDITS))
        text = edit(draw, text)
    return text


def _cut(draw: st.DrawFn, text: str) -> str:
    return text[: draw(st.integers(0, len(text)))]


def _remove_some(draw: st.DrawFn, text: str) -> str:
    start = draw(st.integers(0, len(text)))
    return text[:start] + text[start + draw(st.integers(1, 60)) :]


def _insert_characters(draw: st.DrawFn, text: str) -> str:
    start = draw(st.integers(0, len(text)))
    return text[:start] + draw(_SNIPPETS | st.text(min_size=1, max_size=4)) + text[start:]


def _remove_line(draw: st.DrawFn, text: str) -> str:
    lines = text.split("\n")
    del lines[draw(st.integers(0, len(lines) - 1))]
    return "\n".join(lines)


def _insert_line(draw: st.DrawFn, text: str) -> str:
    lines = text.split("\n")
    line = draw(st.sampled_from(lines) | _SNIPPETS | st.text(max_size=8))
    indent = " " * draw(st.integers(0, 8))
    lines.insert(draw(st.integers(0, len(lines))), indent + line)
    return "\n".join(lines)


def _indent_line(draw: st.DrawFn, text: str) -> str:
    lines = text.split("\n")
    number = draw(st.integers(0, len(lines) - 1))
    indent = draw(st.sampled_from(["", " ", "    ", "\t"]))
    lines[number] = indent + lines[number].lstrip(draw(st.sampled_from(["", " "])))
    return "\n".join(lines)


_SNIPPETS = st.sampled_from(
    ["\t", "\0", "\x07", "\x85", "\u2028", "\ufeff", "\r", ":", ": ", "- ", "{", "}", "[", "]",
     ",", "#", "&a ", "*a", "*b", "<<: *a", "? ", "|", ">", "%", "@", "`", "'", '"', "!", "!!int ",
     "!!python/object:os.system ", "---\n", "...\n", "--- ", '"\\ud800"', '"\\UFFFFFFFF"',
     "'0x1F'", "null", "x: &a [*a]", "? [a, b]\n: c", "%YAML 2.0\n---\n", "%TAG ! x\n---\n"]
)  # fmt: skip
_TEXT_EDITS: list[Callable[[st.DrawFn, str], str]] = [
    _cut, _remove_some, _insert_characters, _remove_line, _insert_line, _indent_line,
]  # fmt: skip


def set_options(sound: Any) -> st.SearchStrategy[str]:
    """A change as on the command line: a path that exists, nearly exists or is nonsense."""
    paths = [".".join(str(step) for step in path) for path in walk(sound) if path]
    steps = st.sampled_from(sorted({str(path[-1]) for path in walk(sound) if path})) | st.text(
        max_size=4
    )
    made_up = st.lists(steps | st.sampled_from(JUNK_TEXTS), max_size=5).map(".".join)
    known = st.sampled_from(paths)
    longer = st.builds(lambda path, step: f"{path}.{step}", known, steps)
    values = st.sampled_from(JUNK).map(str) | st.sampled_from(_VALUES) | st.text(max_size=8)
    change = st.builds(lambda path, value: f"{path}={value}", known | longer | made_up, values)
    return change | st.text(max_size=12)


_VALUES = (
    "", "null", "0.2", "-1e-3", "true", "off", "{uniform: [0.1, 0.2]}", "{weight: 0.3}", "[A-B]",
    "{", "*a", "&a [*a]", "!!int 1", "# nothing", "2021-03", "12 months", "a: b: c", "1 per year",
    "[[[]]]", "{a: 1, a: 2}", "---\n---", "\t",
)  # fmt: skip
