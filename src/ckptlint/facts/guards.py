"""The tests under which a statement of a function is reached."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ckptlint.facts.comparisons import blocks_of
from ckptlint.flow.program import leaves
from ckptlint.flow.written import parts_of
from ckptlint.semantics import model
from ckptlint.semantics.model import Operand, Statement

Gates = tuple[Operand | None, ...]
"""Tests, outermost first; None for one that is not written out (an `except`, a `match`, the round of a loop)."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A statement with the tests that decide whether it is reached."""

    statement: Statement
    gates: Gates


def placed(block: Iterable[Statement], gates: Gates = ()) -> Iterator[Placed]:
    """Every statement of a block and of those within it; a branch that leaves guards what stands behind it."""
    for statement in block:
        yield Placed(statement, gates)
        inner = gates
        if isinstance(statement, model.Branch):
            inner = (*gates, statement.test)
        elif isinstance(statement, model.Try | model.Match):
            inner = (*gates, None)
        elif isinstance(statement, model.Loop) and statement.target is None:
            inner = (*gates, statement.iter)
        for body in blocks_of(statement):
            yield from placed(body, inner)
        if isinstance(statement, model.Branch) and (leaves(statement.body) or leaves(statement.orelse)):
            gates = inner


def walk_placed(operand: Operand, gates: Gates = ()) -> Iterator[tuple[Operand, Gates]]:
    """An operand and everything within it, each with the tests that decide whether it is evaluated."""
    yield operand, gates
    if isinstance(operand, model.Choice):
        yield from walk_placed(operand.test, gates)
        for arm in (operand.body, operand.orelse):
            yield from walk_placed(arm, (*gates, operand.test))
    elif isinstance(operand, model.Logic):
        for value in operand.values:
            yield from walk_placed(value, gates)
            gates = (*gates, value)
    else:
        for part in parts_of(operand):
            yield from walk_placed(part, gates)
