"""Hypothesis strategies for values, containers and states."""

from __future__ import annotations

from hypothesis import strategies as st

from ckptlint.flow.domain import (
    ApiAtom,
    Cell,
    Const,
    Field,
    FunctionAtom,
    FunctionKey,
    Global,
    Items,
    Location,
    Made,
    ModeDef,
    ModeSet,
    Parameter,
    Ran,
    Ref,
    Site,
    Value,
)
from ckptlint.flow.fields import Fields
from ckptlint.flow.state import State
from ckptlint.flow.tables import Table

sites = st.integers(1, 6).map(lambda row: Site("/a.py", (row, 1, row, 9)))
roots: st.SearchStrategy[Location] = st.one_of(
    st.sampled_from("ab").map(Parameter),
    st.sampled_from("ab").map(Cell),
    st.sampled_from("ab").map(lambda name: Global("/a.py", name)),
    sites.map(Made),
)
locations: st.SearchStrategy[Location] = st.one_of(
    roots,
    st.tuples(roots, st.sampled_from(["x", "y", "[]", '["k"]'])).map(lambda pair: Field(*pair)),
    roots.map(lambda r: Field(Field(r, "x"), "y")),
)
refs = locations.map(Ref)
atoms = st.one_of(
    refs,
    st.sampled_from([Const("int", 1), Const("bool", True), Const("NoneType", None), ApiAtom("torch.save")]),
    st.builds(lambda r: FunctionAtom(FunctionKey("/a.py", 1), r), refs),
)
origins = st.frozensets(st.one_of(locations, sites.map(Ran)), max_size=4)
values = st.builds(Value, st.frozensets(atoms, max_size=5), st.booleans(), origins)
modes: st.SearchStrategy[ModeSet] = st.frozensets(
    st.tuples(st.sampled_from(["train", "eval", "built", "unknown"]), sites, st.booleans()).map(
        lambda parts: ModeDef(parts[0], parts[1], None, parts[2])
    ),
    min_size=1,
    max_size=3,
)
keys = st.sampled_from(["a", "b", "c", 1])
items = st.builds(
    lambda entries, is_open, element: Items("dict", tuple(entries.items()), is_open, element),
    st.dictionaries(keys, values, max_size=3),
    st.booleans(),
    st.none() | values,
)


@st.composite
def fields(draw: st.DrawFn) -> Fields:
    """A table of attributes."""
    found = Fields()
    for base, name, value in draw(st.lists(st.tuples(locations, st.sampled_from("xyz"), values), max_size=4)):
        found.put(base, name, value)
    return found


states = st.builds(
    State,
    st.dictionaries(st.sampled_from("mno"), values, max_size=3).map(Table),
    fields(),
    st.dictionaries(locations, items, max_size=3).map(Table),
    st.dictionaries(locations, modes, max_size=3).map(Table),
    st.dictionaries(locations, origins, max_size=3).map(Table),
    st.frozensets(st.tuples(st.sampled_from("tu"), st.booleans()), max_size=2),
)
