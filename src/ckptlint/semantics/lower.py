"""Bytes of one file to its `Record`."""

from __future__ import annotations

import ast

from ckptlint.semantics.cursor import Misplaced
from ckptlint.semantics.lower_statements import StatementLowering
from ckptlint.semantics.model import Branch, Compare, Literal, Logic, Name, Operand, Record
from ckptlint.syntax.limits import room_for_recursion
from ckptlint.syntax.positions import Tokens, scan, scan_exactly
from ckptlint.syntax.tree import Unreadable, decode, normalise, parse, refuse_nul


def lower(path: str, source: bytes | str) -> Record:
    """The lowered form of a file; `Unreadable` when there is none, nothing else."""
    if isinstance(source, bytes):
        source = decode(source)[0]
    else:
        refuse_nul(source)
    text = normalise(source)
    tokens = scan(text)
    try:
        with room_for_recursion():
            return _lowered(path, parse(text, tokens), tokens)
    except RecursionError:
        raise Unreadable("the file is nested too deep to be read") from None


def _lowered(path: str, module: ast.Module, tokens: Tokens) -> Record:
    lowering = StatementLowering(tokens)
    try:
        lowering.module(module)
    except (Misplaced, IndexError):
        # Usually a format string that holds its own quotes.
        lowering = StatementLowering(scan_exactly(tokens.text))
        try:
            lowering.module(module)
        except (Misplaced, IndexError):
            row, column, _, _ = lowering.tokens.places[min(lowering.position, len(lowering.words) - 1)]
            raise Unreadable("the tokens here do not follow the syntax tree", row, column) from None
    body = lowering.functions[0].body
    return Record(
        path,
        lowering.functions,
        lowering.classes,
        lowering.imports,
        lowering.stars,
        any(isinstance(statement, Branch) and _is_main_guard(statement.test) for statement in body),
    )


def _is_main_guard(test: Operand) -> bool:
    if isinstance(test, Logic) and test.operator == "and":
        return any(map(_is_main_guard, test.values))
    if not isinstance(test, Compare) or test.operators != ["=="]:
        return False
    sides = (test.left, test.rights[0])
    return any(isinstance(side, Name) and side.id == "__name__" for side in sides) and any(
        isinstance(side, Literal) and side.value == "__main__" for side in sides
    )
