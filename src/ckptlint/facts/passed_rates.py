"""Rates that are 0 unless a constructor is told otherwise: whether code of the project tells it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ckptlint.facts.classes import is_attribute, owner_of, records_of, texts
from ckptlint.facts.project import Facts
from ckptlint.flow.domain import ClassAtom, ClassKey, FunctionKey
from ckptlint.flow.program import statements_of
from ckptlint.flow.written import operands_of, walk
from ckptlint.semantics import model
from ckptlint.semantics.constants import MISSING, fold
from ckptlint.semantics.model import CallSite, Function, Operand, Record

MAX_HANDED = 5
"""Constructors that hand a rate on to one another."""


def is_raised(facts: Facts, constructor: FunctionKey, parameter: str) -> bool:
    """Whether something in the project constructs the class with more than 0 for a parameter."""
    return _Search(facts).raised(constructor, parameter, 0)


class _Search:
    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._seen: set[tuple[FunctionKey, str]] = set()

    def raised(self, constructor: FunctionKey, parameter: str, depth: int) -> bool:
        """The same, for a constructor that others hand the rate on to."""
        function = self._facts.program.function(constructor)
        if (constructor, parameter) in self._seen or depth > MAX_HANDED or function.model is None:
            return False
        self._seen.add((constructor, parameter))
        key = ClassKey(constructor.path, function.model)
        for record, caller, call in self._constructions(key):
            given = _given(function, parameter, call)
            if given is not None and self._is_more(record, caller, given, depth):
                return True
        return False

    def _constructions(self, key: ClassKey) -> Iterator[tuple[Record, Function, CallSite]]:
        name = self._facts.program.class_model(key).name
        called = re.compile(rb"\b" + re.escape(name.encode()) + rb"\s*\(")
        for record in records_of(self._facts, [path for path, data in texts(self._facts) if called.search(data)]):
            for function in record.functions:
                if name not in function.calls:
                    continue
                for statement in statements_of(function.body):
                    for part in (part for top in operands_of(statement) for part in walk(top)):
                        if (
                            isinstance(part, CallSite)
                            and isinstance(part.func, model.Name | model.Attribute)
                            and self._facts.program.resolve(record.path, part.func) == ClassAtom(key)
                        ):
                            yield record, function, part

    def _is_more(self, record: Record, function: Function, rate: Operand, depth: int) -> bool:
        """Whether a rate that is handed to a constructor is, for one of its callers, more than 0."""
        value = fold(rate)
        if value is not MISSING:
            return isinstance(value, int | float) and not isinstance(value, bool) and value > 0
        if isinstance(rate, model.Binary) and rate.operator in ("*", "/"):
            parts = (rate.left, rate.right) if rate.operator == "*" else (rate.left,)
            return any(self._is_more(record, function, part, depth) for part in parts)
        if isinstance(rate, model.Choice):
            return any(self._is_more(record, function, part, depth) for part in (rate.body, rate.orelse))
        if isinstance(rate, model.Attribute):
            return self._is_kept_more(record, function, rate, depth)
        return isinstance(rate, model.Name) and self._is_named_more(record, function, rate.id, depth)

    def _is_named_more(self, record: Record, function: Function, name: str, depth: int) -> bool:
        values = list(_assigned(function, name))
        if values:
            return len(values) == 1 and depth < MAX_HANDED and self._is_more(record, function, values[0], depth + 1)
        given = next((p for p in function.parameters if p.name == name), None)
        if given is None:
            return False
        default = fold(given.default) if given.default is not None else MISSING
        if isinstance(default, int | float) and default:
            return True
        is_constructor = function.model is not None and function.name == "__init__"
        return is_constructor and self.raised(FunctionKey(record.path, function.index), name, depth + 1)

    def _is_kept_more(self, record: Record, function: Function, rate: model.Attribute, depth: int) -> bool:
        """An attribute that the class's own constructor gets from what it was given."""
        owner = owner_of(record, function)
        if owner.model is None or not owner.parameters or not is_attribute(rate, owner.parameters[0].name, rate.name):
            return False
        number = record.classes[owner.model].methods.get("__init__")
        if number is None:
            return False
        init = record.functions[number]
        values = [
            statement.value
            for statement in statements_of(init.body)
            if isinstance(statement, model.Bind)
            and statement.value is not None
            and init.parameters
            and any(is_attribute(target, init.parameters[0].name, rate.name) for target in statement.targets)
        ]
        return len(values) == 1 and depth < MAX_HANDED and self._is_more(record, init, values[0], depth + 1)


def _given(constructor: Function, parameter: str, call: CallSite) -> Operand | None:
    """What a call gives for a parameter; None when it gives nothing that can be told."""
    for argument in call.args:
        if argument.keyword == parameter:
            return argument.value
    names = [p.name for p in constructor.parameters if p.kind in ("positional", "any")][1:]
    if parameter not in names:
        return None
    positional = [argument for argument in call.args if argument.keyword is None]
    at = names.index(parameter)
    if at >= len(positional) or any(argument.star for argument in positional[: at + 1]):
        return None
    return positional[at].value


def _assigned(function: Function, name: str) -> Iterator[Operand]:
    for statement in statements_of(function.body):
        if not isinstance(statement, model.Bind) or statement.value is None:
            continue
        if any(isinstance(target, model.Name) and target.id == name for target in statement.targets):
            yield statement.value
