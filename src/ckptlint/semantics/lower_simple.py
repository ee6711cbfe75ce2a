"""Statements of one line."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from ckptlint.semantics.lower_patterns import PatternLowering
from ckptlint.semantics.model import (
    Assert,
    Augment,
    Bind,
    ClassModel,
    Declare,
    Delete,
    Evaluate,
    Import,
    ImportedName,
    Jump,
    Operand,
    Raise,
    Return,
    Statement,
)
from ckptlint.syntax.positions import Tokens
from ckptlint.syntax.tree import TypeAlias

STATEMENTS: dict[type, Callable[[Any, Any], Statement]] = {}
"""How each type of statement node is lowered; the modules that know fill it in."""


class SimpleLowering(PatternLowering):
    """Lowers simple statements; what it gathers is read off its attributes."""

    def __init__(self, tokens: Tokens) -> None:
        """Stand before the first token."""
        super().__init__(tokens)
        self.classes: list[ClassModel] = []
        self.imports: dict[str, ImportedName] = {}
        self.stars: list[str] = []

    def target(self, node: Any) -> Operand:
        """An operand that is assigned to."""
        operand = self.expression(node)
        self.scope.bind(operand)
        return operand

    def maybe(self, word: str, node: Any) -> Operand | None:
        """`word` and the expression behind it, when there is one."""
        if node is None:
            return None
        self.take(word)
        return self.expression(node)

    def type_parameters(self) -> None:
        """Pass over `[T, *Ts, **P]`: nothing in it is computed with."""
        if self.words[self.position] == "[":
            self.position = self.closing(self.position) + 1

    # -------------------------------------------------------------------------------- simple statements

    def _evaluate(self, node: ast.Expr) -> Statement:
        start = self.position
        value = self.expression(node.value)
        return Evaluate(self.place(start), value)

    def _assign(self, node: ast.Assign) -> Statement:
        start = self.position
        targets = []
        for target in node.targets:
            targets.append(self.target(target))
            self.take("=")
        value = self.expression(node.value)
        return Bind(self.place(start), targets, value)

    def _annotate(self, node: ast.AnnAssign) -> Statement:
        start = self.position
        target = self.target(node.target)
        annotation = self.maybe(":", node.annotation)
        value = self.maybe("=", node.value)
        return Bind(self.place(start), [target], value, annotation)

    def _augment(self, node: ast.AugAssign) -> Statement:
        start = self.position
        target = self.target(node.target)
        operator = self.words[self.position][:-1]
        self.position += 1
        value = self.expression(node.value)
        return Augment(self.place(start), target, operator, value)

    def alias(self, node: Any) -> Statement:
        """`type X = …` binds a name to something that is never computed: an annotation."""
        start = self.position
        self.take("type")
        target = self.target(node.name)
        self.type_parameters()
        value = self.maybe("=", node.value)
        return Bind(self.place(start), [target], None, value)

    def _return(self, node: ast.Return) -> Statement:
        start = self.position
        self.take("return")
        value = None if node.value is None else self.expression(node.value)
        return Return(self.place(start), value)

    def _raise(self, node: ast.Raise) -> Statement:
        start = self.position
        self.take("raise")
        value = None if node.exc is None else self.expression(node.exc)
        cause = self.maybe("from", node.cause)
        return Raise(self.place(start), value, cause)

    def _delete(self, node: ast.Delete) -> Statement:
        start = self.position
        self.take("del")
        targets = []
        for target in node.targets:
            targets.append(self.target(target))
            self.take_if(",")
        return Delete(self.place(start), targets)

    def _assert(self, node: ast.Assert) -> Statement:
        start = self.position
        self.take("assert")
        test = self.expression(node.test)
        message = self.maybe(",", node.msg)
        return Assert(self.place(start), test, message)

    def _jump(self, node: ast.Pass | ast.Break | ast.Continue) -> Statement:
        kind = type(node).__name__.lower()
        return Jump(self.take(kind), kind)

    def _declare(self, node: ast.Global | ast.Nonlocal) -> Statement:
        start = self.position
        kind = "global" if isinstance(node, ast.Global) else "nonlocal"
        self.take(kind)
        names = []
        for name in node.names:
            names.append(self.identifier(name))
            self.take_if(",")
        declared = self.scope.global_names if kind == "global" else self.scope.nonlocal_names
        declared.update(names)
        return Declare(self.place(start), kind, names)

    # --------------------------------------------------------------------------------------- imports

    def dotted(self) -> str:
        """Take a dotted name."""
        pieces = [self.words[self.position]]
        self.position += 1
        while self.take_if("."):
            pieces.append(self.words[self.position])
            self.position += 1
        return ".".join(pieces)

    def _import(self, node: ast.Import) -> Statement:
        start = self.position
        self.take_if("lazy")
        self.take("import")
        names = []
        for alias in node.names:
            module = self.dotted()
            if alias.asname is not None:
                self.take("as")
                names.append(ImportedName(self.identifier(alias.asname), module))
            else:
                top = module.partition(".")[0]
                names.append(ImportedName(top, top))
            self.take_if(",")
        return self.imported(Import(self.place(start), names))

    def _import_from(self, node: ast.ImportFrom) -> Statement:
        start = self.position
        self.take_if("lazy")
        self.take("from")
        module = ""
        while self.words[self.position] in (".", "..."):
            module += self.words[self.position]
            self.position += 1
        if node.module is not None:
            module += self.dotted()
        self.take("import")
        if self.take_if("*"):
            return self.imported(Import(self.place(start), [], module))
        names = []
        in_parentheses = self.take_if("(")
        for alias in node.names:
            attribute = self.identifier(alias.name)
            bound = attribute
            if alias.asname is not None:
                self.take("as")
                bound = self.identifier(alias.asname)
            names.append(ImportedName(bound, module, attribute))
            self.take_if(",")
        if in_parentheses:
            self.take(")")
        return self.imported(Import(self.place(start), names))

    def imported(self, statement: Import) -> Statement:
        """Note what an import binds."""
        scope = self.scope
        scope.bound.update(name.bound for name in statement.names)
        if scope.function == 0 and scope.model is None:
            self.imports.update((name.bound, name) for name in statement.names)
            if statement.star is not None:
                self.stars.append(statement.star)
        return statement


STATEMENTS.update(
    {
        ast.Expr: SimpleLowering._evaluate,
        ast.Assign: SimpleLowering._assign,
        ast.AnnAssign: SimpleLowering._annotate,
        ast.AugAssign: SimpleLowering._augment,
        TypeAlias: SimpleLowering.alias,
        ast.Return: SimpleLowering._return,
        ast.Raise: SimpleLowering._raise,
        ast.Delete: SimpleLowering._delete,
        ast.Assert: SimpleLowering._assert,
        ast.Pass: SimpleLowering._jump,
        ast.Break: SimpleLowering._jump,
        ast.Continue: SimpleLowering._jump,
        ast.Global: SimpleLowering._declare,
        ast.Nonlocal: SimpleLowering._declare,
        ast.Import: SimpleLowering._import,
        ast.ImportFrom: SimpleLowering._import_from,
    }
)
