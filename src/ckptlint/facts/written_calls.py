"""Calls as files write them: what stands around them, and what the names in them were given."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from ckptlint.facts.bindings import Unclear, binding_of
from ckptlint.facts.classes import owner_of, records_where
from ckptlint.facts.comparisons import blocks_of
from ckptlint.facts.project import Facts
from ckptlint.flow.domain import ApiAtom, Atom
from ckptlint.flow.program import statements_of
from ckptlint.flow.written import operands_of, walk, written
from ckptlint.knowledge.catalog import Api
from ckptlint.semantics import model
from ckptlint.semantics.model import CallSite, Function, Operand, Place, Record, Statement
from ckptlint.text import Span

MAX_HOPS = 3
"""Names followed to what they were given."""


class Written(NamedTuple):
    """A call where it stands."""

    record: Record
    function: Function
    statement: Statement
    around: tuple[Statement, ...]
    """The compound statements it lies in, outermost first."""
    call: CallSite

    @property
    def is_dropped(self) -> bool:
        """Whether it is a statement by itself: nothing uses what it gives."""
        return isinstance(self.statement, model.Evaluate) and _bare(self.statement.value) is self.call


def _bare(operand: Operand) -> Operand:
    return operand.value if isinstance(operand, model.Await) else operand


def written_calls(record: Record) -> Iterator[Written]:
    """Every call of a file, in order; those of lambdas left out."""
    for function in record.functions:
        yield from calls_of(record, function)


def calls_of(record: Record, function: Function) -> Iterator[Written]:
    """Every call of a function."""
    for statement, around in surrounded(function.body):
        for top in operands_of(statement):
            for operand in walk(top):
                if isinstance(operand, CallSite):
                    yield Written(record, function, statement, around, operand)


def surrounded(
    body: Iterable[Statement], around: tuple[Statement, ...] = ()
) -> Iterator[tuple[Statement, tuple[Statement, ...]]]:
    """Every statement of a body with the compound ones it lies in."""
    for statement in body:
        yield statement, around
        for block in blocks_of(statement):
            yield from surrounded(block, (*around, statement))


def calls_where(facts: Facts, literals: Iterable[str], pattern: re.Pattern[bytes] | None = None) -> Iterator[Written]:
    """Every call in the files, tests left out, whose text holds one of the literals, and the pattern then."""
    for record in records_where(facts, holding(literals, pattern)):
        yield from written_calls(record)


def holding(literals: Iterable[str], pattern: re.Pattern[bytes] | None = None) -> Callable[[bytes], bool]:
    """Whether a text holds one of the literals, and the pattern then: literals are found many times as fast."""
    wanted = tuple(literal.encode() for literal in literals)

    def holds(data: bytes) -> bool:
        if not any(literal in data for literal in wanted):
            return False
        return pattern is None or pattern.search(data) is not None

    return holds


def api_of(facts: Facts, record: Record, function: Function, operand: Operand) -> Api | None:
    """The row of what a dotted name means, or of the method of an object that a call of a library made."""
    found = named(facts, record, function, operand)
    if isinstance(found, ApiAtom):
        return facts.program.catalog.api(found.name)
    if isinstance(operand, model.Attribute):
        source = made_by(record, function, operand.value)
        maker = named(facts, record, function, source.func) if source is not None else None
        if isinstance(maker, ApiAtom):
            return facts.program.catalog.api(f"{maker.name}.{operand.name}")
    return None


def named(facts: Facts, record: Record, function: Function, operand: Operand) -> Atom | None:
    """What a dotted name means at the top level of its file, when no function around it binds the name itself."""
    root = operand
    while isinstance(root, model.Attribute):
        root = root.value
    if not isinstance(root, model.Name) or (function.index and root.id in function.bound and not _imports(function)):
        return None
    return facts.program.resolve(record.path, operand)


def _imports(function: Function) -> bool:
    return any(isinstance(statement, model.Import) for statement in statements_of(function.body))


def made_by(record: Record, function: Function, operand: Operand) -> CallSite | None:
    """The call that gave a name, or an attribute of the object itself, what it holds."""
    source = source_of(record, function, operand)
    return source if isinstance(source, CallSite) else None


def source_of(record: Record, function: Function, operand: Operand, depth: int = 0) -> Operand | None:
    """What a name or an attribute of `self` was given, where one statement alone gives it something."""
    if depth > MAX_HOPS:
        return None
    if isinstance(operand, model.Name):
        found = _given_name(record, function, operand)
    elif isinstance(operand, model.Attribute) and isinstance(operand.value, model.Name):
        found = _given_attribute(record, function, operand)
    else:
        return operand
    if found is None:
        return None
    value, scope = found
    if isinstance(value, model.Name | model.Attribute):
        further = source_of(record, scope, value, depth + 1)
        return further if further is not None else value
    return value


def _given_name(record: Record, function: Function, operand: model.Name) -> tuple[Operand, Function] | None:
    scope, name = function, operand.id
    while True:
        if any(parameter.name == name for parameter in scope.parameters):
            return None
        found = list(bindings(scope, name))
        if len(found) > 1 and scope is function:
            last = _last_before(scope, operand)
            return (last, scope) if last is not None else None
        if found:
            return (found[0], scope) if len(found) == 1 and found[0] is not None else None
        if not scope.index:
            return None
        scope = record.functions[scope.outer or 0]


def _last_before(function: Function, operand: model.Name) -> Operand | None:
    """What the last of several statements gave a name, when that is the one at work where it is read."""
    try:
        statement = binding_of(function, operand.id, operand.at)
    except Unclear:
        return None
    if isinstance(statement, model.Bind) and any(isinstance(t, model.Name) for t in statement.targets):
        return statement.value
    return None


def _given_attribute(record: Record, function: Function, operand: model.Attribute) -> tuple[Operand, Function] | None:
    owner = owner_of(record, function)
    if owner.model is None or not owner.parameters or written(operand.value) != owner.parameters[0].name:
        return None
    found: list[tuple[Operand, Function]] = []
    for index in record.classes[owner.model].methods.values():
        method = record.functions[index]
        for statement in statements_of(method.body):
            if isinstance(statement, model.Bind) and statement.value is not None:
                for target in statement.targets:
                    if isinstance(target, model.Attribute) and written(target) == written(operand):
                        found.append((statement.value, method))
    return found[0] if len(found) == 1 else None


def bindings(function: Function, name: str) -> Iterator[Operand | None]:
    """What a function gives a name, statement by statement; None where that is no value by itself."""
    for statement in statements_of(function.body):
        if isinstance(statement, model.Bind):
            for target in statement.targets:
                if isinstance(target, model.Name):
                    if target.id == name:
                        yield statement.value
                elif isinstance(target, model.Sequence) and holds_name(target, name):
                    yield None
        elif isinstance(statement, model.Augment | model.Loop):
            if statement.target is not None and holds_name(statement.target, name, own=True):
                yield None
        elif isinstance(statement, model.Region):
            if any(item.target is not None and holds_name(item.target, name, own=True) for item in statement.items):
                yield None
        elif isinstance(statement, model.Define) and statement.name == name:
            yield None


def holds_name(operand: Operand, name: str, own: bool = False) -> bool:
    """Whether a name stands within an operand; `own`: as a target that is bound."""
    if own and isinstance(operand, model.Attribute | model.Index):
        return False
    return any(isinstance(part, model.Name) and part.id == name for part in walk(operand))


def argument(api: Api, call: CallSite, key: str) -> Operand | None:
    """The argument for the parameter that a row's option names."""
    found = api.given(key, bound_arguments(api, call))
    return found[0] if found else None


def bound_arguments(api: Api, call: CallSite) -> dict[str, Operand]:
    """The arguments of a call by the row's parameters."""
    positional = [a.value for a in call.args if a.keyword is None and not a.star]
    keywords = {a.keyword: a.value for a in call.args if a.keyword is not None}
    return dict(api.bind(positional, keywords))


def spreads(call: CallSite) -> bool:
    """Whether a call has arguments that are not written out (`*x`, `**x`)."""
    return any(a.star for a in call.args)


def span_of(facts: Facts, found: Written) -> Span:
    """Where a call stands."""
    return facts.span(found.record.path, found.call.at)


def statement_of(facts: Facts, found: Written) -> Span:
    """The statement that a call stands in."""
    return facts.span(found.record.path, found.statement.at)


def texts_of(option: object) -> tuple[str, ...]:
    """What a row's option holds, one string or several."""
    if isinstance(option, str):
        return (option,)
    return tuple(o for o in option if isinstance(o, str)) if isinstance(option, list | tuple) else ()


def is_before(at: Place, other: Place) -> bool:
    """Whether a place comes before another in its file."""
    return at[:2] < other[:2]
