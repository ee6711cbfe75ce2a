"""Statements, functions and classes of a tree."""

from __future__ import annotations

from typing import Any

import libcst as cst

from ckptlint.semantics.lower_simple import STATEMENTS, SimpleLowering
from ckptlint.semantics.model import (
    Attribute,
    Branch,
    Case,
    ClassModel,
    Define,
    Evaluate,
    Function,
    Handler,
    Literal,
    Loop,
    Match,
    Name,
    Operand,
    Place,
    Region,
    Star,
    Statement,
    Try,
    WithItem,
)
from ckptlint.semantics.scopes import Scope


class StatementLowering(SimpleLowering):
    """Lowers whole files."""

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

    def _for(self, node: cst.For) -> Statement:
        start = self.position
        is_async = self.take_if("async")
        self.take("for")
        target = self.target(node.target)
        self.take("in")
        source = self.expression(node.iter)
        at = self.colon(start)
        body = self.suite(node.body)
        return Loop(at, target, source, body, self.otherwise(node.orelse, "else"), is_async)

    def _while(self, node: cst.While) -> Statement:
        start = self.position
        self.take("while")
        test = self.expression(node.test)
        at = self.colon(start)
        body = self.suite(node.body)
        return Loop(at, None, test, body, self.otherwise(node.orelse, "else"))

    def _try(self, node: Any) -> Statement:
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

    def _with(self, node: cst.With) -> Statement:
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

    def _match(self, node: cst.Match) -> Statement:
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

    def decorators(self, nodes: Any) -> list[Operand]:
        """The decorators of a function or class."""
        found = []
        for node in nodes:
            self.take("@")
            found.append(self.expression(node.decorator))
        return found

    def _function(self, node: cst.FunctionDef) -> Statement:
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

    def _class(self, node: cst.ClassDef) -> Statement:
        outer = self.scope
        index = len(self.classes)
        model = ClassModel((0, 0, 0, 0), index, "", "", [], [], [], [], {}, outer=outer.function, model=outer.model)
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
                    model.bases.append(Star(argument.at, argument.value))
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


def _has_doc(body: list[Statement]) -> bool:
    first = body[0] if body else None
    return isinstance(first, Evaluate) and isinstance(first.value, Literal) and isinstance(first.value.value, str)


STATEMENTS.update(
    {
        cst.If: StatementLowering.branch,
        cst.For: StatementLowering._for,
        cst.While: StatementLowering._while,
        cst.Try: StatementLowering._try,
        cst.TryStar: StatementLowering._try,
        cst.With: StatementLowering._with,
        cst.Match: StatementLowering._match,
        cst.FunctionDef: StatementLowering._function,
        cst.ClassDef: StatementLowering._class,
    }
)
