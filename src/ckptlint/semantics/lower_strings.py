"""Strings and format strings of a tree as operands, read from their tokens."""

from __future__ import annotations

import ast
import re
from typing import Any

from ckptlint.semantics.constants import string_value, unescape
from ckptlint.semantics.cursor import EXPRESSIONS, Cursor, Misplaced
from ckptlint.semantics.model import Format, Literal, Operand, Place
from ckptlint.syntax.formats import after_conversion, field_tokens
from ckptlint.syntax.positions import FORMAT_START, TOKEN, span
from ckptlint.syntax.tree import Unreadable, parse_field

_QUOTES = ('"', "'")
_HEAD = re.compile(r"([A-Za-z]*)(\"\"\"|'''|\"|')")
# A run of text between fields: named characters may hold braces, unless the string is raw.
_RUN = re.compile(r"(?:[^{}\\]+|\{\{|\}\}|\\N\{[^}]*\}|\\(?=[{}])|\\[^{}])+")
_RAW_RUN = re.compile(r"(?:[^{}]+|\{\{|\}\})+")
_SPEC_RUN = re.compile(r"(?:[^{}\\]+|\\N\{[^}]*\}|\\(?=[{}])|\\[^{}])+")
_RAW_SPEC_RUN = re.compile(r"[^{}]+")


class StringLowering(Cursor):
    """Lowers strings of all kinds."""

    def string(self, node: Any) -> Operand:
        """One or more strings side by side, format strings among them or not."""
        start = self.position
        words, places = self.words, self.places
        last_row = places[start][0] + node.end_lineno - node.lineno
        pieces: list[list[Operand]] = []
        is_format = False
        # The next statement may be a string too, but it stands on a row of its own.
        while words[self.position].endswith(_QUOTES) and (not pieces or places[self.position][0] <= last_row):
            word = words[self.position]
            if FORMAT_START.match(word):
                is_format = True
                pieces.append(self.format_parts())
            else:
                pieces.append([Literal(places[self.position], string_value(word))])
                self.position += 1
        if not pieces:
            raise Misplaced
        if len(pieces) == 1:
            return Format(places[start], pieces[0]) if is_format else pieces[0][0]
        parts = [part for piece in pieces for part in piece]
        at = self.place(start)
        if is_format:
            return Format(at, _joined(parts))
        values: list[Any] = [part.value for part in parts if isinstance(part, Literal)]
        if isinstance(values[0], bytes):
            return Literal(at, b"".join(value for value in values if isinstance(value, bytes)))
        return Literal(at, "".join(value for value in values if isinstance(value, str)))

    # ------------------------------------------------------------------------------------ format strings

    def format_parts(self) -> list[Operand]:
        """The pieces of one format string, which is one token; the fields are scanned within it."""
        at = self.places[self.position]
        word = self.words[self.position]
        head = _HEAD.match(word)
        if head is None or not word.endswith(head[2]) or len(word) < len(head[0]) + len(head[2]):
            raise Misplaced
        self.position += 1
        start = self.tokens.offset(at)
        end = start + len(word) - len(head[2])
        parts: list[Operand] = []
        if self._format_pieces(start + len(head[0]), end, "r" in head[1].lower(), False, at, parts) != end:
            raise Misplaced
        return _joined(parts)

    def _format_pieces(self, offset: int, end: int, raw: bool, nested: bool, at: Place, parts: list[Operand]) -> int:
        """Add the pieces between two offsets to `parts`; the offset behind the last, which is `end` or a `}`."""
        text = self.tokens.text
        run = (_RAW_SPEC_RUN if raw else _SPEC_RUN) if nested else (_RAW_RUN if raw else _RUN)
        while offset < end:
            found = run.match(text, offset, end)
            if found:
                body = found[0].replace("{{", "{").replace("}}", "}")
                if not nested:  # `09d` of `{step:09d}` is not in the string.
                    parts.append(Literal(at, body if raw else unescape(body)))
                offset = found.end()
                continue
            if text[offset] != "{":
                break
            tokens, stop = field_tokens(text, offset + 1, TOKEN)
            parts.append(self._field(tokens))
            offset = after_conversion(text, stop, TOKEN)
            if text[offset : offset + 1] == ":":
                offset = self._format_pieces(offset + 1, end, raw, True, at, parts)
            if text[offset : offset + 1] != "}":
                raise Misplaced
            offset += 1
        return offset

    def _field(self, found: list[tuple[int, str]]) -> Operand:
        if not found:
            raise Misplaced
        first, last = found[0][0], found[-1][0] + len(found[-1][1])
        try:
            node, columns = parse_field(self.tokens.text[first:last], *self.tokens.at(first))
        except Unreadable:
            raise Misplaced from None
        words, places, position, outer = self.words, self.places, self.position, self.columns
        at = self.tokens.at
        self.words = [word for _, word in found]
        self.places = [(*at(offset), *at(offset + len(word))) for offset, word in found]
        self.words.append("")
        self.position = 0
        self.columns = columns
        try:
            operand = self.expression(node)
            if self.position != len(found):
                raise Misplaced
        finally:
            self.words, self.places, self.position, self.columns = words, places, position, outer
        return operand


def _text_of(part: Operand | None) -> str | None:
    return part.value if isinstance(part, Literal) and isinstance(part.value, str) else None


def _joined(parts: list[Operand]) -> list[Operand]:
    """Neighbouring literal pieces of a format string become one."""
    joined: list[Operand] = []
    for part in parts:
        last = joined[-1] if joined else None
        text = _text_of(part)
        before = _text_of(last)
        if text is None or last is None or before is None:
            joined.append(part)
        else:
            joined[-1] = Literal(span(last.at, part.at), before + text)
    return joined


EXPRESSIONS[ast.JoinedStr] = StringLowering.string
if hasattr(ast, "TemplateStr"):
    # Python 3.14 and later.
    EXPRESSIONS[ast.TemplateStr] = StringLowering.string
