"""What must be true or false of the things a function is given for it to come to a place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ckptlint.flow.domain import (
    MAX_DEPTH,
    ClassKey,
    Const,
    Field,
    Location,
    Made,
    Parameter,
    Ref,
    depth_of,
    of_atom,
    root_of,
)
from ckptlint.flow.state import Condition, Gate
from ckptlint.semantics import model
from ckptlint.semantics.model import Operand

if TYPE_CHECKING:
    from ckptlint.flow.classes import Classes
    from ckptlint.flow.domain import Value
    from ckptlint.flow.operands import Operands
    from ckptlint.flow.program import Program
    from ckptlint.flow.summaries import Application

_BY_NAME = re.compile(rb"\bsetattr\(|__dict__|\bvars\(")
"""Ways to give an object attributes that are not written out."""


def conditions_of(frame: Operands, test: Operand, side: bool) -> Iterator[Condition]:
    """What one outcome of a test says of the function's parameters and their attributes."""
    while isinstance(test, model.Unary) and test.operator == "not":
        test, side = test.value, not side
    if isinstance(test, model.Logic):
        if test.operator == ("and" if side else "or"):
            for part in test.values:
                yield from conditions_of(frame, part, side)
        return
    if not isinstance(test, model.Name | model.Attribute):
        return
    atom = frame.evaluate(test).single
    if isinstance(atom, Ref) and _is_given(atom.location):
        yield Condition(atom.location, side)


def held_behind(gates: frozenset[Gate]) -> frozenset[Condition]:
    """The conditions of all gates."""
    return frozenset(condition for gate in gates for condition in gate.conditions)


def _is_given(location: Location) -> bool:
    if depth_of(location) > MAX_DEPTH:
        return False
    while isinstance(location, Field):
        if not location.name.isidentifier():
            return False
        location = location.base
    return isinstance(location, Parameter)


class Conditions:
    """The conditions of a callee's events where it is called."""

    def __init__(self, call: Application) -> None:
        self._call = call
        self._known: dict[Condition, Condition | bool] = {}

    def at_call(self, conditions: frozenset[Condition]) -> frozenset[Condition] | None:
        """Those that still stand open in the caller; None when one does not hold."""
        found: set[Condition] = set()
        for condition in conditions:
            known = self._known.get(condition)
            if known is None:
                known = self._known[condition] = self._decided(condition)
            if known is False:
                return None
            if isinstance(known, Condition):
                found.add(known)
        return frozenset(found)

    def _decided(self, condition: Condition) -> Condition | bool:
        """False when it does not hold here, what it is in the caller's terms, True when it says nothing more."""
        location = condition.location
        value = self._given(location)
        atom = value.single if value is not None else None
        if isinstance(atom, Const):
            fails = bool(atom.value) is not condition.side
            return not (fails and (isinstance(location, Parameter) or self._is_settled(location)))
        if isinstance(atom, Ref) and _is_given(atom.location):
            return Condition(atom.location, condition.side)
        return True

    def _given(self, location: Location) -> Value | None:
        """What the caller gives for a location, as far as it wrote that itself."""
        if isinstance(location, Parameter):
            return self._call.bindings.get(location)
        base = self._base(location)
        if base is None or not isinstance(location, Field):
            return None
        written = self._call.before.fields.get(base, location.name)
        if written is not None:
            return written
        if isinstance(root_of(base), Made):
            return None
        return of_atom(Ref(Field(base, location.name)))

    def _base(self, location: Location) -> Location | None:
        value = self._given(location.base) if isinstance(location, Field) else None
        atom = value.single if value is not None else None
        return atom.location if isinstance(atom, Ref) else None

    def _is_settled(self, location: Location) -> bool:
        frame, base = self._call.frame, self._base(location)
        held = frame.object_at(base) if base is not None else None
        if held is None or held.model is None or not isinstance(location, Field):
            return False
        return frame.analyzer.is_settled(held.model, location.name)


def is_settled(program: Program, classes: Classes, key: ClassKey, name: str) -> bool:
    """Whether nothing in the program but a constructor seems to set an attribute of a class's objects.

    Looked up in the text: code that is not followed counts too, and no file is read in for it.
    """
    own = {base.path for base in classes.hierarchy(key).order}
    kind = program.class_model(key).name
    words = re.compile(rb"\b(?:%s|%s)\b" % (name.encode(), kind.encode()))
    target = re.compile(rb"(\w+|[\])])\s*\.\s*%s\b[^\n=]*=(?!=)" % name.encode())
    for path in program.files:
        data = program.data(path)
        if path not in own and not words.search(data):
            continue
        if _BY_NAME.search(data) if path in own else b"setattr(" in data:
            return False
        for match in target.finditer(data):
            if match.group(1) == b"self" and path not in own:
                continue  # Another class's.
            if not _is_in_constructor(program, path, data.count(b"\n", 0, match.start()) + 1):
                return False
    return True


def _is_in_constructor(program: Program, path: str, row: int) -> bool:
    record = next((record for record in program.loaded() if record.path == path), None)
    return record is not None and any(
        function.name == "__init__" and function.at[0] <= row <= function.end_row for function in record.functions
    )
