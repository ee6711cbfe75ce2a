"""The table of attributes: copies share what they do not change, and joins know what was there before."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ckptlint.flow.domain import Field, Location, Parameter, Value, constant, join
from ckptlint.flow.fields import Fields
from tests.flow.values import fields, locations, values


def nothing(_: Field) -> Value | None:
    return None


@given(fields(), locations, st.sampled_from("xyz"), values)
def test_a_write_changes_one_attribute_of_one_table(table: Fields, base: Location, name: str, value: Value) -> None:
    before = dict(table.items())
    other = table.copy()
    other.put(base, name, value)
    assert dict(table.items()) == before
    assert dict(other.items()) == {**before, Field(base, name): value}
    assert other.get(base, name) == value
    assert len(other) == len(before) + (Field(base, name) not in before)


@given(fields(), locations)
def test_a_dropped_object_has_no_attributes(table: Fields, base: Location) -> None:
    other = table.copy()
    other.drop(base)
    assert not other.of(base)
    assert {k: v for k, v in table.items() if k.base != base} == dict(other.items())
    assert table.kept(lambda location: location != base) == other


@given(fields(), fields())
def test_a_join_holds_the_attributes_of_both(a: Fields, b: Fields) -> None:
    joined = a.joined(b, nothing, nothing)
    mine, theirs = dict(a.items()), dict(b.items())
    assert dict(joined.items()).keys() == mine.keys() | theirs.keys()
    for key, value in joined.items():
        sides = [side[key] for side in (mine, theirs) if key in side]
        assert value == (join(*sides) if len(sides) == 2 else sides[0])
    assert joined == b.joined(a, nothing, nothing)
    assert a.joined(a.copy(), nothing, nothing) == a


@given(fields(), fields())
def test_what_one_side_does_not_write_is_as_it_was_before(a: Fields, b: Fields) -> None:
    before = constant("before")
    joined = a.joined(b, lambda _: before, lambda _: before)
    mine, theirs = dict(a.items()), dict(b.items())
    for key, value in joined.items():
        assert value == join(mine.get(key, before), theirs.get(key, before))


def test_an_object_without_attributes_answers() -> None:
    table = Fields()
    assert table.get(Parameter("a"), "x") is None
    assert not table.of(Parameter("a"))
    assert len(table) == 0
    table.drop(Parameter("a"))
