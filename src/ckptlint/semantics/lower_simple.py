"""Statements of one line."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from unicodedata import normalize

import libcst as cst

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
    Sequence,
    Statement,
)
from ckptlint.syntax.positions import Tokens

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

    def identifier(self, node: cst.Name) -> str:
        """Take a name that is written, not read."""
        self.take(node.value)
        return node.value if node.value.isascii() else normalize("NFKC", node.value)

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

    def type_parameters(self, node: Any) -> None:
        """Pass over `[T, *Ts, **P]`: nothing in it is computed with."""
        if node is None:
            return
        depth = 0
        while True:
            word = self.words[self.position]
            self.position += 1
            if word in ("[", "(", "{"):
                depth += 1
            elif word in ("]", ")", "}"):
                depth -= 1
                if depth == 0:
                    return

    # -------------------------------------------------------------------------------- simple statements

    def _evaluate(self, node: cst.Expr) -> Statement:
        start = self.position
        value = self.expression(node.value)
        return Evaluate(self.place(start), value)

    def _assign(self, node: cst.Assign) -> Statement:
        start = self.position
        targets = []
        for target in node.targets:
            targets.append(self.target(target.target))
            self.take("=")
        value = self.expression(node.value)
        return Bind(self.place(start), targets, value)

    def _annotate(self, node: cst.AnnAssign) -> Statement:
        start = self.position
        target = self.target(node.target)
        annotation = self.maybe(":", node.annotation.annotation)
        value = self.maybe("=", node.value)
        return Bind(self.place(start), [target], value, annotation)

    def _augment(self, node: cst.AugAssign) -> Statement:
        start = self.position
        target = self.target(node.target)
        operator = self.words[self.position][:-1]
        self.position += 1
        value = self.expression(node.value)
        return Augment(self.place(start), target, operator, value)

    def alias(self, node: cst.TypeAlias) -> Statement:
        """`type X = …` binds a name to something that is never computed: an annotation."""
        start = self.position
        self.take("type")
        target = self.target(node.name)
        self.type_parameters(node.type_parameters)
        value = self.maybe("=", node.value)
        return Bind(self.place(start), [target], None, value)

    def _return(self, node: cst.Return) -> Statement:
        start = self.position
        self.take("return")
        value = None if node.value is None else self.expression(node.value)
        return Return(self.place(start), value)

    def _raise(self, node: cst.Raise) -> Statement:
        start = self.position
        self.take("raise")
        value = None if node.exc is None else self.expression(node.exc)
        cause = None if node.cause is None else self.maybe("from", node.cause.item)
        return Raise(self.place(start), value, cause)

    def _delete(self, node: cst.Del) -> Statement:
        start = self.position
        self.take("del")
        target = self.target(node.target)
        is_list = isinstance(node.target, cst.Tuple) and not node.target.lpar
        targets = target.items if is_list and isinstance(target, Sequence) else [target]
        return Delete(self.place(start), targets)

    def _assert(self, node: cst.Assert) -> Statement:
        start = self.position
        self.take("assert")
        test = self.expression(node.test)
        message = self.maybe(",", node.msg)
        return Assert(self.place(start), test, message)

    def _jump(self, node: cst.Pass | cst.Break | cst.Continue) -> Statement:
        kind = type(node).__name__.lower()
        return Jump(self.take(kind), kind)

    def _declare(self, node: cst.Global | cst.Nonlocal) -> Statement:
        start = self.position
        kind = "global" if isinstance(node, cst.Global) else "nonlocal"
        self.take(kind)
        names = []
        for item in node.names:
            names.append(self.identifier(item.name))
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

    def _import(self, node: Any) -> Statement:
        start = self.position
        self.take_if("lazy")
        self.take("import")
        names = []
        for alias in node.names:
            module = self.dotted()
            if alias.asname is not None:
                self.take("as")
                names.append(ImportedName(self.identifier(alias.asname.name), module))
            else:
                top = module.partition(".")[0]
                names.append(ImportedName(top, top))
            self.take_if(",")
        return self.imported(Import(self.place(start), names))

    def _import_from(self, node: Any) -> Statement:
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
        if isinstance(node.names, cst.ImportStar):
            self.take("*")
            return self.imported(Import(self.place(start), [], module))
        names = []
        in_parentheses = self.take_if("(")
        for alias in node.names:
            attribute = self.identifier(alias.name)
            bound = attribute
            if alias.asname is not None:
                self.take("as")
                bound = self.identifier(alias.asname.name)
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
        cst.Expr: SimpleLowering._evaluate,
        cst.Assign: SimpleLowering._assign,
        cst.AnnAssign: SimpleLowering._annotate,
        cst.AugAssign: SimpleLowering._augment,
        cst.TypeAlias: SimpleLowering.alias,
        cst.Return: SimpleLowering._return,
        cst.Raise: SimpleLowering._raise,
        cst.Del: SimpleLowering._delete,
        cst.Assert: SimpleLowering._assert,
        cst.Pass: SimpleLowering._jump,
        cst.Break: SimpleLowering._jump,
        cst.Continue: SimpleLowering._jump,
        cst.Global: SimpleLowering._declare,
        cst.Nonlocal: SimpleLowering._declare,
        cst.Import: SimpleLowering._import,
        cst.ImportFrom: SimpleLowering._import_from,
    }
)

for _name, _handler in {
    "LazyImport": SimpleLowering._import,
    "LazyImportFrom": SimpleLowering._import_from,
}.items():
    if hasattr(cst, _name):
        # Newer versions of libcst only.
        STATEMENTS[getattr(cst, _name)] = _handler
