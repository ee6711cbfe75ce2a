"""Records survive JSON; lowering survives anything."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ckptlint.semantics.lower import lower
from ckptlint.semantics.model import Record
from ckptlint.semantics.serial import from_json, to_json
from ckptlint.syntax.limits import MAX_BRACKETS, MAX_BRANCHES, MAX_NESTING
from ckptlint.syntax.tree import Unreadable

NASTY = (Path(__file__).parent / "nasty.txt").read_text(encoding="utf-8")


def again(record: Record) -> Record:
    """The record after a trip through JSON text."""
    return from_json(json.loads(json.dumps(to_json(record))))


def test_the_nasty_file() -> None:
    record = lower("f.py", NASTY)
    assert again(record) == record


def test_odd_values() -> None:
    source = r"x = 1e999, 1e-320, 3j, ..., b'\xff', '\ud83d\ude00', '\ud800', 0x" + "f" * 900 + ", True, 1, 1.0, None\n"
    record = lower("odd\udcff.py", source)
    read = again(record)
    assert read == record
    assert repr(read.module_body.body) == repr(record.module_body.body)
    assert math.inf in {item.value for item in read.module_body.body[0].value.items[:1]}  # type: ignore[union-attr]


def test_wide_places() -> None:
    record = lower("f.py", "x = " + "'" + "a" * 3000 + "' + y\n")
    assert again(record) == record


@pytest.mark.parametrize("data", [None, [], [0, []], [1, []], [1, {}], {"a": 1}, [1, [1, 2, 3, 4, 5, 6]], "xy"])
def test_data_of_another_form_is_refused(data: object) -> None:
    with pytest.raises(ValueError, match="record"):
        from_json(data)


@pytest.mark.parametrize(
    "value",
    [
        "f(" * MAX_BRACKETS + ")" * MAX_BRACKETS,
        "{1: " * MAX_BRACKETS + "1" + "}" * MAX_BRACKETS,
        "a" + ".b()" * (MAX_NESTING // 2 - 1),
        "+".join(["a"] * MAX_NESTING),
        "**".join(["a"] * MAX_NESTING),
        "not " * MAX_NESTING + "a",
        "lambda: " * MAX_NESTING + "a",
        "a if b else " * (MAX_NESTING // 2 - 1) + "a",
    ],
)
def test_the_deepest_that_is_read(value: str) -> None:
    record = lower("f.py", f"def f():\n    x = {value}\n")
    data = to_json(record)
    # By text: comparing such records would itself need more frames than usual.
    assert json.dumps(to_json(from_json(json.loads(json.dumps(data))))) == json.dumps(data)


def test_the_longest_branches() -> None:
    record = lower("f.py", "if a: b\n" + "elif a: b\n" * MAX_BRANCHES)
    data = json.dumps(to_json(record))
    assert json.dumps(to_json(from_json(json.loads(data)))) == data


@given(st.text(max_size=60))
@settings(max_examples=300, deadline=None)
def test_any_text(text: str) -> None:
    try:
        record = lower("f.py", text)
    except Unreadable as error:
        refusal = (error.row, error.column)
    else:
        assert again(record) == record
        return
    assert min(refusal) >= 1


@given(st.binary(max_size=60))
@settings(max_examples=200, deadline=None)
def test_any_bytes(data: bytes) -> None:
    try:
        record = lower("f.py", data)
    except Unreadable:
        return
    assert again(record) == record


EXPRESSIONS = st.recursive(
    st.sampled_from(
        [
            "a",
            "b.c",
            "1",
            "-2.5",
            "'s'",
            "f'{a}{b!r:>{c}}'",
            "...",
            "()",
            "(lambda x, *y: x)",
            "f(*a, k=1, **b)",
        ]
    ),
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(lambda p: f"({p[0]} + {p[1]})"),
        st.tuples(inner, inner).map(lambda p: f"[{p[0]}, *({p[1]})]"),
        st.tuples(inner, inner).map(lambda p: f"{{{p[0]}: {p[1]}}}"),
        st.tuples(inner, inner).map(lambda p: f"g({p[0]}, k={p[1]}).h[{p[0]}:]"),
        st.tuples(inner, inner).map(lambda p: f"({p[0]} if {p[1]} else None)"),
        st.tuples(inner, inner).map(lambda p: f"[{p[0]} for q in {p[1]} if q]"),
        inner.map(lambda text: f"(not {text} or w in {text})"),
        inner.map(lambda text: f"(\n  {text}  # note\n)"),
    ),
    max_leaves=6,
)
SIMPLE = st.one_of(
    EXPRESSIONS.map("x = {}".format),
    EXPRESSIONS.map("x.y[0] += {}".format),
    EXPRESSIONS.map("{}; y".format),
    EXPRESSIONS.map("assert {}, 'm'".format),
    st.sampled_from(["pass", "import a.b as c", "from . import d", "del x, y", "global g", "z: int = 3"]),
)


def _indented(lines: list[str]) -> str:
    return "\n".join("    " + line for text in lines for line in text.split("\n"))


BLOCKS = st.recursive(
    SIMPLE,
    lambda inner: st.builds(
        lambda header, body: header.replace("BODY", _indented(body)),
        st.sampled_from(
            [
                "if a:\nBODY\nelse:\n    pass",
                "for i, j in k:\nBODY",
                "while a:\nBODY",
                "with a as b, c:\nBODY",
                "try:\nBODY\nexcept E as e:\n    pass\nfinally:\n    pass",
                "@d\ndef f(a, *, b=1):\nBODY",
                "class C(B, m=1):\nBODY",
                "match a:\n    case [x, _] if y:\n        pass\nif b:\nBODY",
                "async def g():\nBODY",
            ]
        ),
        st.lists(inner, min_size=1, max_size=3),
    ),
    max_leaves=8,
)


@given(st.lists(BLOCKS, max_size=4).map("\n".join))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_composed_programs(source: str) -> None:
    record = lower("f.py", source)
    assert again(record) == record
