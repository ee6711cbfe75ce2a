"""Tables share what they do not change, and are otherwise dicts."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ckptlint.flow.tables import Table

keys = st.sampled_from("abcd")
changes = st.lists(st.tuples(st.sampled_from(["set", "pop", "copy"]), keys, st.integers(0, 3)), max_size=12)


@given(changes)
def test_a_table_is_a_dict(steps: list[tuple[str, str, int]]) -> None:
    table: Table[str, int] = Table()
    plain: dict[str, int] = {}
    others: list[tuple[Table[str, int], dict[str, int]]] = []
    for kind, key, value in steps:
        if kind == "set":
            table[key] = plain[key] = value
        elif kind == "pop":
            assert table.pop(key) == plain.pop(key, None)
        else:
            others.append((table, dict(plain)))
            table = table.copy()
            assert table.shares(others[-1][0])
    for found, expected in [*others, (table, plain)]:
        assert found.plain() == expected
        assert dict(found.items()) == expected
        assert len(found) == len(expected)
        assert found == Table(expected)


def test_a_change_ends_the_sharing() -> None:
    table = Table({"a": 1})
    other = table.copy()
    other["a"] = 2
    assert not other.shares(table)
    assert table["a"] == 1
