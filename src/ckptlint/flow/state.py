"""The abstract state at a point of a function, and how two of them join."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from ckptlint.flow.domain import (
    MAX_DEPTH,
    UNKNOWN,
    UNKNOWN_MODE,
    Field,
    Items,
    Location,
    Made,
    ModeDef,
    ModeSet,
    Origin,
    Ref,
    Site,
    Value,
    crossing,
    depth_of,
    is_below,
    join,
    join_items,
    locations_in,
    of_atom,
    root_of,
)
from ckptlint.flow.fields import Fields
from ckptlint.flow.reach import held_by_entries, keeps, reachable
from ckptlint.flow.tables import Table
from ckptlint.semantics.model import Place

if TYPE_CHECKING:
    from ckptlint.flow.sharing import Share

ANY_ITEM = "[]"
"""The field that stands for any item of a container that is not seen."""
Test = tuple[str, bool]
"""A branch condition as written, and the side taken."""


class Condition(NamedTuple):
    """Something a function was given, or an attribute of it, must be true, or false."""

    location: Location
    side: bool


class Gate(NamedTuple):
    """A test that must have come out one way for the program to be here."""

    path: str
    at: Place
    side: bool
    reads_mode: bool
    """It asks for some model's mode."""
    conditions: frozenset[Condition] = frozenset()
    """What it says of what the function was given."""


def entry_mode(location: Location) -> ModeSet:
    """The mode a location had before the function began."""
    return frozenset({ModeDef("entry", None, location)})


