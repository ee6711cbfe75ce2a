"""Applies fixes to the text of one file (or of one notebook cell), in memory."""

from __future__ import annotations

import ast
import re
import warnings
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import accumulate

from ckptlint.text import Edit, Fix, Span, rows

_INDENT = re.compile(r"(?:(?<=\n)|\A) +(?=\S|\Z)")


@dataclass(frozen=True, slots=True)
class FixedText:
    """The text after the fixes; `applied` and `postponed` are in the order of their places.

    A postponed fix overlaps an applied one: it waits for the next round, when its rule has looked again.
    With a `reason` nothing was applied and the text is the one given.
    """

    text: str
    applied: tuple[Fix, ...] = ()
    postponed: tuple[Fix, ...] = ()
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class _Change:
    """An edit by offsets into the text."""

    start: int
    end: int
    replacement: str

    def meets(self, other: _Change) -> bool:
        """Whether the two cannot both be made: they share text, or insert at one point in no given order."""
        if self == other:
            return False
        return self.shares_text(other) or self.start == self.end == other.start == other.end

    def shares_text(self, other: _Change) -> bool:
        """Whether some character lies in both, or one inserts within the other."""
        return self.start < other.end and other.start < self.end


class _Misplaced(Exception):
    """An edit names a place that the text does not have, or one that another edit of its fix changes."""


def apply(text: str, fixes: Iterable[Fix]) -> FixedText:
    """Apply every fix whose edits overlap no earlier one's, each whole or not at all.

    The result does not depend on the order of `fixes`. Equal edits of two fixes (the same import) are made
    once. A result that is not valid Python, or a place outside the text, refuses all, with a reason.
    """
    ordered = sorted(dict.fromkeys(fixes), key=lambda fix: (sorted(fix.edits), fix.title, fix.applicability.value))
    canvas = _Canvas(text)
    taken: list[_Change] = []
    applied: list[Fix] = []
    postponed: list[Fix] = []
    for fix in ordered:
        try:
            changes = canvas.changes(fix)
        except _Misplaced as error:
            return FixedText(text, reason=f"the fix '{fix.title}' {error}")
        if any(change.meets(other) for change in changes for other in taken):
            postponed.append(fix)
            continue
        applied.append(fix)
        taken.extend(change for change in changes if change not in taken)
    fixed = _rewritten(text, taken)
    if fixed == text:
        return FixedText(text, tuple(applied), tuple(postponed))
    fault = _fault(fixed)
    if fault is None:
        return FixedText(fixed, tuple(applied), tuple(postponed))
    earlier = _fault(text)
    if earlier is not None:
        return FixedText(text, reason=f"the file is not valid for the Python that runs ckptlint: {earlier}")
    return FixedText(text, reason=f"the fixed file would not be valid Python: {fault}")


class _Canvas:
    """Turns edits at rows and columns into changes at offsets of one text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.rows = rows(text)
        self.starts = list(accumulate((len(row) for row in self.rows), initial=0))
        self.line_end = _line_end(self.rows)
        self.tabs = _indented_with_tabs(self.rows)

    def changes(self, fix: Fix) -> list[_Change]:
        """All changes of one fix; raises _Misplaced when they contradict each other or the text."""
        changes = [self.change(edit) for edit in fix.edits]
        for index, change in enumerate(changes):
            if any(change.shares_text(other) for other in changes[:index]):
                raise _Misplaced(f"has edits that overlap, at {_place(fix.edits[index].span)}")
        return changes

    def change(self, edit: Edit) -> _Change:
        """The change an edit means here; raises _Misplaced when the text has no such place."""
        start, end = self._offset(edit.span, "start"), self._offset(edit.span, "end")
        if end < start:
            raise _Misplaced(f"has an edit that ends before it starts, at {_place(edit.span)}")
        replacement = edit.replacement
        if start == end == len(self.text) and self.rows and not self.text.endswith(("\n", "\r")):
            below = edit.span.row == len(self.rows) + 1
            replacement = "\n" + replacement.removesuffix("\n") if below else replacement
        if start < end and not replacement:
            start, end = self._without_empty_row(start, end)
        return _Change(start, end, self._in_the_files_style(replacement))

    def _offset(self, span: Span, which: str) -> int:
        row, column = (span.row, span.column) if which == "start" else (span.end_row, span.end_column)
        if row == len(self.rows) + 1 and column == 1:
            return len(self.text)
        if not 1 <= row <= len(self.rows) or not 1 <= column <= len(self.rows[row - 1].rstrip("\r\n")) + 1:
            raise _Misplaced(f"has an edit outside the text, at {row}:{column}")
        return self.starts[row - 1] + column - 1

    def _without_empty_row(self, start: int, end: int) -> tuple[int, int]:
        """Widens a deletion to whole rows when only blanks would be left of them."""
        first = self.starts[bisect_right(self.starts, start) - 1]
        last_row = bisect_right(self.starts, end - 1)
        last = self.starts[last_row]
        if self.text[first:start].strip(" \t") or self.text[end:last].strip(" \t\r\n"):
            return start, end
        return first, last

    def _in_the_files_style(self, replacement: str) -> str:
        if self.tabs and "\n" in replacement:
            replacement = _INDENT.sub(lambda match: "\t" * len(match[0]), replacement)
        return replacement.replace("\n", self.line_end)


def _rewritten(text: str, changes: list[_Change]) -> str:
    pieces: list[str] = []
    done = 0
    for change in sorted(changes, key=lambda change: (change.start, change.end)):
        pieces += (text[done : change.start], change.replacement)
        done = change.end
    return "".join([*pieces, text[done:]])


def _line_end(lines: list[str]) -> str:
    """The line end most rows have; the first such on a tie."""
    ends = [row[len(row.rstrip("\r\n")) :] for row in lines]
    found = [end for end in dict.fromkeys(ends) if end]
    return max(found, key=ends.count, default="\n")


def _indented_with_tabs(lines: list[str]) -> bool:
    """Columns count characters, so an indentation is as many tabs as it was spaces."""
    indents = {row[0] for row in lines if row.strip() and row[0] in " \t"}
    return indents == {"\t"}


def _place(span: Span) -> str:
    return f"{span.row}:{span.column}"


def _fault(text: str) -> str | None:
    """What makes a text no valid Python module, with its row; None when it is one."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(text.removeprefix("\ufeff"), "<fixed>", "exec", ast.PyCF_ONLY_AST)
    except SyntaxError as error:
        return f"{error.msg} (row {error.lineno})"
    except (ValueError, RecursionError, MemoryError) as error:
        return str(error) or type(error).__name__
    return None
