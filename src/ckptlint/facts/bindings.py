"""Which statement gave a name the value that it has at a place, where only one can have."""

from __future__ import annotations

from collections.abc import Iterator

from ckptlint.facts.comparisons import blocks_of, holds
from ckptlint.flow.program import statements_of
from ckptlint.flow.written import operands_of, root_name, walk
from ckptlint.semantics import model
from ckptlint.semantics.model import Function, Operand, Place, Statement

Path = tuple[int, ...]
"""Positions in the displays of a target that lead to a name."""


class Unclear(Exception):
    """A name may have its value from more than one statement."""


def binding_of(function: Function, name: str, at: Place) -> Statement | None:
    """The statement that a name has its value from at a place, None when nothing before it binds the name.

    Raises Unclear when one of several may have given it.
    """
    seen: list[Statement | None] = []
    if not _descend(function.body, name, at, seen) or (seen and seen[-1] is None):
        raise Unclear
    return seen[-1] if seen else None


def path_to(target: Operand, name: str) -> Path | None:
    """Where in a target a name stands; None when it does not, or not by itself."""
    if isinstance(target, model.Name):
        return () if target.id == name else None
    if isinstance(target, model.Sequence):
        for index, item in enumerate(target.items):
            if isinstance(item, model.Star):
                return None
            found = path_to(item, name)
            if found is not None:
                return (index, *found)
    return None


def _descend(block: list[Statement], name: str, at: Place, seen: list[Statement | None]) -> bool:
    """Collect what binds a name on the straight way to a place; False when a later round may bind it again."""
    for statement in block:
        if not holds([statement], at):
            _collect(statement, name, seen)
            continue
        inner = [body for body in blocks_of(statement) if holds(body, at)]
        if not inner:
            return True
        before = len(seen)
        if _touches(statement, name):
            seen.append(statement)
        if not _descend(inner[0], name, at, seen):
            return False
        again = isinstance(statement, model.Loop) and any(
            _touches(other, name) for other in statements_of(statement.body) if other.at[:2] > at[:2]
        )
        return not again or len(seen) > before
    return True


def _collect(statement: Statement, name: str, seen: list[Statement | None]) -> None:
    if isinstance(statement, model.Region):
        for inner in statement.body:
            _collect(inner, name, seen)
    elif any(_touches(inner, name) for body in blocks_of(statement) for inner in statements_of(body)):
        seen.append(None)
    elif _touches(statement, name):
        seen.append(statement)


def _touches(statement: Statement, name: str) -> bool:
    """Whether a statement binds a name, or may change what it holds in place."""
    if any(root_name(part) == name for target in _targets(statement) for part in walk(target)):
        return True
    if isinstance(statement, model.Import):
        return any(imported.bound == name for imported in statement.names)
    if isinstance(statement, model.Define):
        return statement.name == name
    return any(
        isinstance(part, model.CallSite) and _may_change(part, name, isinstance(statement, model.Evaluate))
        for top in operands_of(statement)
        for part in walk(top)
    )


def _may_change(call: model.CallSite, name: str, is_statement: bool) -> bool:
    """Whether a call may change what a name holds: it writes to it, or gives nothing that is used."""
    func = call.func
    for argument in call.args:
        if isinstance(argument.value, model.Name) and argument.value.id == name and argument.keyword == "out":
            return True
    called = func.name if isinstance(func, model.Attribute) else getattr(func, "id", "")
    if not is_statement or called in _HARMLESS:
        return called.endswith("_") and isinstance(func, model.Attribute) and root_name(func.value) == name
    if isinstance(func, model.Attribute) and root_name(func.value) == name:
        return True
    return any(isinstance(a.value, model.Name) and a.value.id == name for a in call.args)


def _targets(statement: Statement) -> Iterator[Operand]:
    if isinstance(statement, model.Bind | model.Delete):
        yield from statement.targets
    elif isinstance(statement, model.Augment | model.Loop) and statement.target is not None:
        yield statement.target
    elif isinstance(statement, model.Region):
        yield from (item.target for item in statement.items if item.target is not None)


_HARMLESS = frozenset(
    "print len fit evaluate predict score min max range enumerate type str head info describe".split()
)
"""Calls that leave what they are given as it is."""
