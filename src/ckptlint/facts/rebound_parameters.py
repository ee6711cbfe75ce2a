"""Attributes that were to hold a parameter, and hold what was computed from it at once: a plain tensor."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

from ckptlint.facts.classes import (
    is_attribute,
    methods_of,
    module_classes_where,
    name_of_class,
    registers_attributes_only,
)
from ckptlint.facts.containers import OWN_ACCOUNT
from ckptlint.facts.project import Facts, derives
from ckptlint.flow.domain import ApiAtom, ClassKey, FunctionKey
from ckptlint.flow.program import statements_of
from ckptlint.flow.written import operands_of, walk
from ckptlint.knowledge.catalog import Api
from ckptlint.knowledge.roles import Role
from ckptlint.semantics import model
from ckptlint.semantics.model import Operand
from ckptlint.text import Span

ARITHMETIC = frozenset("+ - * / // % ** @".split())
"""Operators whose result is another tensor."""
MAX_ARGUMENTS = 2000
"""Characters of a call's arguments looked at before the file is parsed."""
MAX_NAME = 40
"""Characters before the class's name looked at for an operator."""


class Change(IntEnum):
    """What became of a parameter, from nothing to lost."""

    NONE = 0
    UNCLEAR = 1
    MOVED = 2
    LOST = 3


@dataclass(frozen=True, slots=True)
class ReboundParameter:
    """An attribute of a model that is bound to what an operation on a new parameter gives."""

    model: str
    attribute: str
    """As written, with the receiver: `self.scale`."""
    by: str
    """The operation: `.view()`, `.data`, `*`."""
    is_lost: bool
    """It is no parameter for sure; else only when the operation has something to do."""
    is_fixed: bool
    """It was made not to be trained."""
    span: Span
    made: Span
    statement: Span


@dataclass(frozen=True, slots=True)
class _Traced:
    made: model.CallSite
    change: Change
    by: str


@derives(ReboundParameter)
def rebound_parameters(facts: Facts) -> Iterator[ReboundParameter]:
    """Every such attribute, once a place."""
    for _, key in module_classes_where(facts, _may_rebind):
        if registers_attributes_only(facts, key):
            yield from _of_class(facts, key)


_MADE = re.compile(rb"Parameter\(")
_OPERATED = re.compile(rb"[*/@%+-][ \t]*(?:\w+\.)*$")
_BRACKET = re.compile(rb"[()]")
_BEHIND = re.compile(rb"[ \t\r\n)]*")


def _may_rebind(data: bytes) -> bool:
    """Whether a file's text computes with a parameter where it makes it."""
    return any(
        _OPERATED.search(data, max(0, match.start() - MAX_NAME), match.start()) or _is_followed(data, match.end())
        for match in _MADE.finditer(data)
    )


def _is_followed(data: bytes, start: int) -> bool:
    """Whether an operation stands behind the bracket that closes at the depth of `start`."""
    depth = 1
    for match in _BRACKET.finditer(data, start, start + MAX_ARGUMENTS):
        depth += 1 if match.group() == b"(" else -1
        if not depth:
            behind = _BEHIND.match(data, match.end())
            return behind is not None and data[behind.end() : behind.end() + 1] in _OPERATIONS
    return True


_OPERATIONS = frozenset({b".", b"*", b"+", b"-", b"/", b"@", b"%", b"["})


def _of_class(facts: Facts, key: ClassKey) -> Iterator[ReboundParameter]:
    functions = [facts.program.function(method) for method in methods_of(facts, key)]
    if any(function.name in OWN_ACCOUNT for function in functions):
        return
    for index in facts.program.class_model(key).methods.values():
        method = FunctionKey(key.path, index)
        function = facts.program.function(method)
        if not function.parameters:
            continue
        receiver = function.parameters[0].name
        for statement in statements_of(function.body):
            if not isinstance(statement, model.Bind) or statement.value is None:
                continue
            names = [name for name in (_own(target, receiver) for target in statement.targets) if name is not None]
            found = _trace(facts, key.path, statement.value) if names else None
            if found is None or found.change < Change.MOVED or len(names) < len(statement.targets):
                continue
            if any(_is_registered(facts, key, name) for name in names):
                continue
            yield ReboundParameter(
                name_of_class(facts, key),
                f"{receiver}.{names[0]}",
                found.by,
                found.change is Change.LOST,
                _is_fixed(found.made),
                facts.span(key.path, statement.value.at),
                facts.span(key.path, found.made.at),
                facts.span(key.path, statement.at),
            )


def _own(target: Operand, receiver: str) -> str | None:
    if isinstance(target, model.Attribute) and is_attribute(target, receiver, target.name):
        return target.name
    return None


