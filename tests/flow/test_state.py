"""States at a point of a function: reads, switches, joins, and what is forgotten."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ckptlint.flow.domain import (
    MAX_DEPTH,
    UNKNOWN_MODE,
    Field,
    Location,
    Made,
    ModeDef,
    ModeSet,
    Others,
    Parameter,
    Ref,
    Site,
    Value,
    constant,
    depth_of,
    locations_in,
    of_atom,
    root_of,
)
from ckptlint.flow.state import DEAD, State, entry_mode
from tests.flow.values import locations, modes, states, values

MODEL = Parameter("model")
MADE = Made(Site("/a.py", (1, 1, 1, 9)))
EVAL: ModeSet = frozenset({ModeDef("eval", Site("/a.py", (2, 1, 2, 9)))})
TRAIN: ModeSet = frozenset({ModeDef("train", Site("/a.py", (3, 1, 3, 9)))})


def may_be(value: Value, joined: Value | None) -> bool:
    """Whether a joined value allows what one side said."""
    return joined is not None and (value.atoms <= joined.atoms or joined.open or Others() in joined.atoms)


@given(states, states)
def test_a_join_keeps_what_both_say(a: State, b: State) -> None:
    joined = a.join(b)
    assert joined.reachable
    assert joined.tests == a.tests & b.tests
    for side, other in ((a, b), (b, a)):
        for name, value in side.names.items():
            assert may_be(value, joined.names[name])
            assert name in other.names or joined.names[name].open
        for key, value in side.fields.items():
            assert may_be(value, joined.fields.get(key.base, key.name))
        for location, content in side.items.items():
            assert joined.items[location].open >= content.open
            assert all(may_be(v, joined.items[location].get(k)) for k, v in content.entries)
        for location, found in side.modes.items():
            assert found <= joined.modes[location]
        for location, found_origins in side.origins.items():
            assert found_origins <= joined.origins[location]


@given(states, states)
def test_a_join_does_not_depend_on_the_order(a: State, b: State) -> None:
    left, right = a.join(b), b.join(a)
    assert (left.names, left.fields, left.modes, left.origins, left.tests) == (
        right.names,
        right.fields,
        right.modes,
        right.origins,
        right.tests,
    )
    assert left.items.keys() == right.items.keys()


@given(states)
def test_a_join_with_itself_or_with_no_path_changes_nothing(a: State) -> None:
    assert a.join(a.copy()).same_as(a)
    assert a.join(DEAD).same_as(a)
    assert DEAD.join(a).same_as(a)


@given(states, locations, modes, values)
def test_a_copy_is_independent(a: State, location: Location, found: ModeSet, value: Value) -> None:
    before = a.copy()
    other = a.copy()
    other.names["new"] = value
    other.write_field(location, "new", value, True)
    other.switch_mode(location, found)
    assert a.same_as(before)


@given(states)
def test_collecting_forgets_nothing_within_reach(a: State) -> None:
    before = a.copy()
    a.collect([])
    assert a.names == before.names
    reached: set[Location] = set()
    work = [location for value in a.names.values() for location in locations_in(value)]
    work += [at for at in (*before.items, *before.origins) if not isinstance(root_of(at), Made)]
    work += [key.base for key, _ in before.fields.items() if not isinstance(root_of(key.base), Made)]
    while work:
        location = work.pop()
        if location in reached:
            continue
        reached.add(location)
        held = [*before.fields.of(location).values()]
        held += before.items[location].values() if location in before.items else []
        work.extend(inner for value in held for inner in locations_in(value))
    for location in reached:
        assert a.fields.of(location) == before.fields.of(location)
        assert a.items.get(location) == before.items.get(location)
        assert a.modes.get(location) == before.modes.get(location)
        assert a.origins.get(location) == before.origins.get(location)
    again = a.copy()
    again.collect([])
    assert again.same_as(a)


@given(states)
def test_collecting_keeps_what_is_pinned(a: State) -> None:
    a.modes[MADE] = EVAL
    a.collect([of_atom(Ref(MADE))])
    assert a.modes[MADE] == EVAL


def test_collecting_forgets_what_is_out_of_reach() -> None:
    state = State()
    state.modes[MADE] = EVAL
    state.write_field(MADE, "x", constant(1), True)
    state.collect([])
    assert state.same_as(State())


# ------------------------------------------------------------------------------------------------------- modes


@given(states, locations, modes)
def test_a_switch_is_of_everything_below(a: State, location: Location, found: ModeSet) -> None:
    a.switch_mode(location, found)
    expected = UNKNOWN_MODE if found == UNKNOWN_MODE and isinstance(location, Made) else found
    if not getattr(location, "name", "").startswith("["):
        assert a.mode_of(location) == expected
        assert a.mode_of(Field(location, "never")) == expected


def test_a_mode_nobody_set_is_that_of_the_entry() -> None:
    state = State()
    assert state.mode_of(MODEL) == entry_mode(MODEL)
    assert state.mode_of(Field(MODEL, "a")) == entry_mode(Field(MODEL, "a"))
    assert state.mode_of(MADE) == UNKNOWN_MODE


def test_a_mode_set_on_one_path_is_joined_with_the_entry() -> None:
    one = State()
    one.switch_mode(MODEL, EVAL)
    assert one.join(State()).mode_of(MODEL) == EVAL | entry_mode(MODEL)
    assert State().join(one).mode_of(MODEL) == EVAL | entry_mode(MODEL)


def test_an_object_made_on_one_path_has_that_path_s_mode() -> None:
    one = State()
    one.switch_mode(MADE, TRAIN)
    assert one.join(State()).mode_of(MADE) == TRAIN


def test_items_at_unknown_keys_may_be_those_at_literal_ones() -> None:
    any_item, g, d = (Field(MODEL, name) for name in ("[]", '["g"]', '["d"]'))
    state = State()
    state.switch_mode(any_item, EVAL)
    assert state.mode_of(g) == EVAL | entry_mode(g)
    assert state.mode_of(Field(g, "part")) == EVAL | entry_mode(Field(g, "part"))
    state = State()
    state.switch_mode(g, EVAL)
    assert state.mode_of(any_item) == EVAL | entry_mode(any_item)
    assert state.mode_of(d) == entry_mode(d)
    assert state.mode_of(g) == EVAL
    state.switch_mode(MODEL, TRAIN)
    assert state.mode_of(g) == state.mode_of(any_item) == TRAIN


@given(states)
def test_a_back_edge_marks_every_definition_once(a: State) -> None:
    once = a.cross_back_edge()
    assert all(d.crossed for found in once.modes.values() for d in found)
    assert once.cross_back_edge().same_as(once)
    assert (once.names, once.fields, once.items) == (a.names, a.fields, a.items)


# -------------------------------------------------------------------------------------------------- attributes


@given(states, locations, values)
def test_a_certain_write_replaces_and_another_adds(a: State, location: Location, value: Value) -> None:
    old = a.read_field(location, "x")
    other = a.copy()
    a.write_field(location, "x", value, True)
    assert a.read_field(location, "x") == value
    other.write_field(location, "x", value, False)
    found = other.read_field(location, "x")
    assert may_be(value, found)
    assert may_be(old, found)


def test_a_write_forgets_the_mode_of_what_was_there() -> None:
    state = State()
    state.switch_mode(Field(MODEL, "part"), EVAL)
    state.write_field(MODEL, "part", constant(None), True)
    assert state.mode_of(Field(MODEL, "part")) == entry_mode(Field(MODEL, "part"))


@given(st.integers(0, 6))
def test_attributes_are_followed_to_a_depth(count: int) -> None:
    location: Location = MODEL
    for _ in range(count):
        location = Field(location, "a")
    value = State().read_field(location, "a")
    if count < MAX_DEPTH:
        assert value == of_atom(Ref(Field(location, "a")))
    else:
        assert value.open
        assert value.origins == {location}
    assert all(depth_of(r.location) <= MAX_DEPTH for r in value.refs())
