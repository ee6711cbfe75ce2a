"""Strings and format strings of a tree as operands."""

from __future__ import annotations

from typing import Any

import libcst as cst

from ckptlint.semantics.constants import string_value, unescape
from ckptlint.semantics.cursor import EXPRESSIONS, Cursor, Misplaced
from ckptlint.semantics.model import Format, Literal, Operand, Place
from ckptlint.syntax.formats import after_conversion, field_tokens
from ckptlint.syntax.positions import TOKEN, span


class StringLowering(Cursor):
    """Lowers strings of all kinds."""

    def _string(self, node: cst.SimpleString) -> Operand:
        return Literal(self.take(node.value), string_value(node.value))

    def _formatted(self, node: Any) -> Operand:
        start = self.position
        parts = self.format_parts(node)
        return Format(self.places[start], parts)

    def _concatenated(self, node: cst.ConcatenatedString) -> Operand:
        start = self.position
        pieces: list[Any] = []
        tail: Any = node
        while type(tail) is cst.ConcatenatedString:
            pieces.append(tail.left)
            tail = tail.right
        pieces.append(tail)
        is_format = False
        parts: list[Operand] = []
        for piece in pieces:
            if type(piece) is cst.SimpleString:
                parts.append(self._string(piece))
            else:
                is_format = True
                parts += self.format_parts(piece)
        if is_format:
            return Format(self.place(start), _joined(parts))
        values: list[Any] = [part.value for part in parts if isinstance(part, Literal)]
        at = self.place(start)
        if isinstance(values[0], bytes):
            return Literal(at, b"".join(value for value in values if isinstance(value, bytes)))
        return Literal(at, "".join(value for value in values if isinstance(value, str)))

    # ------------------------------------------------------------------------------------ format strings

    def format_parts(self, node: Any) -> list[Operand]:
        """The pieces of one format string, which is one token; the fields are scanned within it."""
        at = self.places[self.position]
        word = self.words[self.position]
        last = node.parts[-1] if node.parts else None
        ending = node.end if last is None else "}" + node.end if hasattr(last, "expression") else last.value + node.end
        if not word.startswith(node.start) or not word.endswith(ending):
            raise Misplaced
        self.position += 1
        start = self.tokens.offset(at)
        parts: list[Operand] = []
        raw = "r" in node.start.lower()
        end = self._format_pieces(node.parts, start + len(node.start), raw, at, parts)
        if end + len(node.end) != start + len(word):
            raise Misplaced
        return _joined(parts)

    def _format_pieces(self, pieces: Any, offset: int, raw: bool, at: Place, parts: list[Operand]) -> int:
        text = self.tokens.text
        for piece in pieces:
            if not hasattr(piece, "expression"):
                body = piece.value
                offset += len(body)
                body = body.replace("{{", "{").replace("}}", "}")
                parts.append(Literal(at, body if raw else unescape(body)))
                continue
            if text[offset : offset + 1] != "{":
                raise Misplaced
            found, stop = field_tokens(text, offset + 1, TOKEN)
            parts.append(self._field(piece.expression, found))
            offset = after_conversion(text, stop, TOKEN)
            if piece.format_spec is not None:
                offset = self._format_pieces(piece.format_spec, offset + 1, raw, at, parts)
            if text[offset : offset + 1] != "}":
                raise Misplaced
            offset += 1
        return offset

    def _field(self, node: Any, found: list[tuple[int, str]]) -> Operand:
        words, places, position = self.words, self.places, self.position
        at = self.tokens.at
        self.words = [word for _, word in found]
        self.places = [(*at(offset), *at(offset + len(word))) for offset, word in found]
        self.words.append("")
        self.position = 0
        try:
            operand = self.expression(node)
            if self.position != len(found):
                raise Misplaced
        finally:
            self.words, self.places, self.position = words, places, position
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


EXPRESSIONS.update(
    {
        cst.SimpleString: StringLowering._string,
        cst.FormattedString: StringLowering._formatted,
        cst.ConcatenatedString: StringLowering._concatenated,
    }
)

if hasattr(cst, "TemplatedString"):
    # Newer versions of libcst only.
    EXPRESSIONS[cst.TemplatedString] = StringLowering._formatted