def _trace(facts: Facts, path: str, operand: Operand) -> _Traced | None:
    """The parameter made within an operand, and what becomes of it on the way out."""
    if isinstance(operand, model.CallSite):
        if _row(facts, path, operand) is not None:
            return _Traced(operand, Change.NONE, "")
        if isinstance(operand.func, model.Attribute):
            return _after(facts, path, operand.func, True)
        return None
    if isinstance(operand, model.Attribute):
        return _after(facts, path, operand, False)
    if isinstance(operand, model.Index):
        inner = _trace(facts, path, operand.value)
        return _Traced(inner.made, Change.LOST, "an index") if inner is not None else None
    if isinstance(operand, model.Binary) and operand.operator in ARITHMETIC:
        for side in (operand.left, operand.right):
            inner = _trace(facts, path, side)
            if inner is not None:
                return _Traced(inner.made, Change.LOST, f"`{operand.operator}`")
    if isinstance(operand, model.Unary) and operand.operator == "-":
        inner = _trace(facts, path, operand.value)
        return _Traced(inner.made, Change.LOST, "`-`") if inner is not None else None
    return None


def _after(facts: Facts, path: str, operand: model.Attribute, is_called: bool) -> _Traced | None:
    inner = _trace(facts, path, operand.value)
    row = _row(facts, path, inner.made) if inner is not None else None
    if inner is None or row is None:
        return None
    name = operand.name
    by = f"`.{name}()`" if is_called else f"`.{name}`"
    if _names(row, "replaced_by", name):
        return _Traced(inner.made, Change.LOST, by)
    if not is_called:
        return None
    if _names(row, "converted_by", name):
        change = Change.UNCLEAR if _may_have_type(inner.made) else Change.LOST
        return _Traced(inner.made, max(inner.change, change), by if change > inner.change else inner.by)
    if _names(row, "moved_by", name):
        change = Change.UNCLEAR if _is_placed(row, inner.made) else Change.MOVED
        return _Traced(inner.made, max(inner.change, change), inner.by or by)
    if name.endswith("_") or inner.change is Change.LOST:
        return inner
    return _Traced(inner.made, max(inner.change, Change.UNCLEAR), inner.by)


def _row(facts: Facts, path: str, call: model.CallSite) -> Api | None:
    if not isinstance(call.func, model.Name | model.Attribute):
        return None
    atom = facts.program.resolve(path, call.func)
    api = facts.program.catalog.api(atom.name) if isinstance(atom, ApiAtom) else None
    return api if api is not None and api.options.get("registers") == "parameter" else None


def _names(row: Api, key: str, name: str) -> bool:
    listed = row.options.get(key, ())
    return isinstance(listed, list | tuple) and name in listed


def _may_have_type(made: model.CallSite) -> bool:
    """Whether the tensor may have been made in the type that it is converted to: only plain ones have not."""
    for part in walk(made):
        if isinstance(part, model.CallSite):
            if any(argument.keyword == "dtype" for argument in part.args):
                return True
            if isinstance(part.func, model.Attribute) and part.func.name in _TYPED:
                return True
    return False


def _is_placed(row: Api, made: model.CallSite) -> bool:
    """Whether the tensor was made, or moved, where the parameter is then to go: it stays the same object."""
    for part in walk(made):
        if isinstance(part, model.CallSite):
            if any(argument.keyword == "device" for argument in part.args):
                return True
            if isinstance(part.func, model.Attribute) and _names(row, "moved_by", part.func.name):
                return True
    return False


_TYPED = frozenset("double half bfloat16 type to from_numpy as_tensor DoubleTensor HalfTensor tensor".split())


def _is_fixed(made: model.CallSite) -> bool:
    given = [a.value for a in made.args if a.keyword == "requires_grad"] or [a.value for a in made.args[1:2]]
    return any(isinstance(value, model.Literal) and value.value is False for value in given)


def _is_registered(facts: Facts, key: ClassKey, name: str) -> bool:
    """Whether a parameter is given that name elsewhere, or the tensor is made one afterwards."""
    for method in methods_of(facts, key):
        function = facts.program.function(method)
        if name not in function.mentions or not function.parameters:
            continue
        receiver = function.parameters[0].name
        for statement in statements_of(function.body):
            if isinstance(statement, model.Bind) and any(is_attribute(t, receiver, name) for t in statement.targets):
                traced = _trace(facts, method.path, statement.value) if statement.value is not None else None
                if traced is None or traced.change < Change.MOVED:
                    return True
            for top in operands_of(statement):
                for part in walk(top):
                    if isinstance(part, model.CallSite) and _makes_state(facts, method.path, part):
                        inner = (p for argument in part.args for p in walk(argument.value))
                        if any(is_attribute(p, receiver, name) for p in inner):
                            return True
    return False


def _makes_state(facts: Facts, path: str, call: model.CallSite) -> bool:
    if isinstance(call.func, model.Attribute):
        method = facts.program.catalog.method(Role.MODEL, call.func.name)
        if method is not None and method.role is Role.MODULE_STATE:
            return True
    if not isinstance(call.func, model.Name | model.Attribute):
        return False
    atom = facts.program.resolve(path, call.func)
    api = facts.program.catalog.api(atom.name) if isinstance(atom, ApiAtom) else None
    return api is not None and (api.role is Role.CONTAINER or api.options.get("registers") is not None)
