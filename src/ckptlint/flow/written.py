"""Operands as text: how a message names them, and how two tests are known to be the same."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ckptlint.semantics import model
from ckptlint.semantics.model import Operand

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


def words_of(name: str) -> frozenset[str]:
    """The words of a snake_case or camelCase name, in lower case."""
    return frozenset(word.lower() for word in _WORD.findall(name))


def words_in_order(name: str) -> list[str]:
    """The words of a name or expression, in lower case, in order."""
    return [word.lower() for word in _WORD.findall(name)]


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


def parts_of(operand: Operand) -> Iterator[Operand]:
    """The operands directly within one."""
    if isinstance(operand, model.Attribute | model.Star | model.Unary | model.Await):
        yield operand.value
    elif isinstance(operand, model.CallSite):
        yield operand.func
        for argument in operand.args:
            yield argument.value
    elif isinstance(operand, model.Index):
        yield operand.value
        yield from operand.items
    elif isinstance(operand, model.Slice):
        yield from (p for p in (operand.lower, operand.upper, operand.step) if p is not None)
    elif isinstance(operand, model.Sequence):
        yield from operand.items
    elif isinstance(operand, model.Mapping):
        for item in operand.items:
            if item.key is not None:
                yield item.key
            yield item.value
    elif isinstance(operand, model.Comprehension):
        if operand.key is not None:
            yield operand.key
        yield operand.value
        for generator in operand.generators:
            yield generator.target
            yield generator.iter
            yield from generator.tests
    elif isinstance(operand, model.Logic):
        yield from operand.values
    elif isinstance(operand, model.Compare):
        yield operand.left
        yield from operand.rights
    elif isinstance(operand, model.Binary):
        yield operand.left
        yield operand.right
    elif isinstance(operand, model.Choice):
        yield operand.body
        yield operand.test
        yield operand.orelse
    elif isinstance(operand, model.Walrus):
        yield operand.value
    elif isinstance(operand, model.Yield):
        if operand.value is not None:
            yield operand.value
    elif isinstance(operand, model.Format):
        yield from operand.parts


def walk(operand: Operand) -> Iterator[Operand]:
    """An operand and everything within it."""
    yield operand
    for part in parts_of(operand):
        yield from walk(part)


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
