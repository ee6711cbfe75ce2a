"""Which statements of a constructor are reached with the literals it was given, and what it hands to its base."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from ckptlint.flow.analyzer import Analyzer
from ckptlint.flow.domain import ClassKey
from ckptlint.flow.program import statements_of
from ckptlint.flow.written import operands_of, walk
from ckptlint.knowledge.catalog import MISSING
from ckptlint.semantics import model
from ckptlint.semantics.constants import MISSING as UNFOLDED
from ckptlint.semantics.constants import fold
from ckptlint.semantics.model import Branch, Function, Operand, Statement

_COMPARISONS: dict[str, Callable[[object, object], object]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "is": operator.is_,
    "is not": operator.is_not,
    ">": operator.gt,  # type: ignore[dict-item]
    ">=": operator.ge,  # type: ignore[dict-item]
    "<": operator.lt,  # type: ignore[dict-item]
    "<=": operator.le,  # type: ignore[dict-item]
}


def value_in(operand: Operand, environment: Mapping[str, object]) -> object:
    """What an operand is with these values of names and of attributes of `self`; MISSING when it is not known."""
    if isinstance(operand, model.Name):
        return environment.get(operand.id, MISSING)
    if isinstance(operand, model.Attribute) and isinstance(operand.value, model.Name):
        return environment.get(f"{operand.value.id}.{operand.name}", MISSING)
    value = fold(operand)
    return MISSING if value is UNFOLDED else value


MAX_CHOICES = 12
"""Places of layers looked at together."""


class Choice(NamedTuple):
    """A branch that is taken, as far as it is known, only sometimes."""

    branch: Branch
    side: bool


Choices = tuple[Choice, ...]
"""The branches around a statement whose tests these values do not settle, outer before inner."""


def reached(function: Function, environment: Mapping[str, object]) -> Iterator[tuple[Statement, Choices]]:
    """The statements of a function without the branches that these values do not take."""
    if any(isinstance(statement, Branch) for statement in statements_of(function.body)):
        yield from _reached(function.body, dict(environment), (), frozenset())
    else:
        for statement in statements_of(function.body):
            yield statement, ()


def _reached(
    body: list[Statement], environment: dict[str, object], choices: Choices, varying: frozenset[str]
) -> Iterator[tuple[Statement, Choices]]:
    """`environment` loses the names that are bound anew; a test of a `varying` name comes out both ways in a loop."""
    for statement in body:
        yield statement, choices
        if isinstance(statement, Branch):
            truth = _truth(statement.test, environment)
            is_choice = truth is None and not names_in(statement.test) & varying
            for side, arm in ((True, statement.body), (False, statement.orelse)):
                if truth is not (not side):
                    around = (*choices, Choice(statement, side)) if is_choice else choices
                    yield from _reached(arm, dict(environment), around, varying)
            _forget(_bound_in(statement), environment)
        elif isinstance(statement, model.Loop):
            bound = _bound_in(statement)
            _forget(bound, environment)
            for arm in (statement.body, statement.orelse):
                yield from _reached(arm, environment, choices, varying | bound)
        elif isinstance(statement, model.Region):
            yield from _reached(statement.body, environment, choices, varying)
        else:
            yield from ((inner, choices) for inner in statements_of([statement]) if inner is not statement)
            _forget(_bound_in(statement), environment)


def _bound_in(statement: Statement) -> frozenset[str]:
    return frozenset(
        target.id
        for inner in statements_of([statement])
        if isinstance(inner, model.Bind | model.Augment | model.Loop)
        for target in _targets(inner)
        if isinstance(target, model.Name)
    )


def _forget(names: frozenset[str], environment: dict[str, object]) -> None:
    for name in names:
        environment.pop(name, None)


def covers(found: Iterable[Choices]) -> bool:
    """Whether one of these is reached whichever way the tests come out."""
    left = list(found)[:MAX_CHOICES]
    if not left or not all(left):
        return bool(left)
    branch = left[0][0].branch
    for side in (True, False):
        here = [c[1:] if c[0].branch is branch else c for c in left if c[0].branch is not branch or c[0].side is side]
        if not covers(here):
            return False
    return True


def is_off_by_default(function: Function, choices: Choices) -> bool:
    """Whether the defaults of a function's parameters take the other side of one of these branches."""
    defaults = {p.name: fold(p.default) for p in function.parameters if p.default is not None}
    known = {name: value for name, value in defaults.items() if value is not UNFOLDED}
    return any(_truth(choice.branch.test, known) is (not choice.side) for choice in choices)


def names_in(operand: Operand) -> frozenset[str]:
    """Names and names of attributes in an operand."""
    parts = list(walk(operand))
    names = {part.id for part in parts if isinstance(part, model.Name)}
    return frozenset(names | {part.name for part in parts if isinstance(part, model.Attribute)})


def _targets(statement: model.Bind | model.Augment | model.Loop) -> Iterable[Operand]:
    targets = statement.targets if isinstance(statement, model.Bind) else [statement.target]
    return (part for target in targets if target is not None for part in walk(target))


def _truth(test: Operand, environment: Mapping[str, object]) -> bool | None:
    if isinstance(test, model.Unary) and test.operator == "not":
        truth = _truth(test.value, environment)
        return None if truth is None else not truth
    if isinstance(test, model.Compare) and len(test.operators) == 1:
        compare = _COMPARISONS.get(test.operators[0])
        left, right = value_in(test.left, environment), value_in(test.rights[0], environment)
        if compare is None or left is MISSING or right is MISSING:
            return None
        try:
            return bool(compare(left, right))
        except TypeError:
            return None
    value = value_in(test, environment)
    return None if value is MISSING else bool(value)


def class_values(analyzer: Analyzer, key: ClassKey, function: Function) -> dict[str, object]:
    """Literals that class bodies give attributes which a method reads and no method sets."""
    if not function.parameters:
        return {}
    own = function.parameters[0].name
    found: dict[str, object] = {}
    for statement in statements_of(function.body):
        for top in operands_of(statement):
            for part in walk(top):
                if not isinstance(part, model.Attribute) or not isinstance(part.value, model.Name):
                    continue
                name = f"{own}.{part.name}"
                if part.value.id != own or name in found or analyzer.is_attribute(key, part.name):
                    continue
                default = analyzer.classes.attribute(key, part.name)
                if default is not None:
                    found[name] = value_in(default[1], {})
    return found


def handed_to_base(function: Function) -> model.CallSite | None:
    """The call `super().__init__(…)` of a constructor."""
    for statement in statements_of(function.body):
        call = statement.value if isinstance(statement, model.Evaluate) else None
        if (
            isinstance(call, model.CallSite)
            and isinstance(call.func, model.Attribute)
            and call.func.name == "__init__"
            and isinstance(call.func.value, model.CallSite)
            and isinstance(call.func.value.func, model.Name)
            and call.func.value.func.id == "super"
        ):
            return call
    return None