@dataclass(slots=True)
class State:
    """What holds at one point: names, attributes, containers, modes, and what objects were derived from."""

    names: Table[str, Value] = field(default_factory=Table)
    fields: Fields = field(default_factory=Fields)
    items: Table[Location, Items] = field(default_factory=Table)
    modes: Table[Location, ModeSet] = field(default_factory=Table)
    origins: Table[Location, frozenset[Origin]] = field(default_factory=Table)
    tests: frozenset[Test] = frozenset()
    gates: frozenset[Gate] = frozenset()
    reachable: bool = True
    shares: Table[Location, Share] = field(default_factory=Table)
    """What changes with a model's weights."""
    passed: frozenset[Site] = frozenset()
    """Places that changed weights on some way here."""

    def copy(self) -> State:
        """An independent state with the same content."""
        return State(
            self.names.copy(),
            self.fields.copy(),
            self.items.copy(),
            self.modes.copy(),
            self.origins.copy(),
            self.tests,
            self.gates,
            self.reachable,
            self.shares.copy(),
            self.passed,
        )

    # ------------------------------------------------------------------------------------------- attributes

    def read_field(self, location: Location, name: str) -> Value:
        """The value of an attribute: as written here, else as it was on entry."""
        value = self.fields.get(location, name)
        if value is not None:
            return value
        key = Field(location, name)
        if depth_of(location) >= MAX_DEPTH:
            return Value(frozenset(), True, frozenset({location}))
        return of_atom(Ref(key))

    def write_field(self, location: Location, name: str, value: Value, certain: bool) -> None:
        """Set an attribute; when another object may be meant instead, keep the old value beside it."""
        key = Field(location, name)
        if not certain:
            value = join(self.read_field(location, name), value)
        self.fields.put(location, name, value)
        if value.single == Ref(key):
            return  # `self.net = self.net.eval()`: the object that was there all along.
        # What was known of the object formerly there says nothing about the new one.
        for table in (self.modes, self.items, self.origins):
            if key in table:
                del table[key]

    # ------------------------------------------------------------------------------------------------ modes

    def mode_of(self, location: Location) -> ModeSet:
        """The mode definitions that reach here for a location; a part follows its whole."""
        at = location
        while True:
            found = self.modes.get(at)
            if isinstance(at, Field) and at.name.startswith("["):
                others = self._modes_of_other_items(at)
                if others:
                    return others | (found if found is not None else self._whole_mode(at, location))
            if found is not None:
                return found
            if not isinstance(at, Field):
                break
            at = at.base
        if isinstance(at, Made):
            return UNKNOWN_MODE
        return entry_mode(location)

    def _modes_of_other_items(self, item: Field) -> ModeSet:
        # An item at a key that is not known may be any of the items, and any of them may be it.
        found: ModeSet = frozenset()
        for key, modes in self.modes.items():
            if not isinstance(key, Field) or key.base != item.base or key == item or not key.name.startswith("["):
                continue
            if ANY_ITEM in (key.name, item.name):
                found |= modes
        return found

    def _whole_mode(self, item: Field, location: Location) -> ModeSet:
        whole = self.mode_of(item.base)
        return entry_mode(location) if whole == entry_mode(item.base) else whole

    def switch_mode(self, location: Location, modes: ModeSet) -> None:
        """Set the mode of a location and of everything below it."""
        for key in [k for k in self.modes if isinstance(k, Field) and is_below(k, location)]:
            del self.modes[key]
        if modes == UNKNOWN_MODE and isinstance(location, Made) and location not in self.modes:
            return  # Nothing said of an object made here means the same.
        self.modes[location] = modes

    # ------------------------------------------------------------------------------------------------- joins

    def join(self, other: State) -> State:
        """What holds when either state may be the one."""
        if not self.reachable:
            return other
        if not other.reachable:
            return self
        fields = self.fields.joined(other.fields, self._before, other._before)
        return State(
            self._joined_names(other),
            fields,
            self._joined_items(other),
            self._joined_modes(other),
            self._joined_origins(other),
            self.tests & other.tests,
            self.gates & other.gates,
            True,
            self._joined_shares(other),
            self.passed | other.passed,
        )

    def _joined_names(self, other: State) -> Table[str, Value]:
        if self.names.shares(other.names):
            return self.names.copy()
        names = self.names.plain()
        for name, value in other.names.items():
            mine = names.get(name)
            if mine is value:
                continue
            names[name] = join(mine, value) if mine is not None else join(value, UNKNOWN)
        for name in self.names.keys() - other.names.keys():
            names[name] = join(names[name], UNKNOWN)
        return Table(names)

    def _joined_items(self, other: State) -> Table[Location, Items]:
        if self.items.shares(other.items):
            return self.items.copy()
        items = self.items.plain()
        for location, content in other.items.items():
            mine = items.get(location)
            if mine is not content:
                items[location] = join_items(mine, content) if mine is not None else content
        return Table(items)

    def _joined_modes(self, other: State) -> Table[Location, ModeSet]:
        if self.modes.shares(other.modes):
            return self.modes.copy()
        modes = self.modes.plain()
        for location in self.modes.keys() | other.modes.keys():
            a, b = self.modes.get(location), other.modes.get(location)
            if a is not b:
                modes[location] = (a or self._mode_before(location)) | (b or other._mode_before(location))
        return Table(modes)

    def _joined_origins(self, other: State) -> Table[Location, frozenset[Origin]]:
        if self.origins.shares(other.origins):
            return self.origins.copy()
        origins = self.origins.plain()
        for location, found in other.origins.items():
            known = origins.get(location)
            if known is not found:
                origins[location] = known | found if known is not None else found
        return Table(origins)

    def _joined_shares(self, other: State) -> Table[Location, Share]:
        if self.shares.shares(other.shares):
            return self.shares.copy()
        shares = self.shares.plain()
        for location, share in other.shares.items():
            known = shares.get(location)
            shares[location] = known.joined(share) if known is not None else share
        return Table(shares)

    def _before(self, key: Field) -> Value | None:
        # An attribute that only one path gave an object made here is that value or an error.
        if isinstance(root_of(key.base), Made):
            return None
        return of_atom(Ref(key)) if depth_of(key) <= MAX_DEPTH else UNKNOWN

    def _mode_before(self, location: Location) -> ModeSet:
        # An object that only one path made is not there on the other: nothing joins.
        if isinstance(location, Made):
            return frozenset()
        return self.mode_of(location)

    @property
    def size(self) -> int:
        """How much the state holds of objects."""
        return len(self.fields) + len(self.items) + len(self.origins)

    def collect(self, pinned: Iterable[Value]) -> None:
        """Forget objects made here that nothing leads to any more."""
        work = held_by_entries(self.fields, self.items)
        for value in (*self.names.values(), *pinned):
            work.extend(locations_in(value))
        kept = keeps(reachable(work, self.fields, self.items, self.origins))
        self.fields = self.fields.kept(kept)
        self.items = Table({k: v for k, v in self.items.items() if kept(k)})
        self.origins = Table({k: v for k, v in self.origins.items() if kept(k)})
        self.modes = Table({k: v for k, v in self.modes.items() if kept(k)})
        if self.shares:
            self.shares = Table({k: v for k, v in self.shares.items() if kept(k)})

    def forget_unheld_shares(self, pinned: Iterable[Value]) -> None:
        """Forget snapshots that nothing holds any more, before their places may make others."""
        work = held_by_entries(self.fields, self.items)
        for value in (*self.names.values(), *pinned):
            work.extend(locations_in(value))
        kept = keeps(reachable(work, self.fields, self.items, {}))
        self.shares = Table({k: v for k, v in self.shares.items() if kept(k)})

    def cross_back_edge(self) -> State:
        """The state at a loop's head on a later iteration."""
        state = self.copy()
        state.modes = Table({k: crossing(v) for k, v in self.modes.items()})
        return state

    def same_as(self, other: State) -> bool:
        """Whether two states say the same (for fixpoints)."""
        return (
            self.reachable == other.reachable
            and self.modes == other.modes
            and self.names == other.names
            and self.fields == other.fields
            and self.items == other.items
            and self.origins == other.origins
            and self.shares == other.shares
        )


DEAD = State(reachable=False)
"""No path leads here."""
