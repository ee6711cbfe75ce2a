"""What a checkpoint holds: its keys, and of each entry whose state it is and what kind of value."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ckptlint.facts.key_words import is_progress, kind_by_key
from ckptlint.facts.optimizers import held_in
from ckptlint.facts.runs import Run
from ckptlint.flow.classes import MODULE_ROLES
from ckptlint.flow.domain import NUMBER, Const, Items, Location, Site, Value
from ckptlint.flow.events import Stored
from ckptlint.knowledge.roles import Role

KINDS = (
    *("model", "optimizer", "scheduler", "scaler", "average"),
    *("progress", "arguments", "whole-object", "value", "unknown"),
)
"""What an entry can be; the first five are states of such objects."""

_KIND_OF_ROLE = {
    Role.OPTIMIZER: "optimizer",
    Role.SCHEDULER: "scheduler",
    Role.SCALER: "scaler",
    Role.AVERAGE: "average",
    **dict.fromkeys(MODULE_ROLES - {Role.AVERAGE}, "model"),
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a saved dict."""

    key: str
    at: Site | None
    """Where the key is given; None for what no literal key gives (an entry of a `**kwargs`)."""
    value: Value
    kind: str
    """One of KINDS."""
    owners: frozenset[Location]
    """The objects whose state it is, or which it is itself ("whole-object"); locations of the run that saves."""
    entries: tuple[Entry, ...]
    """What a dict below it holds by literal key."""
    is_certain: bool
    """Every path gives the key."""
    is_by_name: bool
    """Only the key's words say what kind it is."""
    is_open: bool = True
    """Below it there may be keys that are not seen, or it is no dict at all."""


@dataclass(frozen=True, slots=True)
class Schema:
    """The keys of a saved dict, with the places where they are given."""

    keys: tuple[str, ...]
    places: tuple[tuple[str, Site], ...]
    is_open: bool
    """It may hold keys that are not seen."""
    entries: tuple[Entry, ...] = ()
    """What is under the keys, in their order."""

    def entry(self, key: str) -> Entry | None:
        """The entry under a key."""
        return next((entry for entry in self.entries if entry.key == key), None)

    def below(self, *path: str) -> Schema | None:
        """The dict under some keys, one below the other; None when it is not seen."""
        found = self
        for key in path:
            entry = found.entry(key)
            if entry is None or not entry.entries:
                return None
            found = Schema(tuple(e.key for e in entry.entries), (), entry.is_open, entry.entries)
        return found

    def of_kind(self, *kinds: str) -> Iterator[Entry]:
        """Entries of some kinds, those below other entries included."""
        work = list(self.entries)
        while work:
            entry = work.pop(0)
            if entry.kind in kinds:
                yield entry
            work = [*entry.entries, *work]


def schema_of(run: Run, stored: Stored) -> Schema | None:
    """The schema of what is saved; None when it is no dict that the project shows."""
    items = stored.items
    if stored.value.open or items is None or items.kind != "dict":
        return None
    keys = tuple(k for k, _ in items.entries if isinstance(k, str))
    places = tuple((k, s) for k, s in items.places if isinstance(k, str))
    is_open = items.open or items.element is not None
    return Schema(keys, places, is_open, entries_of(run, items, dict_below(stored)))


def dict_below(stored: Stored) -> dict[Location, Items]:
    """The containers among what is saved, by where they are."""
    return {ref.location: items for holder, items in stored.inner for ref in holder.refs()}


def entries_of(run: Run, items: Items, inner: dict[Location, Items], depth: int = 3) -> tuple[Entry, ...]:
    """The entries of a dict under literal keys, those of dicts below them included."""
    places = dict(items.places)
    return tuple(
        _entry(run, key, places.get(key), value, inner, key not in items.maybe, depth)
        for key, value in items.entries
        if isinstance(key, str)
    )


def _entry(
    run: Run, key: str, at: Site | None, value: Value, inner: dict[Location, Items], is_certain: bool, depth: int
) -> Entry:
    refs = value.refs()
    content = inner.get(refs[0].location) if len(refs) == 1 else None
    below: tuple[Entry, ...] = ()
    if content is not None and content.kind in ("dict", "delta") and depth:
        below = entries_of(run, content, inner, depth - 1)
    kind, owners = kind_of(run, value)
    if kind == "value" and is_progress(key):
        kind = "progress"
    is_by_name = kind == "unknown" and not below and kind_by_key(key) != "unknown"
    if below:
        kind, owners = "value", frozenset()  # What it holds is said entry by entry.
    is_open = not below or content is None or content.kind == "delta" or content.open or content.element is not None
    shown = kind_by_key(key) if is_by_name else kind
    return Entry(key, at, value, shown, owners, below, is_certain, is_by_name, is_open)


def kind_of(run: Run, value: Value) -> tuple[str, frozenset[Location]]:
    """What a value is, and of which objects; by their roles alone."""
    direct = {ref.location: run.object_at(ref.location) for ref in value.refs()}
    whole = {at for at, held in direct.items() if held is not None and held.role in _KIND_OF_ROLE}
    if whole and len(whole) == len(value.atoms):
        return "whole-object", frozenset(whole)
    states = held_in(run, value).states
    kinds = {_kind_of_owner(run, location) for location in states}
    if states and len(kinds) == 1 and (kind := kinds.pop()) is not None:
        return kind, states
    if value.atoms and not value.open and all(isinstance(atom, Const) for atom in value.atoms):
        return "value", frozenset()
    return ("value" if NUMBER in value.origins else "unknown"), frozenset()


def _kind_of_owner(run: Run, location: Location) -> str | None:
    held = run.object_at(location)
    if held is None or held.role is None:
        # Of what has a state dict and no other role that is known, most are models: nothing is claimed.
        return None if held is None or held.model is None else "model"
    return _KIND_OF_ROLE.get(held.role)


def whole_entry(run: Run, stored: Stored, at: Site) -> Entry:
    """What is saved as one entry without a key: a bare state dict, a whole object, or a dict with its entries."""
    kind, owners = kind_of(run, stored.value)
    schema = schema_of(run, stored)
    below = schema.entries if schema is not None else ()
    if schema is not None:
        kind, owners = "value", frozenset()
    return Entry("", at, stored.value, kind, owners, below, True, False, schema is None or schema.is_open)
