"""A model goes back to the mode it was in: what a flag that holds a former mode says where it is used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ckptlint.flow.domain import (
    FALSE,
    TRUE,
    UNKNOWN_MODE,
    Location,
    ModeDef,
    ModeRead,
    ModeSet,
    Ref,
    Value,
    crossing,
    is_entry,
    of_atom,
)

if TYPE_CHECKING:
    from ckptlint.flow.state import State


def given_flag(value: Value) -> Location | None:
    """The place of the caller's that a flag is read from."""
    atom = value.single
    return atom.location if isinstance(atom, Ref) and is_entry(atom.location) else None


def read_modes(value: Value) -> ModeSet | None:
    """The modes that a flag holds, when it is what was read from a model's `training`."""
    reads = [atom for atom in value.atoms if isinstance(atom, ModeRead)]
    if not reads:
        return None
    modes: ModeSet = frozenset().union(*(atom.modes for atom in reads))
    return modes | UNKNOWN_MODE if value.open or len(reads) < len(value.atoms) else modes


def in_caller(definition: ModeDef, flag: Value) -> ModeSet | ModeDef:
    """A definition that a flag decided: the modes it stands for, or itself as far as the caller knows no more."""
    kept = read_modes(flag)
    if kept is not None:
        return crossing(kept) if definition.crossed else kept
    return definition._replace(flag=given_flag(flag))


def put_back(value: Value, before: State, trained: State, other: State, joined: State) -> None:
    """After `if was: model.train()` the mode is that which the flag holds."""
    flag = given_flag(value)
    for atom in value.atoms:
        if isinstance(atom, ModeRead):
            _flags_of(atom, trained, other, joined)
            if _is_restored(atom.location, before, trained, other):
                joined.modes[atom.location] = atom.modes
    if flag is None or trained.modes.shares(before.modes):
        return
    for location in trained.modes:
        if _is_restored(location, before, trained, other):
            joined.modes[location] = frozenset(d._replace(flag=flag) for d in joined.mode_of(location))


def _is_restored(location: Location, before: State, trained: State, other: State) -> bool:
    now, former = trained.mode_of(location), before.mode_of(location)
    if not now or now == former or not all(d.kind == "train" for d in now):
        return False
    # In eval mode already, or switched to it: `if was: m.train()`, `else: m.eval()`.
    beside = other.mode_of(location)
    return beside == former or (bool(beside) and all(d.kind == "eval" for d in beside))


def _flags_of(read: ModeRead, trained: State, other: State, joined: State) -> None:
    """Names that are true where the model was in train mode and false where it was not hold its mode."""
    for name, value in trained.names.items():
        if value == TRUE and other.names.get(name) == FALSE:
            joined.names[name] = of_atom(read)
