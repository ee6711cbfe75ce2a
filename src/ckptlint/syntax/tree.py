"""Bytes to text to tree, with one exception for everything that cannot be read."""

from __future__ import annotations

import ast
import codecs
import re
import sys
import warnings
from collections.abc import Callable

from ckptlint.syntax.limits import find_excess
from ckptlint.syntax.positions import Tokens, characters, scan
from ckptlint.text import Source

Columns = Callable[[int, int], tuple[int, int]]
"""Row and column of a place in a tree, in characters of the file counted from 1."""

if sys.version_info >= (3, 12):
    TypeAlias = ast.TypeAlias
else:

    class TypeAlias(ast.stmt):
        """`type X = …`, which this Python's own tree has no word for."""


MAX_BYTES = 20_000_000
"""Larger files are refused whatever they hold."""

_COOKIE = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")
_BLANK = re.compile(rb"^[ \t\f]*(?:#.*)?$")
_LINE_END = re.compile(r"\r\n?")
_PARSER_PLACE = re.compile(r"error at (\d+):(\d+)")


class Unreadable(Exception):
    """The file is no Python that can be read; row and column count from 1."""

    def __init__(self, message: str, row: int = 1, column: int = 1) -> None:
        """What is wrong, and where."""
        super().__init__(message)
        self.message = message
        self.row = row
        self.column = column


def decode(data: bytes) -> tuple[str, str]:
    """The text of a source file, and the codec that turns it back into the same bytes."""
    if len(data) > MAX_BYTES:
        raise Unreadable(f"the file is larger than {MAX_BYTES:,} bytes")
    encoding = _encoding(data)
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        row = data.count(b"\n", 0, error.start) + 1
        column = error.start - data.rfind(b"\n", 0, error.start)
        raise Unreadable(f"the file is not {encoding}: {error.reason}", row, column) from error
    except (LookupError, ValueError, TypeError, AssertionError) as error:
        raise Unreadable(f"the file cannot be decoded as {encoding}: {error}") from error
    refuse_nul(text)
    return text, encoding


def read_source(path: str, data: bytes) -> Source:
    """The file's text with its line ends kept. Raises `Unreadable`."""
    return Source(path, *decode(data))


def _encoding(data: bytes) -> str:
    bom = data.startswith(codecs.BOM_UTF8)
    lines = re.split(rb"\r\n?|\n", data[3:2048] if bom else data[:2048], maxsplit=2)
    for row, line in enumerate(lines[:2], 1):
        match = _COOKIE.match(line)
        if match is None:
            if _BLANK.match(line) is None:
                break
            continue
        named = match.group(1).decode("ascii", "replace")
        try:
            codec = codecs.lookup(named).name
        except (LookupError, ValueError) as error:
            raise Unreadable(f"unknown encoding {named}", row) from error
        if bom and codec != "utf-8":
            raise Unreadable(f"the file begins with a UTF-8 mark but says its encoding is {named}", row)
        return "utf-8-sig" if bom else codec
    return "utf-8-sig" if bom else "utf-8"


def refuse_nul(text: str) -> None:
    """Raise when the text holds a NUL character, which no Python source may."""
    offset = text.find("\0")
    if offset >= 0:
        before = normalise(text[:offset])
        column = len(before) - before.rfind("\n")
        raise Unreadable("the file holds a NUL character", before.count("\n") + 1, column)


def normalise(text: str) -> str:
    """The text with every line end a line feed, as Python reads it; rows and columns stay."""
    return _LINE_END.sub("\n", text) if "\r" in text else text


def parse(source: bytes | str, tokens: Tokens | None = None) -> ast.Module:
    """The tree of a file's bytes or text; `tokens` when the caller has scanned the (normalised) text already.

    Raises `Unreadable` for everything that can go wrong.
    """
    text = normalise(decode(source)[0] if isinstance(source, bytes) else source)
    if tokens is None:
        refuse_nul(text)
        tokens = scan(text)
    excess = find_excess(tokens)
    if excess is not None:
        raise Unreadable(excess[0], excess[1][0], excess[1][1])
    try:
        return _parsed(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError):
        return _parsed_as_newest(text)


def parse_field(text: str, row: int, column: int) -> tuple[ast.expr, Columns]:
    """The expression of a format string's field that begins at a place, and how to read the places in its tree."""
    # Within parentheses, for it may go over several rows.
    statement = parse(f"({text})").body[0]
    if not isinstance(statement, ast.Expr):
        raise Unreadable("no expression", row, column)
    node = statement.value
    if hasattr(node, "parentheses"):
        node.parentheses -= 1
    lines = f"({text})".split("\n")

    def columns(inner: int, size: int) -> tuple[int, int]:
        before = characters(lines[inner - 1], size)
        return (row, column + before - 1) if inner == 1 else (row + inner - 1, before + 1)

    return node, columns


def _parsed(text: str) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tree = compile(text, "<file>", "exec", flags=ast.PyCF_ONLY_AST, dont_inherit=True)
    assert isinstance(tree, ast.Module)
    return tree


def _parsed_as_newest(text: str) -> ast.Module:
    """By a parser that knows every version's grammar; it takes ten times as long as Python's own."""
    # Not at the top: importing libcst costs more than most runs need.
    import libcst

    from ckptlint.syntax.newest import converted

    try:
        return converted(libcst.parse_module(text))
    except (libcst.ParserSyntaxError, SyntaxError) as error:
        raise _syntax_error(text, str(error)) from None
    except (RecursionError, MemoryError) as error:
        raise Unreadable("the file is nested too deep to be parsed") from error
    except (ValueError, LookupError, TypeError) as error:
        raise Unreadable(f"the file cannot be parsed: {error}") from error


def _syntax_error(text: str, parser_message: str) -> Unreadable:
    """The running Python says where a syntax error is better than the parser does."""
    try:
        _parsed(text)
    except SyntaxError as error:
        return Unreadable(error.msg or "invalid syntax", max(error.lineno or 1, 1), max(error.offset or 1, 1))
    except (ValueError, MemoryError, RecursionError, OverflowError) as error:
        return Unreadable(f"the file cannot be parsed: {error}")
    match = _PARSER_PLACE.search(parser_message)
    row, column = (int(match.group(1)), int(match.group(2)) + 1) if match else (1, 1)
    return Unreadable("the parser does not know this syntax", row, column)
