"""Rows are those of Python's parser."""

from __future__ import annotations

import pytest

from ckptlint.text import Source, rows


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("a", ["a"]),
        ("a\r\n\rb\n", ["a\r\n", "\r", "b\n"]),
        ("a\x0cb\u2028c\x1cd\ne", ["a\x0cb\u2028c\x1cd\n", "e"]),
    ],
)
def test_rows(text: str, expected: list[str]) -> None:
    assert rows(text) == expected
    assert "".join(rows(text)) == text


def test_a_sources_line() -> None:
    source = Source("a.py", "x\x0cy\r\nz")
    assert [source.line(row) for row in range(4)] == ["", "x\x0cy", "z", ""]
