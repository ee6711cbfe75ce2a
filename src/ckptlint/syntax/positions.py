"""Places without a second walk of the tree: the source's own tokens, in order, each with its place.

The lowering meets the leaves of a tree in source order, so it takes the tokens one after another and compares
the text of each name and string with the leaf. A file where they disagree is scanned again, exactly.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from itertools import accumulate, compress, repeat
from operator import add, contains, sub

from ckptlint.syntax.formats import format_end

Place = tuple[int, int, int, int]

_GAP = r"[ \t\f\n]*(?:(?:#[^\n]*|\\\n)[ \t\f\n]*)*"
_STRING = (
    r"(?:[rRbBuUfFtT]|[rR][bBfFtT]|[bBfFtT][rR])?"
    r"(?:\"\"\"[^\"\\]*(?:(?:\\[\s\S]|\"(?!\"\"))[^\"\\]*)*\"\"\""
    r"|'''[^'\\]*(?:(?:\\[\s\S]|'(?!''))[^'\\]*)*'''"
    r"|\"[^\"\\\n]*(?:\\[\s\S][^\"\\\n]*)*\""
    r"|'[^'\\\n]*(?:\\[\s\S][^'\\\n]*)*')"
)
_WORD = r"[A-Za-z_\x80-\U0010ffff][\w\x80-\U0010ffff]*"
_NUMBER = (
    r"0[xX][0-9a-fA-F_]+|0[oO][0-7_]+|0[bB][01_]+"
    r"|(?:[0-9][0-9_]*(?:\.[0-9_]*)?|\.[0-9][0-9_]*)(?:[eE][+-]?[0-9][0-9_]*)?[jJ]?"
)
_OPERATOR = r"\*\*=?|//=?|>>=?|<<=?|\.\.\.|->|<>|:=|[-+*/%@&|^=!<>]=?"
# The last two branches keep the matches without holes: any other character is a token, and so is the end.
TOKEN = re.compile(rf"({_GAP})({_STRING}|{_WORD}|{_NUMBER}|{_OPERATOR}|[\s\S]|\Z)")
FORMAT_START = re.compile(r"(?:[fFtT][rR]?|[rR][fFtT])(?:\"\"\"|'''|\"|')")


class Tokens:
    """The tokens of one text; `words` ends with an empty word, the end of the file."""

    __slots__ = ("before", "gaps", "places", "text", "words")

    def __init__(self, text: str, pairs: list[tuple[str, str]]) -> None:
        """`pairs` are gap and word of each token; together they are the text."""
        self.text = text
        self.gaps: list[str] = [pair[0] for pair in pairs]
        self.words: list[str] = [pair[1] for pair in pairs]
        # before[row - 1] is the offset of the row's first character less one:
        # offset - before[row - 1] is the column.
        lengths = map(add, map(len, text.split("\n")), repeat(1))
        self.before: list[int] = list(accumulate(lengths, initial=-1))
        self.places = self._places()

    def _places(self) -> list[Place]:
        before = self.before
        lengths = list(map(len, self.words))
        starts = list(map(sub, accumulate(map(add, map(len, self.gaps), lengths)), lengths))
        rows = list(map(bisect_left, repeat(before), starts))
        columns = list(map(sub, starts, map([0, *before].__getitem__, rows)))
        places = list(zip(rows, columns, rows, map(add, columns, lengths), strict=True))
        for index in compress(range(len(places)), map(contains, self.words, repeat("\n"))):
            row, column = self.at(starts[index] + lengths[index])
            places[index] = (rows[index], columns[index], row, column)
        return places

    def at(self, offset: int) -> tuple[int, int]:
        """Row and column of a character offset."""
        row = bisect_left(self.before, offset)
        return row, offset - self.before[row - 1]

    def columns(self, row: int, column: int) -> tuple[int, int]:
        """Row and column of a place that Python's parser gives: it counts the bytes before it in UTF-8."""
        first = self.before[row - 1] + 1
        line = self.text[first : first + column]
        return (row, column + 1) if line.isascii() else (row, characters(line, column) + 1)

    def offset(self, place: Place) -> int:
        """Character offset where a place begins."""
        return self.before[place[0] - 1] + place[1]


def characters(line: str, size: int) -> int:
    """How many characters of a line its first `size` bytes in UTF-8 are."""
    return len(line.encode("utf-8", "surrogatepass")[:size].decode("utf-8", "ignore"))


def scan(text: str) -> Tokens:
    """Tokens by one regular expression; wrong only for format strings that hold their own quotes."""
    return Tokens(text, _whole(TOKEN.findall(text)))


def scan_exactly(text: str) -> Tokens:
    """Tokens, with the end of every format string found by its grammar; several times slower."""
    pairs = []
    position, length = 0, len(text)
    while position < length:
        match = TOKEN.match(text, position)
        assert match is not None
        gap, word = match.groups()
        start = position + len(gap)
        if FORMAT_START.match(text, start):
            word = text[start : format_end(text, start, TOKEN)]
        pairs.append((gap, word))
        position = start + len(word)
    return Tokens(text, _whole(pairs))


def _whole(pairs: list[tuple[str, str]]) -> list[tuple[str, str]]:
    # The expression matches the end once more when a gap goes before it.
    if pairs[-1:] == [("", "")] and len(pairs) > 1 and not pairs[-2][1]:
        pairs.pop()
    if not pairs or pairs[-1][1]:
        pairs.append(("", ""))
    return pairs


def span(first: Place, last: Place) -> Place:
    """From the beginning of one place to the end of another."""
    return (first[0], first[1], last[2], last[3])
