"""Colors of the terminal, and text that cannot harm it."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from ckptlint.diagnostic import Severity

_CODES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "blue": "34", "cyan": "36"}
SEVERITY_COLORS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.NOTE: "cyan"}

TAB = 4


@dataclass(frozen=True, slots=True)
class Style:
    """Paints text, or leaves it plain."""

    color: bool

    def paint(self, text: str, *names: str) -> str:
        """The text in the named colors."""
        if not self.color or not text or not names:
            return text
        return f"\x1b[{';'.join(_CODES[name] for name in names)}m{text}\x1b[0m"


def visible(text: str) -> str:
    """Source text for a terminal: tabs widened, control characters as pictures of themselves.

    A linter prints what strangers wrote; an escape sequence in it must not reach the terminal.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(_visible, text))


def _visible(character: str) -> str:
    if character == "\t":
        return " " * TAB
    code = ord(character)
    if code < 0x20:
        return chr(0x2400 + code)
    # Besides C1 controls, marks that reorder text could make a line read as what it is not.
    if code == 0x7F or unicodedata.category(character) in ("Cc", "Cf", "Zl", "Zp"):
        return "\N{REPLACEMENT CHARACTER}"
    return character


def width(text: str) -> int:
    """How many columns of the terminal visible text takes."""
    if text.isascii():
        return len(text)
    return sum(_columns(character) for character in text)


def _columns(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
