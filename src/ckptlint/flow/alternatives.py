"""What may be otherwise than last seen: several files or contents at one place, settings that code not seen changes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ckptlint.flow.domain import UNKNOWN, Const, Items, Text, Value, join, join_items
from ckptlint.flow.events import Event, KeyRead, Restored, Saved, Stored

if TYPE_CHECKING:
    from ckptlint.flow.calls import Calls


def joined_file(known: Event, event: Event) -> Event:
    """One save, read or restore at a place that was met with other operands before: it is of either."""
    if isinstance(known, Saved) and isinstance(event, Saved):
        return replace(
            event,
            stored=_joined_stored(known.stored, event.stored),
            # More than a value may have: all that it was made from.
            holds=event.holds._replace(origins=known.holds.origins | event.holds.origins),
        )
    if isinstance(known, KeyRead) and isinstance(event, KeyRead):
        return replace(event, holder=join(known.holder, event.holder), guarded=known.guarded and event.guarded)
    if isinstance(known, Restored) and isinstance(event, Restored):
        return replace(event, target=join(known.target, event.target), value=join(known.value, event.value))
    return event


def _joined_stored(known: Stored, stored: Stored) -> Stored:
    if known.items is None or stored.items is None or "delta" in (known.items.kind, stored.items.kind):
        return stored
    inner: dict[Value, Items] = dict(known.inner)
    for holder, items in stored.inner:
        inner[holder] = join_items(inner[holder], items) if holder in inner else items
    return Stored(join(known.value, stored.value), join_items(known.items, stored.items), tuple(inner.items()))


def forget_settings(c: Calls) -> None:
    """Code that is not seen runs among a module's names (`exec`): literals may have other values from here on."""
    if c.context.key.number != 0:
        return
    for name, value in list(c.state.names.items()):
        if _is_literal(value):
            c.state.names[name] = join(value, UNKNOWN)


def _is_literal(value: Value) -> bool:
    return bool(value.atoms) and all(isinstance(atom, Const | Text) for atom in value.atoms)
