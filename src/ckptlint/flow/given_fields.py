"""What a callee is told of the attributes of an object it is given: callables, and lists of other attributes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ckptlint.flow.domain import (
    MAX_UNROLLED,
    Const,
    Field,
    FunctionAtom,
    Items,
    Location,
    MethodAtom,
    Ref,
    Value,
    of_atom,
)

if TYPE_CHECKING:
    from ckptlint.flow.frame import Frame

SELF_OF = "<self>"
"""Field of a callable given as an argument: the receiver it is bound to."""
CELL_OF = "<cell>"
"""Prefix of the fields of a callable given as an argument: what its free variables hold."""
ARGUMENT_OF = "<argument>"
"""Prefix of the fields of a callable given as an argument: what it was given before, by position or keyword."""
MAX_GIVEN = 4
"""Attributes of either kind that a callee is told of."""


def symbolic(
    location: Location, atom: FunctionAtom | MethodAtom, names: Mapping[Location, Location] | None = None
) -> Value:
    """A callable as the callee may know it; what it holds stays the caller's, `names` is how the callee calls it."""
    receiver = Ref(Field(location, SELF_OF))
    if isinstance(atom, MethodAtom):
        return of_atom(atom._replace(receiver=receiver))
    return of_atom(
        atom._replace(
            receiver=receiver if atom.receiver is not None else None,
            captured=tuple((n, of_atom(Ref(Field(location, f"{CELL_OF}{n}")))) for n, _ in atom.captured),
            frame=0,
            arguments=tuple(_held(location, str(i), v, names or {}) for i, v in enumerate(atom.arguments)),
            keywords=tuple((n, _held(location, n, v, names or {})) for n, v in atom.keywords),
        )
    )


def _held(location: Location, name: str, value: Value, names: Mapping[Location, Location]) -> Value:
    atom = value.single
    if isinstance(atom, Const):
        return of_atom(atom)
    if isinstance(atom, Ref) and atom.location in names:
        return of_atom(Ref(names[atom.location], atom.view))
    return of_atom(Ref(Field(location, f"{ARGUMENT_OF}{name}")))


def held_by(atom: FunctionAtom, name: str) -> Value | None:
    """What a callable was given before, by the name of its field."""
    if not name.startswith(ARGUMENT_OF):
        return None
    key = name.removeprefix(ARGUMENT_OF)
    if key.isdecimal():
        return atom.arguments[int(key)] if int(key) < len(atom.arguments) else None
    return dict(atom.keywords).get(key)


def callables_of(frame: Frame, location: Location, given: Location) -> list[tuple[Location, Value]]:
    """Functions of the project that attributes of a given object hold."""
    fields = frame.state.fields.of(given)
    found = sorted((name, v.single) for name, v in fields.items() if isinstance(v.single, FunctionAtom))[:MAX_GIVEN]
    if not found:
        return []
    names: dict[Location, Location] = {}
    for name, value in fields.items():
        if isinstance(value.single, Ref):
            names.setdefault(value.single.location, Field(location, name))
    return [(Field(location, name), symbolic(Field(location, name), atom, names)) for name, atom in found]


def lists_of(frame: Frame, location: Location, given: Location) -> list[tuple[Location, Items]]:
    """Lists and dicts among the attributes of a given object that hold others of its attributes."""
    names: dict[Location, str] = {}
    listed: dict[str, Items] = {}
    for name, value in frame.state.fields.of(given).items():
        atom = value.single
        if not isinstance(atom, Ref):
            continue
        content = frame.state.items.get(atom.location)
        if content is None:
            names.setdefault(atom.location, name)
        elif _is_written_down(content):
            listed[name] = content
    for place, _ in frame.context.lists:
        if isinstance(place, Field) and place.base == given and place.name not in listed:
            content = frame.state.items.get(place)
            if content is not None and _is_written_down(content):
                listed[place.name] = content
    found: list[tuple[Location, Items]] = []
    for name, content in sorted(listed.items()):
        renamed = _renamed(content, names, location, given)
        if renamed is not None:
            found.append((Field(location, name), renamed))
    return found[:MAX_GIVEN]


def _is_written_down(content: Items) -> bool:
    return (
        content.kind in ("list", "tuple", "dict")
        and not content.open
        and content.element is None
        and not content.maybe
        and 0 < len(content.entries) <= MAX_UNROLLED
    )


def _renamed(content: Items, names: dict[Location, str], location: Location, given: Location) -> Items | None:
    entries: list[tuple[object, Value]] = []
    for key, value in content.entries:
        atom = value.single
        if not isinstance(atom, Ref):
            return None
        at = atom.location
        name = names.get(at) or (at.name if isinstance(at, Field) and at.base == given else None)
        if name is None:
            return None
        entries.append((key, of_atom(Ref(Field(location, name), atom.view))))
    return Items(content.kind, tuple(entries))
