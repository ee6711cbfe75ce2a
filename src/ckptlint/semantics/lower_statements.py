"""Statements, functions and classes of a tree."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from unicodedata import normalize

import libcst as cst

from ckptlint.semantics.lower_patterns import PatternLowering
from ckptlint.semantics.model import (
    Assert,
    Attribute,
    Augment,
    Bind,
    Branch,
    Case,
    ClassModel,
    Declare,
    Define,
    Delete,
    Evaluate,
    Function,
    Handler,
    Import,
    ImportedName,
    Jump,
    Literal,
    Loop,
    Match,
    Name,
    Operand,
    Place,
    Raise,
    Region,
    Return,
    Sequence,
    Statement,
    Try,
    WithItem,
)
from ckptlint.semantics.scopes import Scope
from ckptlint.syntax.positions import Tokens


class StatementLowering(PatternLowering):
    """Lowers whole files; what it gathers is read off its attributes."""

    def __init__(self, tokens: Tokens) -> None:
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

    # ------------------------------------------------------------------------------------------- suites

    def module(self, node: cst.Module) -> None:
        """Lower the file."""
        function = Function((1, 1, 1, 1), 0, "<module>", "<module>", [], [])
        self.functions.append(function)
        function.body = self.statements(node.body)
        self.take("")
        last = self.places[-1]
        function.at = (1, 1, last[2], last[3])
        function.end_row = last[2]
        function.has_doc = _has_doc(function.body)
        self.scope.close(function)

    def statements(self, nodes: Any) -> list[Statement]:
        """The statements of a suite's body."""
        found: list[Statement] = []
        for node in nodes:
            if type(node) is cst.SimpleStatementLine:
                self.line(node.body, found)
            else:
                found.append(STATEMENTS[type(node)](self, node))
        return found

    def line(self, nodes: Any, found: list[Statement]) -> None:
        """Statements that share a line, with their semicolons."""
        for node in nodes:
            found.append(STATEMENTS[type(node)](self, node))
            if self.words[self.position] == ";":
                self.position += 1

    def suite(self, node: Any) -> list[Statement]:
        """The block after a colon, indented or on the same line."""
        if type(node) is cst.IndentedBlock:
            return self.statements(node.body)
        found: list[Statement] = []
        self.line(node.body, found)
        return found

    def otherwise(self, node: cst.Else | cst.Finally | None, word: str) -> list[Statement]:
        """The block of an `else` or `finally`."""
        if node is None:
            return []
        self.take(word)
        self.take(":")
        return self.suite(node.body)

    def colon(self, start: int) -> Place:
        """Take the colon of a header that began at `start`; the place of the header."""
        self.take(":")
        return self.place(start)

    # -------------------------------------------------------------------------------- simple statements

    def evaluate(self, node: cst.Expr) -> Statement:
        start = self.position
        value = self.expression(node.value)
        return Evaluate(self.place(start), value)

    def assign(self, node: cst.Assign) -> Statement:
        start = self.position
        targets = []
        for target in node.targets:
            targets.append(self.target(target.target))
            self.take("=")
        value = self.expression(node.value)
        return Bind(self.place(start), targets, value)

    def annotate(self, node: cst.AnnAssign) -> Statement:
        start = self.position
        target = self.target(node.target)
        annotation = self.maybe(":", node.annotation.annotation)
        value = self.maybe("=", node.value)
        return Bind(self.place(start), [target], value, annotation)

    def augment(self, node: cst.AugAssign) -> Statement:
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

    def return_(self, node: cst.Return) -> Statement:
        start = self.position
        self.take("return")
        value = None if node.value is None else self.expression(node.value)
        return Return(self.place(start), value)

    def raise_(self, node: cst.Raise) -> Statement:
        start = self.position
        self.take("raise")
        value = None if node.exc is None else self.expression(node.exc)
        cause = None if node.cause is None else self.maybe("from", node.cause.item)
        return Raise(self.place(start), value, cause)

    def delete(self, node: cst.Del) -> Statement:
        start = self.position
        self.take("del")
        target = self.target(node.target)
        is_list = isinstance(node.target, cst.Tuple) and not node.target.lpar
        targets = target.items if is_list and isinstance(target, Sequence) else [target]
        return Delete(self.place(start), targets)

    def assert_(self, node: cst.Assert) -> Statement:
        start = self.position
        self.take("assert")
        test = self.expression(node.test)
        message = self.maybe(",", node.msg)
        return Assert(self.place(start), test, message)

    def jump(self, node: cst.Pass | cst.Break | cst.Continue) -> Statement:
        kind = type(node).__name__.lower()
        return Jump(self.take(kind), kind)

    def declare(self, node: cst.Global | cst.Nonlocal) -> Statement:
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

    def import_(self, node: Any) -> Statement:
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

    def import_from(self, node: Any) -> Statement:
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

    # ------------------------------------------------------------------------------ compound statements

    def branch(self, node: cst.If) -> Statement:
        """An `elif` chain without recursion: it can be a thousand long."""
        first: Branch | None = None
        last: Branch | None = None
        current: Any = node
        while type(current) is cst.If:
            start = self.position
            self.take("if" if last is None else "elif")
            test = self.expression(current.test)
            at = self.colon(start)
            following = Branch(at, test, self.suite(current.body), [])
            if last is None:
                first = following
            else:
                last.orelse = [following]
            last = following
            current = current.orelse
        assert first is not None
        assert last is not None
        last.orelse = self.otherwise(current, "else")
        return first

    def for_(self, node: cst.For) -> Statement:
        start = self.position
        is_async = self.take_if("async")
        self.take("for")
        target = self.target(node.target)
        self.take("in")
        source = self.expression(node.iter)
        at = self.colon(start)
        body = self.suite(node.body)
        return Loop(at, target, source, body, self.otherwise(node.orelse, "else"), is_async)

    def while_(self, node: cst.While) -> Statement:
        start = self.position
        self.take("while")
        test = self.expression(node.test)
        at = self.colon(start)
        body = self.suite(node.body)
        return Loop(at, None, test, body, self.otherwise(node.orelse, "else"))

    def try_(self, node: Any) -> Statement:
        start = self.position
        self.take("try")
        at = self.colon(start)
        body = self.suite(node.body)
        handlers = [self.handler(handler) for handler in node.handlers]
        orelse = self.otherwise(node.orelse, "else")
        return Try(at, body, handlers, orelse, self.otherwise(node.finalbody, "finally"))

    def handler(self, node: Any) -> Handler:
        """One `except` clause."""
        start = self.position
        self.take("except")
        self.take_if("*")
        kind = None if node.type is None else self.expression(node.type)
        name = None
        if node.name is not None:
            self.take("as")
            name = self.identifier(node.name.name)
            self.scope.bound.add(name)
        at = self.colon(start)
        return Handler(at, kind, name, self.suite(node.body))

    def with_(self, node: cst.With) -> Statement:
        start = self.position
        is_async = self.take_if("async")
        self.take("with")
        in_parentheses = isinstance(node.lpar, cst.LeftParen)
        if in_parentheses:
            self.take("(")
        items = []
        for item in node.items:
            value = self.expression(item.item)
            target = None
            if item.asname is not None:
                self.take("as")
                target = self.target(item.asname.name)
            items.append(WithItem(value, target))
            self.take_if(",")
        if in_parentheses:
            self.take(")")
        at = self.colon(start)
        return Region(at, items, self.suite(node.body), is_async)

    def match(self, node: cst.Match) -> Statement:
        start = self.position
        self.take("match")
        subject = self.expression(node.subject)
        at = self.colon(start)
        return Match(at, subject, [self.case(case) for case in node.cases])

    def case(self, node: cst.MatchCase) -> Case:
        """One `case` with its guard and body."""
        start = self.position
        self.take("case")
        tested: list[Operand] = []
        bound: list[str] = []
        is_wildcard = self.pattern(node.pattern, tested, bound)
        self.scope.bound.update(bound)
        guard = self.maybe("if", node.guard)
        at = self.colon(start)
        return Case(at, tested, bound, is_wildcard, guard, self.suite(node.body))

    # ------------------------------------------------------------------------------ functions, classes

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

    def decorators(self, nodes: Any) -> list[Operand]:
        """The decorators of a function or class."""
        found = []
        for node in nodes:
            self.take("@")
            found.append(self.expression(node.decorator))
        return found

    def function(self, node: cst.FunctionDef) -> Statement:
        outer = self.scope
        index = len(self.functions)
        function = Function((0, 0, 0, 0), index, "", "", [], [], outer=outer.function, model=outer.model)
        self.functions.append(function)
        inner = Scope(index)
        self.scope = outer.header(inner)
        function.decorators = self.decorators(node.decorators)
        start = self.position
        function.is_async = self.take_if("async")
        self.take("def")
        name = self.identifier(node.name)
        function.name = name
        function.qualname = outer.prefix + name
        inner.prefix = f"{function.qualname}.<locals>."
        self.type_parameters(node.type_parameters)
        self.take("(")
        function.parameters = self.parameters(node.params, outer, inner)
        self.take(")")
        if node.returns is not None:
            self.scope = outer.header(inner)
            function.returns = self.maybe("->", node.returns.annotation)
        function.at = self.colon(start)
        self.scope = inner
        function.body = self.suite(node.body)
        self.scope = outer
        inner.close(function)
        function.end_row = self.places[self.position - 1][2]
        function.has_doc = _has_doc(function.body)
        outer.bound.add(name)
        if outer.model is not None:
            self.add_method(self.classes[outer.model], function)
        return Define(function.at, name, function=index)

    def add_method(self, model: ClassModel, function: Function) -> None:
        """The last definition wins, except that a property keeps its getter."""
        last = function.decorators[-1] if function.decorators else None
        if isinstance(last, Attribute) and last.name in ("setter", "deleter") and isinstance(last.value, Name):
            model.methods.setdefault(function.name, function.index)
        else:
            model.methods[function.name] = function.index

    def class_(self, node: cst.ClassDef) -> Statement:
        outer = self.scope
        index = len(self.classes)
        model = ClassModel(
            (0, 0, 0, 0), index, "", "", [], [], [], [], {}, outer=outer.function, model=outer.model
        )
        self.classes.append(model)
        inner = Scope(outer.function, index)
        self.scope = outer.header(inner)
        model.decorators = self.decorators(node.decorators)
        start = self.position
        self.take("class")
        model.name = self.identifier(node.name)
        model.qualname = outer.prefix + model.name
        inner.prefix = f"{model.qualname}."
        self.type_parameters(node.type_parameters)
        if self.take_if("("):
            for base in node.bases:
                argument = self.argument(base)
                if argument.star == 1:
                    model.bases.append(_star(argument.at, argument.value))
                else:
                    model.bases.append(argument.value)
            model.keywords = [self.argument(keyword) for keyword in node.keywords]
            self.take(")")
        model.at = self.colon(start)
        self.scope = inner
        model.body = self.suite(node.body)
        self.scope = outer
        model.end_row = self.places[self.position - 1][2]
        outer.bound.add(model.name)
        return Define(model.at, model.name, model=index)


