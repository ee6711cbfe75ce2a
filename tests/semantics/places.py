"""Compare the places of a record with those of libcst's own provider."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import libcst as cst
from libcst.metadata import MetadataWrapper, PositionProvider

from ckptlint.semantics import model
from ckptlint.semantics.lower import lower
from ckptlint.semantics.model import Place, Record

KINDS: dict[type, type] = {
    cst.Attribute: model.Attribute,
    cst.Call: model.CallSite,
    cst.Subscript: model.Index,
    cst.SimpleString: model.Literal,
    cst.Integer: model.Literal,
    cst.Float: model.Literal,
    cst.Lambda: model.FunctionRef,
    cst.ListComp: model.Comprehension,
    cst.SetComp: model.Comprehension,
    cst.GeneratorExp: model.Comprehension,
    cst.DictComp: model.Comprehension,
    cst.Dict: model.Mapping,
    cst.List: model.Sequence,
    cst.Set: model.Sequence,
    cst.Tuple: model.Sequence,
    cst.BinaryOperation: model.Binary,
    cst.UnaryOperation: model.Unary,
    cst.Comparison: model.Compare,
    cst.IfExp: model.Choice,
    cst.NamedExpr: model.Walrus,
    cst.Await: model.Await,
    cst.Yield: model.Yield,
    cst.FormattedString: model.Format,
    cst.Param: model.Parameter,
}
STATEMENT_STARTS = (
    cst.SimpleStatementLine,
    cst.If,
    cst.For,
    cst.While,
    cst.Try,
    cst.With,
    cst.FunctionDef,
    cst.ClassDef,
    cst.Match,
)


def everything(value: object) -> Iterator[Any]:
    """All dataclasses within a value."""
    stack = [value]
    while stack:
        value = stack.pop()
        if isinstance(value, list):
            stack += value
        elif dataclasses.is_dataclass(value):
            yield value
            stack += [getattr(value, field.name) for field in dataclasses.fields(value)]


class _Skipped(cst.CSTVisitor):
    """Nodes that a record leaves out: parts of imports, type parameters, pieces of joined strings."""

    def __init__(self) -> None:
        self.nodes: set[cst.CSTNode] = set()
        self.depth = 0

    def on_visit(self, node: cst.CSTNode) -> bool:
        if isinstance(node, (cst.Import, cst.ImportFrom, cst.TypeParameters, cst.ConcatenatedString)):
            self.depth += 1
        elif self.depth:
            self.nodes.add(node)
        return True

    def on_leave(self, original_node: cst.CSTNode) -> None:
        if isinstance(original_node, (cst.Import, cst.ImportFrom, cst.TypeParameters, cst.ConcatenatedString)):
            self.depth -= 1


def disagreements(source: str | bytes, path: str = "f.py") -> list[str]:
    """Every expression, parameter and statement whose place differs from libcst's, both ways."""
    record = lower(path, source)
    wrapper = MetadataWrapper(cst.parse_module(source), unsafe_skip_copy=True)
    positions = wrapper.resolve(PositionProvider)
    skipped = _Skipped()
    wrapper.module.visit(skipped)
    theirs: dict[type, set[Place]] = {}
    known: set[tuple[type, Place]] = set()
    starts: set[tuple[int, int]] = set()
    names: set[Place] = set()
    for node, found in positions.items():
        at = (found.start.line, found.start.column + 1, found.end.line, found.end.column + 1)
        if isinstance(node, STATEMENT_STARTS):
            starts.add(at[:2])
        if isinstance(node, cst.Name):
            names.add(at)
        kind = KINDS.get(type(node))
        if kind is not None:
            known.add((kind, at))
        if kind is not None and node not in skipped.nodes and at[:2] != at[2:]:
            theirs.setdefault(kind, set()).add(at)
    ours, own_starts = _own(record)
    found_wrong = [f"{path}: statement at {at} is not lowered" for at in sorted(starts - own_starts)]
    for kind, places in theirs.items():
        found_wrong += [f"{path}: {kind.__name__} at {at} is missing" for at in places - ours.get(kind, set())]
        # Joined strings and `()` have no node with that place; a piece of a format string takes the whole's.
        if kind not in (model.Sequence, model.Literal, model.Format):
            found_wrong += [
                f"{path}: no {kind.__name__} at {at}" for at in ours.get(kind, set()) if (kind, at) not in known
            ]
    found_wrong += [f"{path}: no name at {at}" for at in ours.get(model.Name, set()) - names]
    return found_wrong


def _own(record: Record) -> tuple[dict[type, set[Place]], set[tuple[int, int]]]:
    ours: dict[type, set[Place]] = {}
    starts: set[tuple[int, int]] = set()
    for item in everything([record.functions, record.classes]):
        at = getattr(item, "at", None)
        if at is not None:
            ours.setdefault(type(item), set()).add(at)
            starts.add(at[:2])
    return ours, starts
