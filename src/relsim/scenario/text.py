"""Text files: read whole and safely, YAML to trees with positions, and data back to YAML."""

from __future__ import annotations

import re
import stat
from pathlib import Path
from typing import Any

import yaml

from relsim.errors import Position, Problem, near_path
from relsim.scenario.tree import Items, Mapping, Node, Scalar
from relsim.words import true_minus

# Controls (but for tabs and line breaks), halves of surrogate pairs, the non-characters of
# Unicode, and controls of the direction of writing, which make a line look other than it is.
_REFUSED = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff"
    + "".join(chr(plane << 16 | low) for plane in range(1, 17) for low in (0xFFFE, 0xFFFF))
    + "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]"
)


def refused_character(text: str) -> str:
    """What to say of the first character that no text may hold; empty where all are allowed."""
    match = _REFUSED.search(text)
    return f"Character U+{ord(match[0]):04X} is not allowed." if match else ""


def without_refused(text: str) -> str:
    """The text with U+FFFD in place of what no text may hold."""
    return _REFUSED.sub("\ufffd", text)


_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISSOCK, "a socket"),
)


def other_than_a_file(path: Path) -> str:
    """What stands at a path, links followed, where it is no file: as in "a pipe"; else empty.

    A pipe may never end, and a device gives bytes for ever, so neither is opened.

    Raises:
        OSError, ValueError: nothing is there, or it cannot be asked.
    """
    mode = path.stat().st_mode
    return next((words for is_kind, words in _KINDS if is_kind(mode)), "")


def why_no_file(path: Path, name: str) -> str:
    """Why a file that another one names cannot be read; empty where it can be.

    Args:
        path: where it is.
        name: what to call it.
    """
    try:
        other = other_than_a_file(path)
    except (OSError, ValueError):
        return f"There is no file {name}."
    return f"{name} is {other}, no file." if other else ""


def read_text_file(
    path: Path, name: str, most: int, wanted: str = "a YAML file"
) -> tuple[str, list[Problem]]:
    """The text of a file, or what is wrong with it.

    Args:
        path: where it is.
        name: how positions call it.
        most: bytes that it may have.
        wanted: what to name instead of a folder, a pipe or a device.
    """
    whole = Position.whole(name)
    try:
        if other := other_than_a_file(path):
            code = "not-found" if other == "a folder" else "not-readable"
            return "", [Problem(whole, code, f"This is {other}.", f"Name {wanted}.")]
        with path.open("rb") as file:
            content = file.read(most + 1)  # the size of some files is told wrongly
        if len(content) > most:
            return "", [Problem(whole, "too-large", f"The file is over {most:,} bytes.")]
        return content.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n"), []
    except FileNotFoundError:
        text = "There is no such file."
        return "", [Problem(whole, "not-found", text, near_path(path))]
    except UnicodeDecodeError as error:
        before = content[: error.start].replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        column = len(before) - (before.rfind(b"\n") + 1) + 1
        position = Position(name, before.count(b"\n") + 1, column)
        text = f"The file is not UTF-8 text (byte {error.start})."
        return "", [Problem(position, "not-text", text, "Save it as UTF-8.")]
    except OSError as error:
        return "", [Problem(whole, "not-readable", f"{error.strerror}.")]
    except ValueError as error:  # a name that no file can have
        return "", [Problem(whole, "not-found", f"There is no such file: {error}.")]


MAX_BYTES = 4 * 1024 * 1024  # a world of 200 states needs 0.5 MiB
MAX_DEPTH = 40  # the format needs 8
MAX_NODES = 500_000  # after aliases are written out, so that they cannot multiply

