from __future__ import annotations

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ckptlint.semantics import model as m
from ckptlint.semantics.constants import MISSING, fold, number_value, string_value
from ckptlint.semantics.lower import lower


def folded(source: str) -> object:
    """What an expression folds to."""
    statement = lower("f.py", source + "\n").module_body.body[0]
    assert isinstance(statement, m.Evaluate)
    return fold(statement.value)


@pytest.mark.parametrize(
    "source",
    [
        "1",
        "-1",
        "~1",
        "+2.5",
        "not 0",
        "(1, -2, 'a')",
        "[1, [2]]",
        "1 + 2 * 3 - 4 / 2",
        "7 // 2 % 2 ** 3",
        "'a' + 'b'",
        "None",
        "...",
        "b'x'",
        "1 << 4 | 3 & 2 ^ 1 >> 0",
        "()",
        "f'a' 'b'",
        "1e-4",
        "3j",
    ],
)
def test_folds_to_the_value_of_python(source: str) -> None:
    value, wanted = folded(source), eval(source)
    assert value == wanted
    assert type(value) is type(wanted)


@pytest.mark.parametrize(
    "source",
    [
        "a",
        "[a]",
        "-a",
        "1 / 0",
        "f'{a}'",
        "10 ** 10000",
        "1 << 10 ** 9",
        "1 << -1",
        "'a' * 3",
        "{1}",
        "not a",
        "-'a'",
        "f()",
        "1.5 << 1",
        "9e99 * 10**40",
    ],
)
def test_has_no_value(source: str) -> None:
    assert folded(source) is MISSING


@given(st.one_of(st.text(), st.binary()))
def test_string_tokens(value: str | bytes) -> None:
    assert string_value(repr(value)) == value


@given(
    st.sampled_from(["", "b", "r", "u", "Rb"]),
    st.sampled_from(["'", '"""']),
    st.lists(
        st.sampled_from(
            [
                "a",
                "\\x4",
                "\\x41",
                "\\7",
                "\\777",
                "\\n",
                "\\\n",
                "\\N{DASH}",
                "\\u0041",
                "\\U00110000",
                "\\q",
                "\\\\",
                "\\'",
                '\\"',
            ]
        )
    ).map("".join),
)
@pytest.mark.filterwarnings("ignore")
def test_escapes(prefix: str, quote: str, body: str) -> None:
    token = prefix + quote + body + quote
    try:
        wanted = ast.literal_eval(token)
    except (SyntaxError, ValueError):
        return
    assert string_value(token) == wanted


@pytest.mark.parametrize(
    "token",
    ["0", "00", "1_000", "0x_fF", "0O17", "0b1_1", "1.", ".5", "1e5", "1_0.5E-3", "3J", "1e3j", "01.5"],
)
def test_numbers(token: str) -> None:
    value = number_value(token)
    assert value == ast.literal_eval(token)
    assert type(value) is type(ast.literal_eval(token))
