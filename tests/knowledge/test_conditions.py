"""Conditions over arguments: three answers, and messages for what cannot be read."""

from __future__ import annotations

import pytest

from ckptlint.knowledge.conditions import MISSING, ConditionError, holds, parameters_of


@pytest.mark.parametrize(
    ("condition", "arguments", "answer"),
    [
        (True, {}, True),
        (False, {"p": 1}, False),
        ("p", {"p": True}, True),
        ("p", {"p": None}, False),
        ("p", {}, None),
        ("p", {"p": MISSING}, None),
        ("not p", {"p": 0}, True),
        ("not p", {"p": MISSING}, None),
        ("p > 0", {"p": 0.5}, True),
        ("p > 0", {"p": 0}, False),
        ("p > 0", {"p": "much"}, None),
        ("p >= 2", {"p": 2}, True),
        ("p < 1e-3", {"p": 0.01}, False),
        ("p <= 1", {"p": 1}, True),
        ("p == 'same'", {"p": "same"}, True),
        ("p != None", {"p": None}, False),
        ("p > 0 and n > 1", {"p": 0.1, "n": 2}, True),
        ("p > 0 and n > 1", {"p": 0, "n": MISSING}, False),
        ("p > 0 and n > 1", {"p": 0.1, "n": MISSING}, None),
        ("p or n", {"p": MISSING, "n": True}, True),
        ("p or n", {"p": MISSING, "n": False}, None),
        ("a and b or c and d", {"a": True, "b": False, "c": True, "d": True}, True),
    ],
)
def test_holds(condition: str | bool, arguments: dict[str, object], answer: bool | None) -> None:
    assert holds(condition, arguments) is answer


@pytest.mark.parametrize(
    ("condition", "part"),
    [
        ("", "found the end"),
        ("p >", "a value is missing"),
        ("p > many", "expected a number"),
        ("p > 0 n", 'expected "and", "or"'),
        ("and p", "expected the name of a parameter"),
        ("p and", "found the end"),
        ("(p)", "expected the name of a parameter"),
    ],
)
def test_unreadable(condition: str, part: str) -> None:
    with pytest.raises(ConditionError, match=part):
        parameters_of(condition)


def test_parameters_of() -> None:
    assert parameters_of("p > 0 and not inplace or n == 1") == {"p", "inplace", "n"}
    assert parameters_of(True) == set()
