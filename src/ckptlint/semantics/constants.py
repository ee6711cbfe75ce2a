"""Values that can be known from the source alone: tokens of literals, and operands folded to a value."""

from __future__ import annotations

import re
import unicodedata
from enum import Enum

from ckptlint.semantics.model import Binary, Format, Literal, Operand, Sequence, Unary


class Missing(Enum):
    """The value of an operand that has none that can be known."""

    MISSING = "missing"


MISSING = Missing.MISSING
MAX_FOLDED = 1_000_000
"""Folding gives up on strings longer than this."""
MAX_FACTOR = 1e30
"""Folding gives up on products of larger numbers."""

_BODY = re.compile(r"([A-Za-z]*)(\"\"\"|'''|\"|')([\s\S]*)\2\Z")
_ESCAPE = re.compile(r"\\(\n|[\\'\"abfnrtv]|[0-7]{1,3}|x[0-9a-fA-F]{2}|N\{[^}]*\}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8})")
_SINGLE = dict(zip("\n\\'\"abfnrtv", ("", "\\", "'", '"', *"\a\b\f\n\r\t\v"), strict=True))


def unescape(body: str, is_bytes: bool = False) -> str:
    """The text between the quotes with its escapes resolved; unknown escapes stay, as in Python."""
    if "\\" not in body:
        return body

    def resolve(match: re.Match[str]) -> str:
        escape: str = match.group(1)
        single: str | None = _SINGLE.get(escape)
        if single is not None:
            return single
        kind = escape[0]
        if kind in "01234567":
            code = int(escape, 8)
            return chr(code & 0xFF if is_bytes else code)
        if kind == "x":
            return chr(int(escape[1:], 16))
        if is_bytes:
            return str(match.group(0))
        if kind == "N":
            try:
                return unicodedata.lookup(escape[2:-1])
            except KeyError:
                return str(match.group(0))
        code = int(escape[1:], 16)
        return chr(code) if code < 0x110000 else str(match.group(0))

    return _ESCAPE.sub(resolve, body)


def string_value(token: str) -> str | bytes:
    """The value of one string or bytes token that is no format string."""
    match = _BODY.match(token)
    if match is None:
        return token
    prefix, _, body = match.groups()
    prefix = prefix.lower()
    is_bytes = "b" in prefix
    value = body if "r" in prefix else unescape(body, is_bytes)
    return value.encode("latin-1", "replace") if is_bytes else value


def number_value(token: str) -> int | float | complex:
    """The value of a number; ValueError for an integer of more decimal digits than Python converts."""
    if token.isdigit():
        return int(token)
    if token[:2].lower() in ("0x", "0o", "0b"):
        return int(token, 0)
    if token[-1] in "jJ":
        return complex(0.0, float(token[:-1]))
    try:
        return int(token, 0)
    except ValueError:
        return float(token)


def fold(operand: Operand | None) -> object:
    """The value of literals, signs, displays, arithmetic of numbers and joined strings; else MISSING.

    A tuple folds to a tuple, a list to a list; sets and dicts are not folded.
    """
    if isinstance(operand, Literal):
        return operand.value
    if isinstance(operand, Unary):
        value = fold(operand.value)
        if operand.operator == "not":
            return MISSING if value is MISSING else not value
        if not isinstance(value, (int, float, complex)):
            return MISSING
        if operand.operator == "~":
            return ~int(value) if isinstance(value, int) else MISSING
        return -value if operand.operator == "-" else +value
    if isinstance(operand, Binary):
        return _fold_binary(fold(operand.left), operand.operator, fold(operand.right))
    if isinstance(operand, Sequence) and operand.kind != "set":
        values = [fold(item) for item in operand.items]
        if any(value is MISSING for value in values):
            return MISSING
        return tuple(values) if operand.kind == "tuple" else values
    if isinstance(operand, Format):
        pieces = [part.value if isinstance(part, Literal) else MISSING for part in operand.parts]
        if all(isinstance(piece, str) for piece in pieces):
            return "".join(map(str, pieces))
    return MISSING


def _fold_binary(left: object, operator: str, right: object) -> object:
    if isinstance(left, str) and isinstance(right, str):
        joins = operator == "+" and len(left) + len(right) <= MAX_FOLDED
        return left + right if joins else MISSING
    if not isinstance(left, (int, float)) or not isinstance(right, (int, float)):
        return MISSING
    try:
        return _arithmetic(left, operator, right)
    except (ArithmeticError, ValueError):
        return MISSING


def _arithmetic(left: float, operator: str, right: float) -> object:
    match operator:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return MISSING if max(abs(left), abs(right)) > MAX_FACTOR else left * right
        case "/":
            return left / right
        case "//":
            return left // right
        case "%":
            return left % right
        case "**":
            return MISSING if abs(right) > 64 or abs(left) > 1e12 else left**right
        case _:
            return _bits(int(left), operator, int(right)) if _integers(left, right) else MISSING


def _integers(left: object, right: object) -> bool:
    return isinstance(left, int) and isinstance(right, int)


def _bits(left: int, operator: str, right: int) -> object:
    match operator:
        case "<<":
            return MISSING if right > 4096 else left << right
        case ">>":
            return left >> right
        case "|":
            return left | right
        case "&":
            return left & right
        case "^":
            return left ^ right
        case _:
            return MISSING
