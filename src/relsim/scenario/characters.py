"""Characters of texts: which are refused, and how white space is read."""

from __future__ import annotations

import re

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


def one_line(text: str) -> str:
    """The text with every run of white space, line breaks included, as one space."""
    return " ".join(text.split())


def paragraphs(text: str) -> str:
    """The text with every kind of line break written as a line feed."""
    return re.sub("\r\n|[\r\x85\u2028]", "\n", text).replace("\u2029", "\n\n")
