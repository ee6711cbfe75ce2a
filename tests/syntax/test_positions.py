from __future__ import annotations

import ast
import io
import sys
import tokenize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ckptlint.syntax.positions import scan, scan_exactly

PIECES = [
    "a",
    "é1",
    "0x1F",
    "1_0.5e-3j",
    "1.",
    ".5",
    "...",
    "->",
    ":=",
    "**=",
    "//",
    "<<=",
    "!=",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ",",
    ":",
    ";",
    ".",
    "@",
    "~",
    "'s'",
    '"""a\n"b"""',
    "rb'\\''",
    "# c\n",
    "\\\n",
    "\n",
    " ",
    "\t",
    "\f",
    "''",
    "'''\\'''' '''",
    "f'{a}'",
    "if",
    "'a\\\nb'",
    "'",
    '"',
    "\\",
    "$",
    "?",
    "!",
]


@given(st.lists(st.sampled_from(PIECES), max_size=30).map("".join))
def test_tokens_cover_the_text(text: str) -> None:
    for tokens in (scan(text), scan_exactly(text)):
        covered = "".join(gap + word for gap, word in zip(tokens.gaps, tokens.words, strict=True))
        assert covered == text
        assert tokens.words[-1] == ""
        lines = text.split("\n")
        for word, place in zip(tokens.words, tokens.places, strict=True):
            row, column, end_row, end_column = place
            if row == end_row:
                assert lines[row - 1][column - 1 : end_column - 1] == word
            else:
                assert word.split("\n")[0] == lines[row - 1][column - 1 :]
                assert word.split("\n")[-1] == lines[end_row - 1][: end_column - 1]


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="tokenize splits format strings there")
def test_tokens_are_those_of_python() -> None:
    with open(ast.__file__, encoding="utf-8") as file:
        text = file.read()
    skipped = {
        tokenize.COMMENT,
        tokenize.NL,
        tokenize.NEWLINE,
        tokenize.INDENT,
        tokenize.DEDENT,
        tokenize.ENDMARKER,
    }
    wanted = [
        (token.string, token.start[0], token.start[1] + 1, token.end[0], token.end[1] + 1)
        for token in tokenize.generate_tokens(io.StringIO(text).readline)
        if token.type not in skipped
    ]
    tokens = scan(text)
    assert [(word, *place) for word, place in zip(tokens.words, tokens.places, strict=True)][:-1] == wanted


@pytest.mark.parametrize(
    "text",
    [
        '''f"{a["k"]}"''',
        '''f"{f"{f"{1}"}"}"''',
        '''f"{x:{y["q"]}}"''',
        '''rf"\\{a["k"]}"''',
        '''f"\\N{DASH}{a["k"]}{{"''',
        '''f"{'}'}{a!r:"}"''',
        """f'''{
a["k"]  # }'''
}'''""",
        '''f"{x!r}{y=}{z = !s:>{w}}"''',
        '''f"{(lambda: {1: 2})()}{a != b}"''',
    ],
)
def test_end_of_a_format_string(text: str) -> None:
    assert scan_exactly(text + " + b").words == [text, "+", "b", ""]
