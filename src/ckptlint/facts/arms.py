"""Which arms of which conditions a place lies in, and whether two places can belong to one execution."""

from __future__ import annotations

from collections.abc import Iterable

from ckptlint.facts.places import statement_at
from ckptlint.flow.domain import Site
from ckptlint.flow.program import Program, statements_of
from ckptlint.flow.written import test_of, written
from ckptlint.semantics import model
from ckptlint.semantics.model import Place, Statement

Arm = tuple[str, str]
"""A condition as written, and the side of it: "True", "False", or the case of a match."""


def are_exclusive(program: Program, a: Site, b: Site) -> bool:
    """Whether two sites lie in opposite arms of a condition that one execution decides once."""
    ways = zip((*a.chain, a.base), (*b.chain, b.base), strict=False)
    first = next(((x, y) for x, y in ways if x != y), None)
    if first is None or not first[0][0] or first[0][0] != first[1][0]:
        return False  # Rounds of an unrolled loop follow each other.
    here, there = (arms_of(program, path, at) for path, at in first)
    return any(_contradict(x, y) for x in here for y in there)


def _contradict(a: Arm, b: Arm) -> bool:
    if a[0] == b[0]:
        return a[1] != b[1]
    left, _, right = a[0].partition(" == ")
    other, _, value = b[0].partition(" == ")
    return bool(right and value) and left == other and a[1] == b[1] == "True"


def arms_of(program: Program, path: str, at: Place) -> frozenset[Arm]:
    """The arms around a place, in its own function and those around that."""
    record = program.record(path)
    statement = statement_at(program, path, at)
    if record is None or statement is None:
        return frozenset()
    found: set[Arm] = set()
    for function in record.functions:
        for outer in statements_of(function.body):
            found.update(_arm(outer, statement))
    return frozenset(found)


def _arm(outer: Statement, statement: Statement) -> Iterable[Arm]:
    if isinstance(outer, model.Branch):
        text, side = test_of(outer.test)
        for body, taken in ((outer.body, side), (outer.orelse, not side)):
            if any(inner is statement for inner in statements_of(body)):
                yield text, str(taken)
    elif isinstance(outer, model.Match):
        for index, case in enumerate(outer.cases):
            if any(inner is statement for inner in statements_of(case.body)):
                yield f"match {written(outer.subject)} {outer.at}", str(index)
