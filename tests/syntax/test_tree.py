from __future__ import annotations

import subprocess
import sys

import pytest

from ckptlint.syntax.limits import MAX_BRACKETS, MAX_BRANCHES, MAX_NESTING, MAX_STATEMENT
from ckptlint.syntax.tree import Unreadable, decode, parse, read_source


@pytest.mark.parametrize(
    ("data", "text", "encoding"),
    [
        (b"", "", "utf-8"),
        (b"x = 1\n", "x = 1\n", "utf-8"),
        (b"\xef\xbb\xbfx", "x", "utf-8-sig"),
        (b"\xef\xbb\xbf# coding: utf-8\nx", "# coding: utf-8\nx", "utf-8-sig"),
        (b"# -*- coding: latin-1 -*-\n'\xe9'", "# -*- coding: latin-1 -*-\n'é'", "iso8859-1"),
        (b"#!/bin/x\n# vim: set fileencoding=cp1252 :\n'\x80'", None, "cp1252"),
        (b"a\r\nb\rc\x0c", "a\r\nb\rc\x0c", "utf-8"),
        (b"x = 1\n# coding: latin-1\n'\xc3\xa9'", "x = 1\n# coding: latin-1\n'é'", "utf-8"),
        (b"x\n\n# coding: nonsense\n", "x\n\n# coding: nonsense\n", "utf-8"),
    ],
)
def test_decode(data: bytes, text: str | None, encoding: str) -> None:
    found, codec = decode(data)
    assert codec == encoding
    assert text is None or found == text
    assert found.encode(codec) == data


def test_a_source_keeps_what_writes_it_back() -> None:
    data = b"\xef\xbb\xbfx = '\xc3\xa9'\r\n"
    source = read_source("a.py", data)
    assert (source.path, source.text) == ("a.py", "x = 'é'\r\n")
    assert source.text.encode(source.encoding) == data


@pytest.mark.parametrize(
    ("data", "message", "row", "column"),
    [
        (b"x = 1\ny = '\xff'\n", "not utf-8", 2, 6),
        (b"# coding: nonsense\n", "unknown encoding nonsense", 1, 1),
        (b"\n# coding: rot13\n", "rot-13", 1, 1),
        (b"\xef\xbb\xbf# coding: latin-1\n", "UTF-8 mark", 1, 1),
        (b"x\r\ny\0", "NUL", 2, 2),
    ],
)
def test_undecodable(data: bytes, message: str, row: int, column: int) -> None:
    with pytest.raises(Unreadable, match=message) as caught:
        decode(data)
    assert (caught.value.row, caught.value.column) == (row, column)


@pytest.mark.parametrize(
    ("source", "row", "column"),
    [
        ("x = 1\ny = (\n", 2, 5),
        ("é = = 1\n", 1, 5),
        ("if x:\ny\n", 2, 1),
        ("print 'x'\n", 1, 1),
        ("a\n\ty\n", 2, 1),
    ],
)
def test_place_of_a_syntax_error(source: str, row: int, column: int) -> None:
    with pytest.raises(Unreadable) as caught:
        parse(source)
    assert caught.value.row == row
    assert caught.value.column >= column


def test_newer_grammar_than_the_running_python_is_readable() -> None:
    parse("type X[T = int] = list[T]\ntry:\n    pass\nexcept A, B:\n    pass\n")
    parse("f'{a['k']}'\n")


def test_surrogates_in_a_text_are_refused() -> None:
    with pytest.raises(Unreadable):
        parse("x = '\ud800'\n")


DEEP = {
    "parentheses": "(" * 5000 + ")" * 5000,
    "calls": "f(" * 3000 + ")" * 3000,
    "lists": "[" * 100_000,
    "sum": "+".join(["a"] * 5000),
    "attributes": "a" + ".b" * 10_000,
    "call chain": "a" + ".b()" * 3000,
    "indices": "a" + "[0]" * 3000,
    "not": "not " * 3000 + "a",
    "lambdas": "lambda: " * 3000 + "a",
    "choices": "a if b else " * 3000 + "a",
    "sum over lines": "(" + "\n+".join(["a"] * 5000) + ")",
    "sum over continued lines": "\\\n+".join(["a"] * 5000),
    "statement": "[" + "1," * (MAX_STATEMENT // 2 + 1) + "]",
    "elif": "if a: b\n" + "elif a: b\n" * 3000,
    "comprehension": "[x " + "for x in y " * 3000 + "]",
    "both": "(a+b+c+d+" * 190 + "e" + ")" * 190,
}


@pytest.mark.parametrize("kind", DEEP)
def test_what_would_crash_the_parser_is_refused(kind: str) -> None:
    with pytest.raises(Unreadable, match="more than") as caught:
        parse(f"x = 1\n{DEEP[kind]}\n" if kind == "elif" else f"x = 1\ny = {DEEP[kind]}\n")
    assert caught.value.row >= 2


def test_what_is_wide_is_not_refused() -> None:
    parse("x = [" + "a.b(1 + 2, [3]), " * 1000 + "]\n" + "y = z.w\n" * 500)
    parse("x = " + "(" * MAX_BRACKETS + ")" * MAX_BRACKETS + "\n")
    parse("x = " + "+".join(["a"] * MAX_NESTING) + "\n")
    parse("if a: b\n" + "elif a: b\n" * MAX_BRANCHES + "if a: b\n" + "elif a: b\n" * MAX_BRANCHES)


def test_importing_does_not_import_the_parser() -> None:
    modules = "ckptlint.syntax.tree, ckptlint.syntax.prefilter, ckptlint.semantics.lower, ckptlint.semantics.serial"
    code = f"import sys, {modules}; print('libcst' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "False\n"