def _star(at: Place, value: Operand) -> Operand:
    from ckptlint.semantics.model import Star

    return Star(at, value)


def _has_doc(body: list[Statement]) -> bool:
    first = body[0] if body else None
    return (
        isinstance(first, Evaluate) and isinstance(first.value, Literal) and isinstance(first.value.value, str)
    )


_Handler = Callable[[StatementLowering, Any], Statement]

STATEMENTS: dict[type, _Handler] = {
    cst.Expr: StatementLowering.evaluate,
    cst.Assign: StatementLowering.assign,
    cst.AnnAssign: StatementLowering.annotate,
    cst.AugAssign: StatementLowering.augment,
    cst.TypeAlias: StatementLowering.alias,
    cst.Return: StatementLowering.return_,
    cst.Raise: StatementLowering.raise_,
    cst.Del: StatementLowering.delete,
    cst.Assert: StatementLowering.assert_,
    cst.Pass: StatementLowering.jump,
    cst.Break: StatementLowering.jump,
    cst.Continue: StatementLowering.jump,
    cst.Global: StatementLowering.declare,
    cst.Nonlocal: StatementLowering.declare,
    cst.Import: StatementLowering.import_,
    cst.ImportFrom: StatementLowering.import_from,
    cst.If: StatementLowering.branch,
    cst.For: StatementLowering.for_,
    cst.While: StatementLowering.while_,
    cst.Try: StatementLowering.try_,
    cst.TryStar: StatementLowering.try_,
    cst.With: StatementLowering.with_,
    cst.Match: StatementLowering.match,
    cst.FunctionDef: StatementLowering.function,
    cst.ClassDef: StatementLowering.class_,
}

# Grammar that only newer versions of libcst know.
for _name, _handler in {
    "LazyImport": StatementLowering.import_,
    "LazyImportFrom": StatementLowering.import_from,
}.items():
    if hasattr(cst, _name):
        STATEMENTS[getattr(cst, _name)] = _handler
