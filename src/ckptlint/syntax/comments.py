"""The comments of a file, without parsing it."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator

from ckptlint.text import Source, Span

# Strings are stepped over, so that a `#` within one starts nothing. A string that is not closed ends with its
# row (or, tripled, with the file), so that a broken file still shows its comments.
_TOKEN = re.compile(
    r'"""[^"\\]*(?:(?:\\.|"(?!""))[^"\\]*)*(?:"""|\\?\Z)'
    r"|'''[^'\\]*(?:(?:\\.|'(?!''))[^'\\]*)*(?:'''|\\?\Z)"
    r'|"[^"\\\r\n]*(?:\\(?:\r\n|.)[^"\\\r\n]*)*"?'
    r"|'[^'\\\r\n]*(?:\\(?:\r\n|.)[^'\\\r\n]*)*'?"
    r"|(?P<comment>#[^\r\n]*)",
    re.DOTALL,
)
_LINE_END = re.compile(r"\r\n|\r|\n")


def comments(source: Source) -> Iterator[tuple[Span, str]]:
    """Every comment, from its `#` to the end of the row."""
    starts = [0, *(found.end() for found in _LINE_END.finditer(source.text))]
    for found in _TOKEN.finditer(source.text):
        text = found["comment"]
        if text is not None:
            row = bisect_right(starts, found.start())
            column = found.start() - starts[row - 1] + 1
            yield Span(source.path, row, column, row, column + len(text)), text
