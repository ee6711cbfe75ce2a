"""Statements, functions and classes of a tree."""

from __future__ import annotations

import ast
from typing import Any

from ckptlint.semantics.cursor import Misplaced
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

    def module(self, node: ast.Module) -> None:
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

    def statements(self, nodes: list[ast.stmt]) -> list[Statement]:
        """The statements of a block, with the semicolons between them."""
        found: list[Statement] = []
        words = self.words
        for node in nodes:
            found.append(STATEMENTS[type(node)](self, node))
            if words[self.position] == ";":
                self.position += 1
        return found

    def otherwise(self, nodes: list[ast.stmt], word: str) -> list[Statement]:
        """The block of an `else` or `finally`."""
        if not nodes:
            return []
        self.take(word)
        self.take(":")
        return self.statements(nodes)

    def colon(self, start: int) -> Place:
        """Take the colon of a header that began at `start`; the place of the header."""
        self.take(":")
        return self.place(start)

    # ------------------------------------------------------------------------------ compound statements

    def branch(self, node: ast.If) -> Statement:
        """An `elif` chain without recursion: it can be a thousand long."""
        first: Branch | None = None
        last: Branch | None = None
        current = node
        while True:
            start = self.position
            self.take("if" if last is None else "elif")
            test = self.expression(current.test)
            at = self.colon(start)
            following = Branch(at, test, self.statements(current.body), [])
            if last is None:
                first = following
            else:
                last.orelse = [following]
            last = following
            if self.words[self.position] != "elif" or not current.orelse:
                break
            inner = current.orelse[0]
            if not isinstance(inner, ast.If):
                raise Misplaced
            current = inner
        assert first is not None
        last.orelse = self.otherwise(current.orelse, "else")
        return first

    def _for(self, node: ast.For | ast.AsyncFor) -> Statement:
        start = self.position
        is_async = self.take_if("async")
        self.take("for")
        target = self.target(node.target)
        self.take("in")
        source = self.expression(node.iter)
        at = self.colon(start)
        body = self.statements(node.body)
        return Loop(at, target, source, body, self.otherwise(node.orelse, "else"), is_async)

    def _while(self, node: ast.While) -> Statement:
        start = self.position
        self.take("while")
        test = self.expression(node.test)
        at = self.colon(start)
        body = self.statements(node.body)
        return Loop(at, None, test, body, self.otherwise(node.orelse, "else"))

    def _try(self, node: Any) -> Statement:
        start = self.position
        self.take("try")
        at = self.colon(start)
        body = self.statements(node.body)
        handlers = [self.handler(handler) for handler in node.handlers]
        orelse = self.otherwise(node.orelse, "else")
        return Try(at, body, handlers, orelse, self.otherwise(node.finalbody, "finally"))

    def handler(self, node: ast.ExceptHandler) -> Handler:
        """One `except` clause."""
        start = self.position
        self.take("except")
        self.take_if("*")
        kind = None if node.type is None else self.expression(node.type)
        name = None
        if node.name is not None:
            self.take("as")
            name = self.identifier(node.name)
            self.scope.bound.add(name)
        at = self.colon(start)
        return Handler(at, kind, name, self.statements(node.body))

    def _with(self, node: ast.With | ast.AsyncWith) -> Statement:
        start = self.position
        is_async = self.take_if("async")
        self.take("with")
        # Parentheses around everything up to the colon are the statement's, not an expression's.
        position = self.position
        in_parentheses = (
            self.words[position] == "("
            and getattr(node, "in_parentheses", True)
            and self.words[self.closing(position) + 1] == ":"
        )
        if in_parentheses:
            self.take("(")
        items = []
        for item in node.items:
            value = self.expression(item.context_expr)
            target = None
            if item.optional_vars is not None:
                self.take("as")
                target = self.target(item.optional_vars)
            items.append(WithItem(value, target))
            self.take_if(",")
        if in_parentheses:
            self.take(")")
        at = self.colon(start)
        return Region(at, items, self.statements(node.body), is_async)

    def _match(self, node: ast.Match) -> Statement:
        start = self.position
        self.take("match")
        subject = self.expression(node.subject)
        at = self.colon(start)
        return Match(at, subject, [self.case(case) for case in node.cases])

    def case(self, node: ast.match_case) -> Case:
        """One `case` with its guard and body."""
        start = self.position
        self.take("case")
        tested: list[Operand] = []
        bound: list[str] = []
        is_wildcard = self.pattern(node.pattern, tested, bound)
        self.scope.bound.update(bound)
        guard = self.maybe("if", node.guard)
        at = self.colon(start)
        return Case(at, tested, bound, is_wildcard, guard, self.statements(node.body))

    # ------------------------------------------------------------------------------ functions, classes

    def decorators(self, nodes: Any) -> list[Operand]:
        """The decorators of a function or class."""
        found = []
        for node in nodes:
            self.take("@")
            found.append(self.expression(node))
        return found

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> Statement:
        outer = self.scope
        index = len(self.functions)
        function = Function((0, 0, 0, 0), index, "", "", [], [], outer=outer.function, model=outer.model)
        self.functions.append(function)
        inner = Scope(index)
        self.scope = outer.header(inner)
        function.decorators = self.decorators(node.decorator_list)
        start = self.position
        function.is_async = self.take_if("async")
        self.take("def")
        name = self.identifier(node.name)
        function.name = name
        function.qualname = outer.prefix + name
        inner.prefix = f"{function.qualname}.<locals>."
        self.type_parameters()
        self.take("(")
        function.parameters = self.parameters(node.args, outer, inner)
        self.take(")")
        if node.returns is not None:
            self.scope = outer.header(inner)
            function.returns = self.maybe("->", node.returns)
        function.at = self.colon(start)
        self.scope = inner
        function.body = self.statements(node.body)
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

    def _class(self, node: ast.ClassDef) -> Statement:
        outer = self.scope
        index = len(self.classes)
        model = ClassModel((0, 0, 0, 0), index, "", "", [], [], [], [], {}, outer=outer.function, model=outer.model)
        self.classes.append(model)
        inner = Scope(outer.function, index)
        self.scope = outer.header(inner)
        model.decorators = self.decorators(node.decorator_list)
        start = self.position
        self.take("class")
        model.name = self.identifier(node.name)
        model.qualname = outer.prefix + model.name
        inner.prefix = f"{model.qualname}."
        self.type_parameters()
        if self.take_if("("):
            for given in self.in_order(node.bases, node.keywords):
                argument = self.argument(given)
                if argument.keyword is not None or argument.star == 2:
                    model.keywords.append(argument)
                elif argument.star:
                    model.bases.append(Star(argument.at, argument.value))
                else:
                    model.bases.append(argument.value)
            self.take(")")
        model.at = self.colon(start)
        self.scope = inner
        model.body = self.statements(node.body)
        self.scope = outer
        model.end_row = self.places[self.position - 1][2]
        outer.bound.add(model.name)
        return Define(model.at, model.name, model=index)


def _has_doc(body: list[Statement]) -> bool:
    first = body[0] if body else None
    return isinstance(first, Evaluate) and isinstance(first.value, Literal) and isinstance(first.value.value, str)


STATEMENTS.update(
    {
        ast.If: StatementLowering.branch,
        ast.For: StatementLowering._for,
        ast.AsyncFor: StatementLowering._for,
        ast.While: StatementLowering._while,
        ast.Try: StatementLowering._try,
        ast.With: StatementLowering._with,
        ast.AsyncWith: StatementLowering._with,
        ast.Match: StatementLowering._match,
        ast.FunctionDef: StatementLowering._function,
        ast.AsyncFunctionDef: StatementLowering._function,
        ast.ClassDef: StatementLowering._class,
    }
)
if hasattr(ast, "TryStar"):
    # Python 3.11 and later.
    STATEMENTS[ast.TryStar] = StatementLowering._try
