"""Models of the project's classes: made by class methods of libraries, or switched where they are constructed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from ckptlint.flow.domain import ApiAtom, ClassKey, FunctionKey, Value
from ckptlint.flow.program import statements_of
from ckptlint.flow.written import operands_of, walk, written
from ckptlint.knowledge.catalog import Api
from ckptlint.knowledge.roles import Role
from ckptlint.semantics import model
from ckptlint.semantics.model import Function, Operand

if TYPE_CHECKING:
    from ckptlint.flow.calls import Calls


def maker_of_class(c: Calls, key: ClassKey, name: str, found: Value) -> Api | None:
    """The row of `Net.load_from_checkpoint`; None when the project defines it, or when it makes no model.

    `found` is what the attribute of the class is.
    """
    atom = found.single
    hierarchy = c.classes.hierarchy(key)
    if not isinstance(atom, ApiAtom) or not hierarchy.is_module:
        return None
    base = hierarchy.apis[0]
    row = c.catalog.api(atom.name) or c.catalog.method(base.role, name, base.name)
    if row is None or (row.role is not Role.MODEL and row.options.get("returns") != "model"):
        return None
    return row


def of_class(c: Calls, key: ClassKey, made: Value) -> Value:
    """The models just made, as instances of a class."""
    for ref in made.refs():
        held = c.object_at(ref.location)
        if held is not None:
            # What reads a file says nothing of the object's further methods: its class does.
            is_load = held.api is None or held.api.role is not Role.MODEL
            api = c.classes.hierarchy(key).apis[0] if is_load else held.api
            c.objects[ref.location] = replace(held, model=key, api=api)
    return made


def switches_itself(c: Calls, key: ClassKey) -> bool:
    """Whether a constructor switches the model it makes: `self.eval()` in `__init__`."""
    for base in c.classes.hierarchy(key).order:
        number = c.program.class_model(base).methods.get("__init__")
        if number is None:
            continue
        function = c.program.function(FunctionKey(base.path, number))
        own = function.parameters[0].name if function.parameters else ""
        for name in function.calls & c.analyzer.switching_names:
            if any(_is_call_of(operand, own, name) for operand in _operands(function)):
                return True
    return False


def _is_call_of(operand: Operand, own: str, name: str) -> bool:
    func = operand.func if isinstance(operand, model.CallSite) else None
    return isinstance(func, model.Attribute) and func.name == name and written(func.value) == own


def _operands(function: Function) -> Iterator[Operand]:
    for statement in statements_of(function.body):
        for operand in operands_of(statement):
            yield from walk(operand)
