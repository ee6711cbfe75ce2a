"""Which statements of a constructor are reached with the literals it was given, and what it hands to its base."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator, Mapping

from ckptlint.flow.analyzer import Analyzer
from ckptlint.flow.domain import ClassKey
from ckptlint.flow.program import statements_of
from ckptlint.flow.written import operands_of, walk
from ckptlint.knowledge.catalog import MISSING
from ckptlint.semantics import model
from ckptlint.semantics.constants import MISSING as UNFOLDED
from ckptlint.semantics.constants import fold
from ckptlint.semantics.model import Function, Operand, Statement

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


def reached(function: Function, environment: Mapping[str, object]) -> Iterator[Statement]:
    """The statements of a function without the branches that these values do not take."""
    if not any(isinstance(statement, model.Branch) for statement in statements_of(function.body)):
        yield from statements_of(function.body)
        return
    changed = {
        target.id
        for statement in statements_of(function.body)
        if isinstance(statement, model.Bind | model.Augment | model.Loop)
        for target in _targets(statement)
        if isinstance(target, model.Name)
    }
    yield from _reached(function.body, {k: v for k, v in environment.items() if k not in changed})


def _targets(statement: model.Bind | model.Augment | model.Loop) -> Iterable[Operand]:
    targets = statement.targets if isinstance(statement, model.Bind) else [statement.target]
    return (part for target in targets if target is not None for part in walk(target))


def _reached(body: list[Statement], environment: Mapping[str, object]) -> Iterator[Statement]:
    for statement in body:
        truth = _truth(statement.test, environment) if isinstance(statement, model.Branch) else None
        if isinstance(statement, model.Branch):
            yield statement
            if truth is not False:
                yield from _reached(statement.body, environment)
            if truth is not True:
                yield from _reached(statement.orelse, environment)
        elif isinstance(statement, model.Region):
            yield statement
            yield from _reached(statement.body, environment)
        else:
            yield from statements_of([statement])


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
