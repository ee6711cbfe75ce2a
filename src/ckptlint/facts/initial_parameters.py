"""Evaluations that go on using the parameters a model began with, beside a state that is trained."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ckptlint.facts.classes import records_where
from ckptlint.facts.project import Facts, derives
from ckptlint.facts.vocabulary import purpose_of
from ckptlint.facts.written_calls import bindings, calls_of, holding, holds_name, source_of, texts_of
from ckptlint.flow.program import statements_of
from ckptlint.flow.written import operands_of, walk
from ckptlint.knowledge.roles import Role
from ckptlint.semantics import model
from ckptlint.semantics.model import CallSite, Function, Operand, Record
from ckptlint.text import Span


@dataclass(frozen=True, slots=True)
class InitialParameters:
    """A function that evaluates runs the model with the parameters that a trained state was made of."""

    function: str
    name: str
    state: str
    field: str
    at: Span
    statement: Span
    made: Span
    """Where the state is made of them."""
    trained: Span
    """Where the state is replaced by a trained one."""


@derives(InitialParameters)
def initial_parameters(facts: Facts) -> Iterator[InitialParameters]:
    """Every such function, once."""
    rows = [(name, row) for name, row in facts.program.catalog if "fields" in row]
    makers = {name.rpartition(".")[2] for name, _ in rows}
    fields = {field for _, row in rows for field in texts_of(row["fields"])}
    if not makers:
        return
    calls = {name.rpartition(".")[2] for name, row in facts.program.catalog if row["role"] == Role.CALL.value}
    makes = holding([f".{maker}(" for maker in sorted(makers)])
    for record in records_where(facts, lambda data: b".init(" in data and makes(data)):
        for scope in record.functions:
            for state, given, made in _states(record, scope, makers, fields):
                trained = _trained(scope, state)
                if trained is not None:
                    yield from _evaluations(facts, record, scope, state, given, made, trained, calls)


def _states(
    record: Record, scope: Function, makers: set[str], fields: set[str]
) -> Iterator[tuple[str, tuple[str, str], CallSite]]:
    """(name, (field, what it is given), call) of each state that a function makes of a name bound once."""
    for found in calls_of(record, scope):
        func, statement = found.call.func, found.statement
        if not isinstance(func, model.Attribute) or func.name not in makers or not isinstance(statement, model.Bind):
            continue
        target = statement.targets[0]
        if len(statement.targets) != 1 or not isinstance(target, model.Name) or statement.value is not found.call:
            continue
        for argument in found.call.args:
            value = argument.value
            if argument.keyword in fields and isinstance(value, model.Name) and _begins(scope, value.id):
                assert argument.keyword is not None
                yield target.id, (argument.keyword, value.id), found.call


def _begins(scope: Function, name: str) -> bool:
    """Whether a name holds what `init` gave, or a part of it, and nothing else."""
    found = list(bindings(scope, name))
    value = found[0] if len(found) == 1 else None
    while isinstance(value, model.Index):
        value = value.value
    if isinstance(value, model.Name):
        return _begins(scope, value.id) if value.id != name else False
    return isinstance(value, CallSite) and isinstance(value.func, model.Attribute) and value.func.name == "init"


def _trained(scope: Function, state: str) -> model.Bind | None:
    """The statement in a loop that puts what a call makes of a state in its place."""
    for loop in statements_of(scope.body):
        if not isinstance(loop, model.Loop):
            continue
        for statement in statements_of(loop.body):
            if (
                isinstance(statement, model.Bind)
                and isinstance(statement.value, CallSite)
                and any(_binds(target, state) for target in statement.targets)
                and any(holds_name(argument.value, state) for argument in statement.value.args)
            ):
                return statement
    return None


def _binds(target: Operand, name: str) -> bool:
    if isinstance(target, model.Sequence):
        return any(_binds(item, name) for item in target.items)
    return isinstance(target, model.Name) and target.id == name


def _evaluations(
    facts: Facts,
    record: Record,
    scope: Function,
    state: str,
    given: tuple[str, str],
    made: CallSite,
    trained: model.Bind,
    calls: set[str],
) -> Iterator[InitialParameters]:
    field, name = given
    for function in record.functions[1:]:
        if (function.outer or 0) != scope.index or function.model is not None or name in function.bound:
            continue
        if purpose_of(function.name, facts.evaluation_names) != "evaluation" or function.name not in scope.calls:
            continue
        if any(parameter.name == name for parameter in function.parameters) or state in function.mentions:
            continue
        if not _is_run_after(scope, function.name, trained):
            continue
        for found in calls_of(record, function):
            func = found.call.func
            if isinstance(func, model.Attribute) and func.name in calls and found.call.args:
                given_to_it = found.call.args[0].value
                source = source_of(record, function, given_to_it)
                part = _name_in(given_to_it, name) or (_name_in(source, name) if source is not None else None)
                if part is not None:
                    yield InitialParameters(
                        function.name,
                        name,
                        state,
                        field,
                        facts.span(record.path, part.at),
                        facts.span(record.path, found.statement.at),
                        facts.span(record.path, made.at),
                        facts.span(record.path, trained.at),
                    )
                    break


def _is_run_after(scope: Function, name: str, trained: model.Bind) -> bool:
    """Whether a function is called behind the training step, in its loop or after it."""
    for statement in statements_of(scope.body):
        if statement.at[:2] > trained.at[:2]:
            for top in operands_of(statement):
                for part in walk(top):
                    if isinstance(part, CallSite) and isinstance(part.func, model.Name) and part.func.id == name:
                        return True
    return False


def _name_in(operand: Operand, name: str) -> model.Name | None:
    return next((part for part in walk(operand) if isinstance(part, model.Name) and part.id == name), None)
