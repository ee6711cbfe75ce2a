"""Joins of values and containers."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ckptlint.flow.domain import (
    MAX_ATOMS,
    MAX_CHAIN,
    MAX_DERIVATIONS,
    MORE,
    NOTHING,
    UNKNOWN,
    Const,
    Field,
    Items,
    Made,
    Others,
    Parameter,
    Ran,
    Site,
    Value,
    bounded,
    constant,
    crossing,
    depth_of,
    derived,
    is_entry,
    join,
    join_all,
    join_items,
    locations_in,
    of_atom,
    origins_of_atoms,
    root_of,
)
from tests.flow.values import atoms, items, locations, modes, values

small = values.filter(lambda v: len(v.atoms) <= MAX_ATOMS)


@given(values, values)
def test_a_join_does_not_depend_on_the_order(a: Value, b: Value) -> None:
    assert join(a, b) == join(b, a)


@given(values)
def test_a_join_with_itself_and_with_nothing_is_the_value(a: Value) -> None:
    assert join(a, a) == a
    if len(a.atoms) <= MAX_ATOMS:
        assert join(a, NOTHING) == join(NOTHING, a) == a


@given(small, small)
def test_a_join_loses_no_atom_unless_it_becomes_open(a: Value, b: Value) -> None:
    joined = join(a, b)
    assert joined.open >= (a.open or b.open)
    assert len(joined.atoms) <= MAX_ATOMS
    assert a.origins | b.origins <= joined.origins
    if Others() in joined.atoms:
        assert len(joined.atoms) == MAX_ATOMS
        assert joined.atoms - {Others()} <= a.atoms | b.atoms
    elif joined.atoms != a.atoms | b.atoms:
        assert joined.open
        assert not joined.atoms
        assert origins_of_atoms(a.atoms | b.atoms) <= joined.origins
    else:
        assert join(joined, a) == joined


@given(st.lists(small, max_size=5))
def test_many_joins_say_what_each_says(given_values: list[Value]) -> None:
    joined = join_all(given_values)
    for value in given_values:
        assert value.atoms <= joined.atoms or joined.open or Others() in joined.atoms
    if not given_values:
        assert joined == UNKNOWN


@given(st.integers(0, 3 * MAX_DERIVATIONS))
def test_origins_are_bounded_and_say_so(count: int) -> None:
    origins = frozenset(Ran(Site("/a.py", (row, 1, row, 2))) for row in range(count))
    kept = bounded(origins)
    assert len(kept) <= MAX_DERIVATIONS + 1
    assert (MORE in kept) == (count > MAX_DERIVATIONS)
    assert kept - {MORE} <= origins
    assert bounded(kept) == kept or len(kept) > MAX_DERIVATIONS


@given(st.lists(values, max_size=4))
def test_a_derived_value_is_unknown_and_remembers_everything(given_values: list[Value]) -> None:
    found = derived(given_values)
    assert not found.atoms
    assert found.open
    for value in given_values:
        assert value.origins | origins_of_atoms(value.atoms) <= found.origins


@given(values)
def test_the_one_atom_of_a_closed_value(value: Value) -> None:
    assert (value.single is not None) == (not value.open and len(value.atoms) == 1)
    assert value.single is None or value.single in value.atoms
    assert {r.location for r in value.refs()} <= set(locations_in(value))


def test_literals_keep_their_type_apart() -> None:
    assert constant(1) != constant(True)
    assert join(constant(1), constant(True)).atoms == {Const("int", 1), Const("bool", True)}


@given(locations)
def test_a_location_hangs_on_its_root(location: Parameter | Field) -> None:
    below = Field(location, "z")
    assert root_of(below) == root_of(location)
    assert depth_of(below) == depth_of(location) + 1
    assert is_entry(location) is not isinstance(root_of(location), Made)


@given(modes)
def test_a_back_edge_is_crossed_once(found: frozenset[object]) -> None:
    once = crossing(found)  # type: ignore[arg-type]
    assert all(d.crossed for d in once)
    assert crossing(once) == once


def test_the_way_to_a_site_is_bounded() -> None:
    site = Site("/a.py", (1, 1, 1, 2))
    for row in range(20):
        site = site.inside(("/b.py", (row, 1, row, 2)))
    assert len(site.chain) == MAX_CHAIN
    assert site.chain[0] == ("/b.py", (19, 1, 19, 2))


# -------------------------------------------------------------------------------------------------- containers


@given(items, items)
def test_joined_containers_hold_what_either_holds(a: Items, b: Items) -> None:
    joined, other = join_items(a, b), join_items(b, a)
    assert dict(joined.entries).keys() == dict(other.entries).keys()
    assert all(other.get(k) == v for k, v in joined.entries)
    assert (joined.open, joined.element, joined.maybe) == (other.open, other.element, other.maybe)
    assert joined.open == (a.open or b.open)
    for source in (a, b):
        for key, value in source.entries:
            found = joined.get(key)
            assert found is not None
            assert value.atoms <= found.atoms or found.open or Others() in found.atoms
    only_one = dict(a.entries).keys() ^ dict(b.entries).keys()
    assert only_one <= joined.maybe
    assert join_items(a, a) == a


@given(items, st.sampled_from(["a", "b", "z"]), values)
def test_a_key_that_is_set_is_there_once(content: Items, key: str, value: Value) -> None:
    put = content.put(key, value)
    assert put.get(key) == value
    assert [k for k, _ in put.entries].count(key) == 1
    assert {k for k, _ in put.entries} == {k for k, _ in content.entries} | {key}
    assert key not in put.maybe


def test_keys_of_another_type_are_other_keys() -> None:
    content = Items("dict").put(1, constant("one")).put(True, constant("true"))
    assert (content.get(1), content.get(True)) == (constant("one"), constant("true"))


@given(st.frozensets(atoms, max_size=4))
def test_one_atom_is_a_closed_value(found: frozenset[object]) -> None:
    for atom in found:
        assert of_atom(atom).single == atom  # type: ignore[arg-type]
