"""The tests that an execution has passed when it comes to a place, early returns before it included."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ckptlint.facts.comparisons import blocks_of
from ckptlint.facts.places import holds
from ckptlint.flow.program import leaves, statements_of
from ckptlint.flow.written import operands_of, walk
from ckptlint.semantics import model
from ckptlint.semantics.model import Operand, Place, Statement

_EXITS = frozenset({"exit", "_exit", "quit", "abort"})


class Passed(NamedTuple):
    """A test and the side it came out on; None when that is not one side."""

    test: Operand
    side: bool | None


def tests_before(body: list[Statement], at: Place) -> list[Passed] | None:
    """The tests passed on the way to a place of a block; None when it does not lie there."""
    passed: list[Passed] = []
    for statement in body:
        if holds(statement.at, at):
            return [*passed, *_within(statement, at)]
        for block, tests in _blocks(statement):
            found = tests_before(block, at)
            if found is not None:
                return [*passed, *tests, *found]
        passed.extend(_left_behind(statement))
    return None


def _blocks(statement: Statement) -> Iterator[tuple[list[Statement], list[Passed]]]:
    if isinstance(statement, model.Branch):
        yield statement.body, [Passed(statement.test, True)]
        yield statement.orelse, [Passed(statement.test, False)]
        return
    tests: list[Passed] = []
    if isinstance(statement, model.Loop) and statement.target is None:
        tests = [Passed(statement.iter, True)]
    elif isinstance(statement, model.Match):
        tests = [Passed(statement.subject, None)]
    elif isinstance(statement, model.Region):
        tests = [Passed(item.value, None) for item in statement.items]
    for block in blocks_of(statement):
        yield block, tests


def _left_behind(statement: Statement) -> Iterator[Passed]:
    """Tests that lead away when they come out otherwise."""
    for inner in statements_of([statement]):
        if isinstance(inner, model.Assert):
            yield Passed(inner.test, True)
        elif isinstance(inner, model.Branch):
            if _goes_away(inner.body):
                yield Passed(inner.test, False)
            elif _goes_away(inner.orelse):
                yield Passed(inner.test, True)


def _goes_away(block: list[Statement]) -> bool:
    last = block[-1] if block else None
    if isinstance(last, model.Evaluate) and isinstance(last.value, model.CallSite):
        func = last.value.func
        name = func.name if isinstance(func, model.Attribute) else func.id if isinstance(func, model.Name) else ""
        return name in _EXITS
    return leaves(block)


def _within(statement: Statement, at: Place) -> Iterator[Passed]:
    """Tests inside one statement: `a and f()`, `f() if a else g()`."""
    for top in operands_of(statement):
        for operand in walk(top):
            if not holds(operand.at, at):
                continue
            if isinstance(operand, model.Choice) and not holds(operand.test.at, at):
                yield Passed(operand.test, holds(operand.body.at, at))
            elif isinstance(operand, model.Logic):
                for value in operand.values:
                    if holds(value.at, at):
                        break
                    yield Passed(value, operand.operator == "and")
