"""Operands as text: how a message names them, and how two tests are known to be the same."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

from ckptlint.semantics import model
from ckptlint.semantics.model import Operand

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


@lru_cache(maxsize=1 << 16)
def words_of(name: str) -> frozenset[str]:
    """The words of a snake_case or camelCase name, in lower case."""
    return frozenset(word.lower() for word in _WORD.findall(name))


def words_in_order(name: str) -> list[str]:
    """The words of a name or expression, in lower case, in order."""
    return [word.lower() for word in _WORD.findall(name)]


@lru_cache(maxsize=1 << 16)
def last_word(name: str) -> str:
    """The last word of a snake_case or camelCase name, which says what it is (`module_state_dict` is a dict)."""
    words = [word for word in _WORD.findall(name) if not word.isdigit()]
    return words[-1].lower() if words else ""


def written(operand: Operand) -> str:
    """An operand as source text, shortened where it is long; equal text means the same expression."""
    if isinstance(operand, model.Name):
        return operand.id
    if isinstance(operand, model.Attribute):
        return f"{written(operand.value)}.{operand.name}"
    if isinstance(operand, model.Literal):
        return repr(operand.value)
    if isinstance(operand, model.CallSite):
        return f"{written(operand.func)}({', '.join(_argument(a) for a in operand.args)})"
    if isinstance(operand, model.Index):
        return f"{written(operand.value)}[{', '.join(written(i) for i in operand.items)}]"
    if isinstance(operand, model.Compare):
        tail = "".join(f" {o} {written(r)}" for o, r in zip(operand.operators, operand.rights, strict=True))
        return written(operand.left) + tail
    if isinstance(operand, model.Logic):
        return f" {operand.operator} ".join(written(v) for v in operand.values)
    if isinstance(operand, model.Unary):
        return (
            f"{operand.operator} {written(operand.value)}"
            if operand.operator == "not"
            else (f"{operand.operator}{written(operand.value)}")
        )
    if isinstance(operand, model.Binary):
        return f"{written(operand.left)} {operand.operator} {written(operand.right)}"
    if isinstance(operand, model.Sequence):
        return f"{operand.kind}({', '.join(written(i) for i in operand.items)})"
    return f"<{type(operand).__name__} {operand.at[0]}:{operand.at[1]}>"


def _argument(argument: model.Argument) -> str:
    value = "*" * argument.star + written(argument.value)
    return f"{argument.keyword}={value}" if argument.keyword else value


def test_of(operand: Operand) -> tuple[str, bool]:
    """A test in one form for it and its negation: (text, the side on which the text is true)."""
    side = True
    while isinstance(operand, model.Unary) and operand.operator == "not":
        operand, side = operand.value, not side
    if isinstance(operand, model.Compare) and len(operand.operators) == 1:
        operator = operand.operators[0]
        positive = {"!=": "==", "is not": "is", "not in": "in"}.get(operator)
        if positive is not None:
            flipped = model.Compare(operand.at, operand.left, [positive], operand.rights)
            return written(flipped), not side
    return written(operand), side


def root_name(operand: Operand) -> str | None:
    """The bare name that a dotted or indexed operand starts from."""
    while isinstance(operand, model.Attribute | model.Index):
        operand = operand.value
    return operand.id if isinstance(operand, model.Name) else None


def _parts_of_call(operand: model.CallSite) -> list[Operand]:
    return [operand.func, *(argument.value for argument in operand.args)]


def _parts_of_mapping(operand: model.Mapping) -> list[Operand]:
    return [part for item in operand.items for part in (item.key, item.value) if part is not None]


def _parts_of_comprehension(operand: model.Comprehension) -> list[Operand]:
    parts = [operand.value] if operand.key is None else [operand.key, operand.value]
    for generator in operand.generators:
        parts += [generator.target, generator.iter, *generator.tests]
    return parts


def _none(operand: Operand) -> list[Operand]:
    return []


def _value(operand: model.Attribute | model.Star | model.Unary | model.Await | model.Walrus) -> list[Operand]:
    return [operand.value]


# By type, for nothing else is asked as often.
_PARTS: dict[type, Callable[[Any], list[Operand]]] = {
    model.Name: _none,
    model.Literal: _none,
    model.FunctionRef: _none,
    model.Attribute: _value,
    model.Star: _value,
    model.Unary: _value,
    model.Await: _value,
    model.Walrus: _value,
    model.CallSite: _parts_of_call,
    model.Index: lambda operand: [operand.value, *operand.items],
    model.Slice: lambda operand: [part for part in (operand.lower, operand.upper, operand.step) if part is not None],
    model.Sequence: lambda operand: operand.items,
    model.Mapping: _parts_of_mapping,
    model.Comprehension: _parts_of_comprehension,
    model.Logic: lambda operand: operand.values,
    model.Compare: lambda operand: [operand.left, *operand.rights],
    model.Binary: lambda operand: [operand.left, operand.right],
    model.Choice: lambda operand: [operand.body, operand.test, operand.orelse],
    model.Yield: lambda operand: [] if operand.value is None else [operand.value],
    model.Format: lambda operand: operand.parts,
}


def parts_of(operand: Operand) -> list[Operand]:
    """The operands directly within one; not to be changed."""
    return _PARTS[type(operand)](operand)


def walk(operand: Operand) -> Iterator[Operand]:
    """An operand and everything within it, outer before inner, in source order."""
    left = [operand]
    while left:
        top = left.pop()
        yield top
        left.extend(reversed(_PARTS[type(top)](top)))


def operands_of(statement: model.Statement) -> Iterator[Operand]:
    """The operands that a statement itself holds, its body's statements excluded."""
    if isinstance(statement, model.Evaluate):
        yield statement.value
    elif isinstance(statement, model.Bind):
        yield from statement.targets
        if statement.value is not None:
            yield statement.value
    elif isinstance(statement, model.Augment):
        yield statement.target
        yield statement.value
    elif isinstance(statement, model.Return):
        if statement.value is not None:
            yield statement.value
    elif isinstance(statement, model.Raise):
        yield from (o for o in (statement.value, statement.cause) if o is not None)
    elif isinstance(statement, model.Delete):
        yield from statement.targets
    elif isinstance(statement, model.Assert):
        yield statement.test
        if statement.message is not None:
            yield statement.message
    elif isinstance(statement, model.Branch):
        yield statement.test
    elif isinstance(statement, model.Loop):
        if statement.target is not None:
            yield statement.target
        yield statement.iter
    elif isinstance(statement, model.Region):
        for item in statement.items:
            yield item.value
            if item.target is not None:
                yield item.target
    elif isinstance(statement, model.Match):
        yield statement.subject
        for case in statement.cases:
            if case.guard is not None:
                yield case.guard


def is_named_in(operand: Operand, name: str) -> bool:
    """Whether an operand, or a part of it, is this name."""
    return any(isinstance(part, model.Name) and part.id == name for part in walk(operand))


def parts_of_statement(statement: model.Statement) -> Iterator[Operand]:
    """Every operand of a statement with all its parts; those of nested statements left out."""
    for top in operands_of(statement):
        yield from walk(top)


def name_of_call(call: model.CallSite) -> str:
    """The bare name of what is called; empty when it has none."""
    func = call.func
    return func.name if isinstance(func, model.Attribute) else func.id if isinstance(func, model.Name) else ""
