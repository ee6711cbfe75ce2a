from __future__ import annotations

import io
import tokenize
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ckptlint.syntax.comments import comments
from ckptlint.text import Source

PIECES = [
    "'a#b'", '"#"', "'''\n# no\n'''", '"""x\\"""#"""', "r'\\'", "# yes", "#", "x = 1", "(\n", ")", "\n", "'\\\n#'", "''",
    '""', "b'#'", "f'{x}#'", "\\\\", " ", "'it\\'s # no'", '"""a"b"""',
]  # fmt: skip


def ours(text: str) -> list[tuple[int, int, str]]:
    return [(span.row, span.column, comment) for span, comment in comments(Source("a.py", text))]


def theirs(text: str) -> list[tuple[int, int, str]]:
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    return [(t.start[0], t.start[1] + 1, t.string) for t in tokens if t.type == tokenize.COMMENT]


@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
def test_comments_are_those_of_tokenize(text: str) -> None:
    try:
        compile(text, "a.py", "exec")
    except (SyntaxError, ValueError):
        list(comments(Source("a.py", text)))  # broken text must not break it
        return
    assert ours(text) == theirs(text)


@pytest.mark.parametrize("module", ["tokenize", "argparse", "textwrap", "typing", "inspect", "doctest"])
def test_comments_of_real_files(module: str) -> None:
    path = Path(__import__(module).__file__)
    text = path.read_text(encoding="utf-8")
    assert ours(text) == theirs(text)
    assert len(ours(text)) > 5


def test_an_open_string_ends_with_its_row() -> None:
    assert ours("x = 'open # no\ny = 1  # yes\n") == [(2, 8, "# yes")]
    assert ours("a = 1\r\nb = '''open\n# no\n") == []
