"""From a place in a file to the statement and call it lies in."""

from __future__ import annotations

from collections.abc import Iterator

from ckptlint.flow.domain import MAX_CHAIN, Site
from ckptlint.flow.program import Program, statements_of
from ckptlint.flow.written import operands_of, walk, written
from ckptlint.semantics import model
from ckptlint.semantics.model import CallSite, Function, Place, Statement


def statement_at(program: Program, path: str, at: Place) -> Statement | None:
    """The innermost statement whose own text (a compound one's header) holds a place."""
    asked = (path, at)
    if asked not in program.statements:
        program.statements[asked] = _innermost(_statements(program, path), at)
    return program.statements[asked]


def _innermost(statements: Iterator[Statement], at: Place) -> Statement | None:
    found: Statement | None = None
    for statement in statements:
        if holds(statement.at, at) and (found is None or holds(found.at, statement.at)):
            found = statement
    return found


def call_at(program: Program, path: str, at: Place) -> CallSite | None:
    """The call that stands exactly at a place."""
    statement = statement_at(program, path, at)
    if statement is None:
        return None
    for top in operands_of(statement):
        for operand in walk(top):
            if isinstance(operand, model.CallSite) and operand.at == at:
                return operand
    return None


def bound_name(program: Program, path: str, at: Place) -> str | None:
    """The one dotted name that the statement around a place assigns."""
    statement = statement_at(program, path, at)
    if not isinstance(statement, model.Bind) or len(statement.targets) != 1:
        return None
    name = written(statement.targets[0])
    return name if name.replace(".", "").isidentifier() else None


def name_given(program: Program, site: Site) -> str | None:
    """The name of what is made at a site; of what functions only return, the one it gets where they are called."""
    whole = len(site.chain) < MAX_CHAIN  # Of a longer way the calls next to the place are missing.
    for path, at in (site.base, *(reversed(site.chain) if whole else ())):
        if path and not isinstance(statement_at(program, path, at), model.Return):
            return bound_name(program, path, at)
    return None


def function_with(program: Program, path: str, at: Place) -> Function | None:
    """The function, or the module's own code, that the statement around a place belongs to."""
    record = program.record(path)
    statement = statement_at(program, path, at)
    functions = record.functions if record is not None and statement is not None else ()
    return next((f for f in functions if any(inner is statement for inner in statements_of(f.body))), None)


def display_at(program: Program, path: str, at: Place) -> model.Mapping | None:
    """The dict display that stands exactly at a place."""
    statement = statement_at(program, path, at)
    for top in operands_of(statement) if statement is not None else ():
        for operand in walk(top):
            if isinstance(operand, model.Mapping) and operand.at == at:
                return operand
    return None


def _statements(program: Program, path: str) -> Iterator[Statement]:
    record = program.record(path)
    if record is None:
        return
    for function in record.functions:
        yield from statements_of(function.body)
    for held in record.classes:
        yield from statements_of(held.body)


def holds(outer: Place, inner: Place) -> bool:
    """Whether one place lies within another."""
    return outer[:2] <= inner[:2] and inner[2:] <= outer[2:]
