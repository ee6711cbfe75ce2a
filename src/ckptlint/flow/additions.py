"""Parts that are put into a model after it was switched to eval mode: a new part is in train mode."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ckptlint.flow.domain import Field, Location, Made, ModeDef, ModeSet, Ref, Value, is_below
from ckptlint.semantics.model import Place

if TYPE_CHECKING:
    from ckptlint.flow.frame import Frame


def part_put_in(frame: Frame, holder: Location, name: str, value: Value, at: Place) -> None:
    """Before `holder.name = value` (the name is empty for an item): what it does to the modes of the wholes."""
    replaced = frame.state.fields.get(holder, name) if name else None
    for ref in replaced.refs() if replaced is not None else ():
        forget_parts(frame, ref.location)
    atom = value.single
    if not isinstance(atom, Ref) or not isinstance(atom.location, Made):
        return
    modes = frame.state.modes.get(atom.location)
    if not modes or not all(d.trains for d in modes):
        return
    marked = ModeDef("part", frame.site(at), atom.location)
    whole: Location | None = holder
    while whole is not None:
        here = frame.state.modes.get(whole)
        if here is not None and _is_switched(here) and all(d.location != atom.location for d in here):
            frame.state.modes[whole] = here | {marked}
            frame.put_in.add(atom.location)
        whole = whole.base if isinstance(whole, Field) else None


def _is_switched(modes: ModeSet) -> bool:
    return any(d.evaluates for d in modes) and all(d.evaluates or d.kind == "part" for d in modes)


def forget_parts(frame: Frame, location: Location) -> None:
    """A part was switched or replaced: it no longer differs from what holds it."""
    gone = {part for part in frame.put_in if part == location or is_below(part, location)}
    if not gone:
        return
    for whole, modes in list(frame.state.modes.items()):
        kept = frozenset(d for d in modes if d.kind != "part" or d.location not in gone)
        if kept != modes:
            frame.state.modes[whole] = kept
