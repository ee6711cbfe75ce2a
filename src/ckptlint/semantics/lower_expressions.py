"""Expressions of a tree as operands."""

from __future__ import annotations

import ast
from typing import Any
from unicodedata import normalize

from ckptlint.semantics.constants import number_value
from ckptlint.semantics.cursor import EXPRESSIONS, Misplaced
from ckptlint.semantics.lower_displays import DisplayLowering
from ckptlint.semantics.lower_strings import StringLowering
from ckptlint.semantics.model import (
    Argument,
    Attribute,
    Await,
    Binary,
    CallSite,
    Choice,
    Compare,
    Function,
    FunctionRef,
    Index,
    Literal,
    Logic,
    Name,
    Operand,
    Parameter,
    Return,
    Slice,
    Unary,
    Walrus,
    Yield,
)
from ckptlint.semantics.scopes import Scope
from ckptlint.syntax.tree import Unreadable

CONSTANT_NAMES: dict[str, bool | None] = {"True": True, "False": False, "None": None}
_STRINGS = (str, bytes)


class ExpressionLowering(StringLowering, DisplayLowering):
    """Lowers every kind of expression."""

    # ------------------------------------------------------------------------------------ names, literals

    def _name(self, node: ast.Name) -> Operand:
        position = self.position
        word = node.id
        written = self.words[position]
        if written != word and (written.isascii() or normalize("NFKC", written) != word):
            raise Misplaced
        self.position = position + 1
        self.scope.mentions.add(word)
        return Name(self.places[position], word)

    def _constant(self, node: ast.Constant) -> Operand:
        value = node.value
        if isinstance(value, _STRINGS):
            return self.string(node)
        position = self.position
        word = self.words[position]
        at = self.places[position]
        self.position = position + 1
        if word in CONSTANT_NAMES:
            return Literal(at, CONSTANT_NAMES[word])
        if word == "...":
            return Literal(at, ...)
        if not word[:1].isdigit() and word[:1] != ".":
            raise Misplaced
        try:
            return Literal(at, number_value(word))
        except ValueError:
            raise Unreadable("an integer with more digits than Python converts", at[0], at[1]) from None

    # ------------------------------------------------------------------------- attributes, calls, indices

    def postfix(self, node: Any) -> Operand:
        """A chain of accesses, calls and indices, from the innermost outward without recursion."""
        start = self.position
        words, places = self.words, self.places
        links: list[Any] = []
        may_be_bracketed = words[start] == "("
        while True:
            kind = type(node)
            if kind is ast.Attribute or kind is ast.Subscript:
                links.append(node)
                node = node.value
            elif kind is ast.Call:
                links.append(node)
                node = node.func
            else:
                break
            if may_be_bracketed and self.parentheses(node):
                break
        operand = self.expression(node)
        row, column, _, _ = places[start]
        scope = self.scope
        for link in reversed(links):
            kind = type(link)
            if kind is ast.Attribute:
                position = self.position + 1
                word = link.attr
                written = words[position]
                if written != word and (written.isascii() or normalize("NFKC", written) != word):
                    raise Misplaced
                self.position = position + 1
                scope.mentions.add(word)
                at = places[position]
                operand = Attribute((row, column, at[2], at[3]), operand, word, at)
            elif kind is ast.Call:
                if type(operand) is Name:
                    scope.calls.add(operand.id)
                elif type(operand) is Attribute:
                    scope.calls.add(operand.name)
                self.take("(")
                given = self.in_order(link.args, link.keywords) if link.keywords else link.args
                arguments = [self.argument(argument) for argument in given]
                at = self.take(")")
                operand = CallSite((row, column, at[2], at[3]), operand, arguments)
            else:
                self.take("[")
                items = self.items(link.slice)
                at = self.take("]")
                operand = Index((row, column, at[2], at[3]), operand, items)
        return operand

    def in_order(self, args: list[Any], keywords: list[Any]) -> list[Any]:
        """Arguments as they were written: `*x` may come behind `k=v`."""
        given = [*args, *keywords]
        if args and type(args[-1]) is ast.Starred:
            given.sort(key=lambda node: (node.lineno, node.col_offset))
        return given

    def argument(self, node: Any) -> Argument:
        """One argument of a call or a class header, with the comma behind it."""
        start = self.position
        star = 0
        name = None
        kind = type(node)
        if kind is ast.Starred:
            self.take("*")
            star = 1
        elif kind is ast.keyword:
            if node.arg is None:
                self.take("**")
                star = 2
            else:
                name = self.identifier(node.arg)
                self.take("=")
        value = self.expression(node.value if star or name is not None else node)
        argument = Argument(self.place(start), value, name, star)
        if self.words[self.position] == ",":
            self.position += 1
        return argument

    def items(self, node: Any) -> list[Operand]:
        """What stands between square brackets: several items are a bare tuple in the tree."""
        if type(node) is not ast.Tuple or (self.words[self.position] == "(" and self.parentheses(node)):
            return [self.item(node)]
        return [self.item(part) for part in node.elts]

    def item(self, node: Any) -> Operand:
        """One item between square brackets, with the comma behind it."""
        start = self.position
        operand: Operand
        if type(node) is ast.Slice:
            lower = None if node.lower is None else self.expression(node.lower)
            self.take(":")
            upper = None if node.upper is None else self.expression(node.upper)
            self.take_if(":")
            step = None if node.step is None else self.expression(node.step)
            operand = Slice(self.place(start), lower, upper, step)
        else:
            operand = self.expression(node)
        if self.words[self.position] == ",":
            self.position += 1
        return operand

    # ------------------------------------------------------------------------------------------ operators

    def binary(self, node: ast.BinOp) -> Operand:
        """The left spine without recursion: sums of hundreds of terms are common."""
        start = self.position
        may_be_bracketed = self.words[start] == "("
        rights: list[Any] = []
        left: Any = node
        while type(left) is ast.BinOp:
            rights.append(left.right)
            left = left.left
            if may_be_bracketed and self.parentheses(left):
                break
        operand = self.expression(left)
        for right in reversed(rights):
            operator = self.words[self.position]
            self.position += 1
            value = self.expression(right)
            operand = Binary(self.place(start), operand, operator, value)
        return operand

    def _unary(self, node: ast.UnaryOp) -> Operand:
        start = self.position
        operator = self.words[start]
        self.position += 1
        value = self.expression(node.operand)
        return Unary(self.place(start), operator, value)

    def _logic(self, node: ast.BoolOp) -> Operand:
        start = self.position
        word = "and" if type(node.op) is ast.And else "or"
        values: list[Operand] = []
        for part in node.values:
            if values:
                self.take(word)
            values.append(self.expression(part))
        return Logic(self.place(start), word, values)

    def _comparison(self, node: ast.Compare) -> Operand:
        start = self.position
        left = self.expression(node.left)
        operators: list[str] = []
        rights: list[Operand] = []
        for right in node.comparators:
            word = self.words[self.position]
            self.position += 1
            if word == "not":
                self.take("in")
                word = "not in"
            elif word == "is" and self.take_if("not"):
                word = "is not"
            operators.append(word)
            rights.append(self.expression(right))
        return Compare(self.place(start), left, operators, rights)

    def _choice(self, node: ast.IfExp) -> Operand:
        start = self.position
        body = self.expression(node.body)
        self.take("if")
        test = self.expression(node.test)
        self.take("else")
        orelse = self.expression(node.orelse)
        return Choice(self.place(start), body, test, orelse)

    def _walrus(self, node: ast.NamedExpr) -> Operand:
        start = self.position
        target = self.expression(node.target)
        self.take(":=")
        value = self.expression(node.value)
        if not isinstance(target, Name):
            raise Misplaced
        self.scope.bound.add(target.id)
        return Walrus(self.place(start), target, value)

    def _awaited(self, node: ast.Await) -> Operand:
        start = self.position
        self.take("await")
        value = self.expression(node.value)
        return Await(self.place(start), value)

    def _yielded(self, node: ast.Yield | ast.YieldFrom) -> Operand:
        start = self.position
        self.take("yield")
        self.scope.is_generator = True
        if node.value is None:
            return Yield(self.place(start), None)
        is_from = self.take_if("from")
        value = self.expression(node.value)
        return Yield(self.place(start), value, is_from)

    # ---------------------------------------------------------------------------------- lambda, parameters

    def _lambda(self, node: ast.Lambda) -> Operand:
        start = self.position
        self.take("lambda")
        outer = self.scope
        index = len(self.functions)
        name = "<lambda>"
        function = Function(self.places[start], index, name, outer.prefix + name, [], [], is_lambda=True)
        self.functions.append(function)
        function.model = outer.model
        function.outer = outer.function
        inner = Scope(index, None, f"{outer.prefix}{name}.<locals>.")
        function.parameters = self.parameters(node.args, outer, inner)
        self.take(":")
        self.scope = inner
        body_start = self.position
        value = self.expression(node.body)
        function.body.append(Return(self.place(body_start), value))
        self.scope = outer
        inner.close(function)
        function.at = self.place(start)
        function.end_row = function.at[2]
        return FunctionRef(function.at, index)

    def parameters(self, node: ast.arguments, outer: Scope, inner: Scope) -> list[Parameter]:
        """All parameters in source order; their names are bound in `inner`, defaults run in `outer`."""
        self.scope = outer.header(inner)
        found: list[Parameter] = []
        without = len(node.posonlyargs) + len(node.args) - len(node.defaults)
        defaults = [*[None] * without, *node.defaults]
        for kind, parameters in (("positional", node.posonlyargs), ("any", node.args)):
            for parameter in parameters:
                found.append(self.parameter(parameter, kind, defaults[len(found)]))
            if self.take_if("/"):
                self.take_if(",")
        if node.vararg is not None:
            found.append(self.parameter(node.vararg, "args", None))
        elif self.take_if("*"):
            self.take_if(",")
        for parameter, default in zip(node.kwonlyargs, node.kw_defaults, strict=True):
            found.append(self.parameter(parameter, "keyword", default))
        if node.kwarg is not None:
            found.append(self.parameter(node.kwarg, "kwargs", None))
        inner.bound.update(parameter.name for parameter in found)
        self.scope = outer
        return found

    def parameter(self, node: ast.arg, kind: str, given: ast.expr | None) -> Parameter:
        """One parameter with the comma behind it; its place is the star and the name."""
        start = self.position
        if kind in ("args", "kwargs"):
            self.position += 1
        name = self.identifier(node.arg)
        at = self.place(start)
        annotation: Operand | None = None
        default: Operand | None = None
        if node.annotation is not None:
            self.take(":")
            annotation = self.expression(node.annotation)
        if given is not None:
            self.take("=")
            default = self.expression(given)
        self.take_if(",")
        return Parameter(at, name, kind, default, annotation)


EXPRESSIONS.update(
    {
        ast.Name: ExpressionLowering._name,
        ast.Constant: ExpressionLowering._constant,
        ast.Attribute: ExpressionLowering.postfix,
        ast.Call: ExpressionLowering.postfix,
        ast.Subscript: ExpressionLowering.postfix,
        ast.BinOp: ExpressionLowering.binary,
        ast.UnaryOp: ExpressionLowering._unary,
        ast.BoolOp: ExpressionLowering._logic,
        ast.Compare: ExpressionLowering._comparison,
        ast.IfExp: ExpressionLowering._choice,
        ast.NamedExpr: ExpressionLowering._walrus,
        ast.Await: ExpressionLowering._awaited,
        ast.Yield: ExpressionLowering._yielded,
        ast.YieldFrom: ExpressionLowering._yielded,
        ast.Lambda: ExpressionLowering._lambda,
    }
)
