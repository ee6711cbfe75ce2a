"""Places in source text, and edits to it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A stretch of one file; rows and columns count characters from 1, the end column is exclusive.

    In a notebook `cell` is the number of the code cell (from 1) and rows count within that cell.
    """

    path: str
    row: int
    column: int
    end_row: int
    end_column: int
    cell: int | None = None

    @property
    def start(self) -> Span:
        """The empty span at the place where this one begins."""
        return Span(self.path, self.row, self.column, self.row, self.column, self.cell)

    @property
    def end(self) -> Span:
        """The empty span at the place where this one ends."""
        return Span(self.path, self.end_row, self.end_column, self.end_row, self.end_column, self.cell)


@dataclass(frozen=True, slots=True, order=True)
class Edit:
    """Replace the text of `span` by `replacement`; an empty span inserts."""

    span: Span
    replacement: str


class Applicability(Enum):
    """What an applied fix may change.

    `SAFE`: every earlier checkpoint and saved index still loads with the same meaning.
    """

    SAFE = "safe"
    UNSAFE = "unsafe"


@dataclass(frozen=True, slots=True)
class Fix:
    """A titled set of edits that the engine applies together or not at all."""

    title: str
    applicability: Applicability
    edits: tuple[Edit, ...]


@dataclass(frozen=True, slots=True)
class Source:
    """One decoded file: what was read, and how it was encoded."""

    path: str
    text: str
    encoding: str = "utf-8"

    def line(self, row: int) -> str:
        """The text of a row without its line end; empty when there is no such row."""
        # Not splitlines: form feeds and Unicode line separators end no row.
        lines = re.split(r"\r\n?|\n", self.text)
        return lines[row - 1] if 0 < row <= len(lines) else ""