# PyYAML's parser in C, where it was built with it: ten times as fast, safe likewise.
QUICK_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|(0|[1-9][0-9]*)(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_WORDS: dict[str, bool | None] = {
    "": None,
    "~": None,
    "null": None,
    "Null": None,
    "NULL": None,
    "true": True,
    "True": True,
    "TRUE": True,
    "false": False,
    "False": False,
    "FALSE": False,
}
_BAD_ESCAPE = re.compile(r"\\U(?!000|0010)[0-9A-Fa-f]{8}")  # beyond the last character
_LINE_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")  # as PyYAML counts lines
_KEY_BEFORE = re.compile(r":\s")  # a key and its value
_SPECIAL_FLOATS = {".inf": float("inf"), "-.inf": float("-inf"), ".nan": float("nan")}


def read_file(path: Path, name: str) -> tuple[Node | None, list[Problem]]:
    """The tree of one file, or what is wrong with it.

    ``name`` is how positions call the file.
    """
    text, problems = read_text_file(path, name, MAX_BYTES)
    return (None, problems) if problems else read_text(text, name)


def is_file(path: Path) -> bool:
    """Whether there is such a file; a name that no file can have, or hidden from us, is none."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def yaml_files(folder: Path) -> list[str]:
    """The names of a folder's YAML files, for hints; none where it cannot be read."""
    try:
        return sorted(file.name for file in folder.glob("*.yaml") if file.is_file())
    except (OSError, ValueError):
        return []


def read_text(text: str, name: str) -> tuple[Node | None, list[Problem]]:
    """The tree of a YAML text, or what is wrong with it."""
    if len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        problem = Problem(
            Position.whole(name), "too-large", f"The text is over {MAX_BYTES:,} bytes."
        )
        return None, [problem]
    root, problems = _compose(text, name, QUICK_LOADER)
    if problems:  # in the words and at the places of the other parser
        root, problems = _compose(text, name, yaml.SafeLoader)
    if problems:
        return None, problems
    if root is None:
        return Mapping({}, Position(name)), []
    builder = _Builder(name)
    tree = builder.build(root)
    return (None if builder.overflow else tree), builder.problems


def _compose(text: str, name: str, loader: Any) -> tuple[yaml.Node | None, list[Problem]]:
    """The nodes of a text as a parser sees them, or what is wrong with it."""
    problems = _check_events(text, name, loader)
    if problems:
        return None, problems
    try:
        return yaml.compose(text, Loader=loader), []
    except yaml.YAMLError as error:
        return None, [_syntax_problem(error, text, name)]


def _check_events(text: str, name: str, loader: Any) -> list[Problem]:
    """What must not reach the composer: tags, too much depth, several documents, bad syntax."""
    problems: list[Problem] = []
    depth = documents = 0
    try:
        for event in yaml.parse(text, Loader=loader):
            here = _position(name, event.start_mark)
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    hint = "Keep one scenario in a file."
                    problems.append(Problem(here, "second-document", "A second '---'.", hint))
                    break
            if isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
                depth += 1
                if depth > MAX_DEPTH:
                    problems.append(Problem(here, "too-deep", f"Nested over {MAX_DEPTH} deep."))
                    break
            elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
                depth -= 1
            tag = getattr(event, "tag", None)
            if tag is not None and tag != "!":
                hint = "Remove the tag; plain values suffice."
                problems.append(
                    Problem(here, "yaml-tag", f"YAML tag '{tag}' is not allowed.", hint)
                )
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        problems.append(_syntax_problem(error, text, name))
    except RecursionError:
        problems.append(Problem(Position(name), "too-deep", f"Nested over {MAX_DEPTH} deep."))
    return problems


def _position(name: str, mark: Any) -> Position:
    return Position(name, mark.line + 1, mark.column + 1)


def _syntax_problem(error: Exception, text: str, name: str) -> Problem:
    """A YAML parser's complaint as a problem."""
    if isinstance(error, yaml.MarkedYAMLError):
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        context = f" {error.context}" if error.context else ""
        complaint = f"Not valid YAML: {error.problem}{context}."
        hint = _unclosed(error) or _syntax_hint(complaint, _line(text, line)[: column - 1])
        return Problem(Position(name, line, column), "yaml-syntax", complaint, hint)
    if isinstance(error, yaml.reader.ReaderError):
        position = _position_of(error.position, text, name)
        text = f"Character U+{int(error.character):04X} is not allowed."
        return Problem(position, "yaml-syntax", text)
    escape = _BAD_ESCAPE.search(text)
    if escape:
        position = _position_of(escape.start(), text, name)
        return Problem(position, "yaml-syntax", f"No character is called {escape[0]}.")
    return Problem(Position(name), "yaml-syntax", f"Not valid YAML: {error}.")


def _position_of(offset: int, text: str, name: str) -> Position:
    breaks = [match.end() for match in _LINE_BREAK.finditer(text, 0, offset)]
    return Position(name, len(breaks) + 1, offset - (breaks[-1] if breaks else 0) + 1)


def _line(text: str, number: int) -> str:
    """A line of the text, by its number from 1."""
    return [*_LINE_BREAK.split(text), ""][number - 1]


def _unclosed(error: yaml.MarkedYAMLError) -> str:
    """Where what is not closed was opened; empty where that is not what is wrong."""
    if error.context_mark is None:
        return ""
    opened = f"opened on line {error.context_mark.line + 1}"
    if "while parsing a flow" in str(error.context):
        return f"Close the bracket {opened}, or put a comma between its entries."
    if "quoted scalar" in str(error.context) and "end of stream" in str(error.problem):
        return f"Close the quote {opened}."
    return ""


def _syntax_hint(complaint: str, before: str) -> str:
    """What to do about a parser's complaint.

    Args:
        said: the complaint.
        before: what stands on its line before the place.
    """
    if "\\t" in complaint or "tab" in complaint:
        return "Indent with spaces, not tabs."
    if "mapping values are not allowed" in complaint:
        if _KEY_BEFORE.search(before):
            return "Put a text that holds ': ' in quotes."
        return "Indent the line like the others of its map; a text that goes on here needs quotes."
    if "expected <block end>" in complaint and not before.strip():
        return "Indent the line like the others of its map or list."
    if "expected '<document start>'" in complaint:
        return "Indent the first line like the others."
    if "could not find expected ':'" in complaint:
        return "A key has ': ' after it; a text over several lines stands in quotes."
    if "cannot start any token" in complaint:
        return "Put a text that begins with a sign in quotes."
    return ""


class _Builder:
    """Turns PyYAML nodes into ours, noting duplicate keys and multiplied aliases."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.problems: list[Problem] = []
        self.count = 0
        self.overflow = False
        self.open: set[int] = set()

    def build(self, node: yaml.Node) -> Node:
        here = _position(self.name, node.start_mark)
        if not self._allowed(node, here):
            return Scalar(None, here)
        if isinstance(node, yaml.ScalarNode):
            return Scalar(scalar_value(self._text(node), quoted=bool(node.style)), here)
        self.open.add(id(node))
        tree = self._collection(node, here)
        self.open.discard(id(node))
        return tree

    def _allowed(self, node: yaml.Node, here: Position) -> bool:
        self.count += 1
        if self.overflow:
            return False
        if len(self.open) >= MAX_DEPTH:
            self.overflow = True
            complaint = f"Nested over {MAX_DEPTH} deep once aliases are written out."
            self.problems.append(Problem(here, "too-deep", complaint))
            return False
        if id(node) in self.open:
            self.problems.append(Problem(here, "alias-cycle", "An alias that contains itself."))
            return False
        if self.count > MAX_NODES:
            self.overflow = True
            complaint = f"Over {MAX_NODES:,} values once aliases are written out."
            self.problems.append(Problem(here, "too-many-aliases", complaint))
            return False
        return True

    def _collection(self, node: yaml.Node, here: Position) -> Node:
        if isinstance(node, yaml.SequenceNode):
            return Items(tuple(self.build(item) for item in node.value), here)
        entries: dict[str, Node] = {}
        keys: dict[str, Position] = {}
        for key_node, value_node in node.value:
            position = _position(self.name, key_node.start_mark)
            if not isinstance(key_node, yaml.ScalarNode):
                self.problems.append(Problem(position, "bad-key", "A key must be a plain word."))
                continue
            key = self._text(key_node)
            if key in entries:
                complaint = f"'{key}' stands here already, on line {keys[key].line}."
                self.problems.append(
                    Problem(position, "duplicate-key", complaint, "Keep one of the two.")
                )
                continue
            entries[key], keys[key] = self.build(value_node), position
        return Mapping(entries, here, keys)

    def _text(self, node: yaml.ScalarNode) -> str:
        """The text of a scalar or key, less what no text may hold: escapes can spell all of it."""
        text: str = node.value
        if complaint := refused_character(text):
            here = _position(self.name, node.start_mark)
            self.problems.append(Problem(here, "yaml-syntax", complaint))
        return without_refused(text)


def scalar_value(text: str, *, quoted: bool = False) -> str | int | float | bool | None:
    """What a scalar means under the YAML 1.2 core schema."""
    if quoted:
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text) if len(text) <= 30 else float(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    return _SPECIAL_FLOATS.get(text.lower(), text)


class _Dumper(yaml.SafeDumper):
    """PyYAML's dumper, which quotes what YAML 1.1 would misread, and what 1.2 would as well."""


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = None if isinstance(scalar_value(text), str) else "'"  # as in 1e3
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _represent_text)


def yaml_text(data: Any) -> str:
    """The data in block style, in its own order."""
    text: str = yaml.dump(data, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=100)
    return text


def flow_text(data: Any) -> str:
    """The data in flow style on one line, as ``--set`` takes it."""
    dumped: str = yaml.dump(
        data,
        Dumper=_Dumper,
        allow_unicode=True,
        sort_keys=False,
        width=float("inf"),
        default_flow_style=True,
    )
    return dumped.removesuffix("\n").removesuffix("\n...")


def shown_text(data: Any) -> str:
    """The same for people to read, who see numbers with one minus sign everywhere."""
    return true_minus(flow_text(data))
