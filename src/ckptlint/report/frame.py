"""A stretch of source with its row numbers, and carets under the place that is meant."""

from __future__ import annotations

from collections.abc import Iterator

from ckptlint.report.style import Style, visible, width
from ckptlint.report.view import lines
from ckptlint.text import Source, Span

_WIDEST = 120
"""Columns of source shown of one row; data files have rows of megabytes."""


def gutter_width(rows: list[int]) -> int:
    """Columns that the largest row number takes."""
    return max((len(str(row)) for row in rows), default=1)


def frame(source: Source, span: Span, gutter: int, style: Style, color: str, *, context: int = 0) -> Iterator[str]:
    """The rows of a span's beginning, with up to `context` rows around it that are not blank.

    Of a span over several rows the first is shown with carets to its end, and where it ends.
    """
    rows = lines(source.text)
    if span.row == len(rows) + 1:  # the end of a file that ends with its last row
        rows = (*rows, "")
    if not 0 < span.row <= len(rows):
        return
    bar = style.paint("|", "blue")

    def row_of(row: int, text: str) -> str:
        number = style.paint(f"{row:>{gutter}}", "blue")
        return f"{number} {bar} {text}".rstrip()

    first = max(1, span.row - context)
    line = rows[span.row - 1]
    start = min(span.column - 1, len(line))
    end = min(span.end_column - 1, len(line)) if span.end_row == span.row else len(line.rstrip())
    offset = _offset(line, start, end)
    for row in range(first, span.row):
        if rows[row - 1].strip():
            yield row_of(row, _cut(rows[row - 1], offset))
    yield row_of(span.row, _cut(line, offset))
    # Where the row was cut on the left, its first shown column is an ellipsis.
    before = ("…" if offset else "") + visible(line[offset:start])
    marked = visible(line[start:end])
    carets = "^" * max(1, min(width(marked), _WIDEST - width(before)))
    more = f" … to row {span.end_row}" if span.end_row > span.row else ""
    yield f"{'':>{gutter}} {bar} {' ' * width(before)}{style.paint(carets + more, 'bold', color)}"
    for row in range(span.row + 1, min(span.row + context, len(rows)) + 1):
        if span.end_row == span.row and rows[row - 1].strip():
            yield row_of(row, _cut(rows[row - 1], offset))


def _offset(line: str, start: int, end: int) -> int:
    """How many characters of a long row to leave out on the left, so that the span is seen."""
    if min(end, start + _WIDEST // 2) <= _WIDEST:
        return 0
    return max(0, start - _WIDEST // 3)


def _cut(line: str, offset: int) -> str:
    piece = line[offset : offset + _WIDEST]
    left = "…" if offset and piece else ""
    right = "…" if len(line) > offset + _WIDEST else ""
    return f"{left}{visible(piece)}{right}"
