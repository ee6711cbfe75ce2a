"""What may be otherwise than last seen: reads of several files at one place, settings that code not seen changes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ckptlint.flow.domain import UNKNOWN, Const, Text, Value, join
from ckptlint.flow.events import Event, KeyRead, Restored

if TYPE_CHECKING:
    from ckptlint.flow.calls import Calls


def joined_read(known: Event, event: Event) -> Event:
    """One read or restore at a place that was met with other operands before: it is of either."""
    if isinstance(known, KeyRead) and isinstance(event, KeyRead):
        return replace(event, holder=join(known.holder, event.holder), guarded=known.guarded and event.guarded)
    if isinstance(known, Restored) and isinstance(event, Restored):
        return replace(event, target=join(known.target, event.target), value=join(known.value, event.value))
    return event


def forget_settings(c: Calls) -> None:
    """Code that is not seen runs among a module's names (`exec`): literals may have other values from here on."""
    if c.context.key.number != 0:
        return
    for name, value in list(c.state.names.items()):
        if _is_literal(value):
            c.state.names[name] = join(value, UNKNOWN)


def _is_literal(value: Value) -> bool:
    return bool(value.atoms) and all(isinstance(atom, Const | Text) for atom in value.atoms)
