"""Taking idle words out of a suppression comment, or the comment out of its line."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ckptlint.text import Applicability, Edit, Fix, Source, Span, rows


def removal(source: Source, span: Span, items: Sequence[str], idle: Sequence[str]) -> Fix:
    """A fix that removes the idle items of a suppression at `span`; all of it when none is left."""
    kept = [item for item in items if item not in idle]
    names = ", ".join(idle)
    if kept:
        edit = _shortened(source, span, kept)
        title = f"remove {names} from the suppression"
    else:
        edit = _without(source, span)
        title = "remove the suppression"
    return Fix(title, Applicability.SAFE, (edit,))


def _shortened(source: Source, span: Span, kept: Sequence[str]) -> Edit:
    text = source.line(span.row)[span.column - 1 : span.end_column - 1]
    found = re.search(r"(?<=\[)[^\]]*(?=\])|(?<=:)(?P<space>\s*)[A-Za-z]+[0-9].*", text)
    if found is None:
        raise ValueError(f"no list in the suppression {text!r}")
    column = span.column + found.start()
    place = Span(span.path, span.row, column, span.row, column + len(found[0]), span.cell)
    return Edit(place, (found["space"] or "") + ", ".join(kept))


def _without(source: Source, span: Span) -> Edit:
    line = source.line(span.row)
    before, after = line[: span.column - 1], line[span.end_column - 1 :]
    if not before.strip() and not after.strip() and rows(source.text)[span.row - 1] != line:
        return Edit(Span(span.path, span.row, 1, span.row + 1, 1, span.cell), "")
    if after.strip():
        # Another comment follows on the row: it takes this one's place.
        end = len(line) - len(after.lstrip()) + 1
        rest = after.lstrip()
        return Edit(
            Span(span.path, span.row, span.column, span.row, end, span.cell),
            "" if rest.startswith("#") else "# ",
        )
    start = len(before.rstrip()) + 1
    return Edit(Span(span.path, span.row, start, span.row, len(line) + 1, span.cell), "")
