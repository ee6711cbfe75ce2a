"""Expressions of a tree as operands."""

from __future__ import annotations

from typing import Any
from unicodedata import normalize

import libcst as cst

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
    Star,
    Unary,
    Walrus,
    Yield,
)
from ckptlint.semantics.scopes import Scope
from ckptlint.syntax.tree import Unreadable

CONSTANT_NAMES: dict[str, bool | None] = {"True": True, "False": False, "None": None}


class ExpressionLowering(StringLowering, DisplayLowering):
    """Lowers every kind of expression."""

    # ------------------------------------------------------------------------------------ names, literals

    def _name(self, node: cst.Name) -> Operand:
        position = self.position
        word = node.value
        if self.words[position] != word:
            raise Misplaced
        self.position = position + 1
        if word in CONSTANT_NAMES:
            return Literal(self.places[position], CONSTANT_NAMES[word])
        if not word.isascii():
            word = normalize("NFKC", word)
        self.scope.mentions.add(word)
        return Name(self.places[position], word)

    def _ellipsis(self, node: cst.Ellipsis) -> Operand:
        return Literal(self.take("..."), ...)

    def _number(self, node: cst.Integer | cst.Float | cst.Imaginary) -> Operand:
        at = self.take(node.value)
        try:
            return Literal(at, number_value(node.value))
        except ValueError:
            raise Unreadable("an integer with more digits than Python converts", at[0], at[1]) from None

    # ------------------------------------------------------------------------- attributes, calls, indices

    def postfix(self, node: Any) -> Operand:
        """A chain of accesses, calls and indices, from the innermost outward without recursion."""
        start = self.position
        links: list[Any] = []
        while True:
            kind = type(node)
            if kind is cst.Attribute or kind is cst.Subscript:
                links.append(node)
                node = node.value
            elif kind is cst.Call:
                links.append(node)
                node = node.func
            else:
                break
            if node.lpar:
                break
        operand = self.expression(node)
        words, places = self.words, self.places
        row, column, _, _ = places[start]
        scope = self.scope
        for link in reversed(links):
            kind = type(link)
            if kind is cst.Attribute:
                position = self.position + 1
                word = link.attr.value
                if words[position] != word:
                    raise Misplaced
                self.position = position + 1
                if not word.isascii():
                    word = normalize("NFKC", word)
                scope.mentions.add(word)
                at = places[position]
                operand = Attribute((row, column, at[2], at[3]), operand, word, at)
            elif kind is cst.Call:
                if type(operand) is Name:
                    scope.calls.add(operand.id)
                elif type(operand) is Attribute:
                    scope.calls.add(operand.name)
                self.position += 1
                arguments = [self.argument(argument) for argument in link.args]
                at = self.take(")")
                operand = CallSite((row, column, at[2], at[3]), operand, arguments)
            else:
                self.position += 1
                items = [self.index(element.slice) for element in link.slice]
                at = self.take("]")
                operand = Index((row, column, at[2], at[3]), operand, items)
        return operand

    def argument(self, node: cst.Arg) -> Argument:
        """One argument of a call or a class header, with the comma behind it."""
        start = self.position
        star = len(node.star)
        if star:
            self.position += 1
        name = None
        if node.keyword is not None:
            name = node.keyword.value
            if self.words[start] != name:
                raise Misplaced
            self.position += 2
        value = self.expression(node.value)
        argument = Argument(self.place(start), value, name, star)
        if self.words[self.position] == ",":
            self.position += 1
        return argument

    def index(self, node: Any) -> Operand:
        """One item between square brackets, with the comma behind it."""
        start = self.position
        operand: Operand
        if type(node) is cst.Index:
            if node.star:
                self.take("*")
                value = self.expression(node.value)
                operand = Star(self.place(start), value)
            else:
                operand = self.expression(node.value)
        else:
            lower = None if node.lower is None else self.expression(node.lower)
            self.take(":")
            upper = None if node.upper is None else self.expression(node.upper)
            self.take_if(":")
            step = None if node.step is None else self.expression(node.step)
            operand = Slice(self.place(start), lower, upper, step)
        if self.words[self.position] == ",":
            self.position += 1
        return operand

    # ------------------------------------------------------------------------------------------ operators

    def binary(self, node: cst.BinaryOperation) -> Operand:
        """The left spine without recursion: sums of hundreds of terms are common."""
        start = self.position
        rights: list[Any] = []
        left: Any = node
        while type(left) is cst.BinaryOperation:
            rights.append(left.right)
            left = left.left
            if left.lpar:
                break
        operand = self.expression(left)
        for right in reversed(rights):
            operator = self.words[self.position]
            self.position += 1
            value = self.expression(right)
            operand = Binary(self.place(start), operand, operator, value)
        return operand

    def _unary(self, node: cst.UnaryOperation) -> Operand:
        start = self.position
        operator = self.words[start]
        self.position += 1
        value = self.expression(node.expression)
        return Unary(self.place(start), operator, value)

    def _logic(self, node: cst.BooleanOperation) -> Operand:
        start = self.position
        kind = type(node.operator)
        word = "and" if kind is cst.And else "or"
        values: list[Operand] = []
        pending: list[Any] = [node.right, node.left]
        while pending:
            part = pending.pop()
            if type(part) is cst.BooleanOperation and type(part.operator) is kind and not part.lpar:
                pending += (part.right, part.left)
                continue
            if values:
                self.take(word)
            values.append(self.expression(part))
        return Logic(self.place(start), word, values)

    def _comparison(self, node: cst.Comparison) -> Operand:
        start = self.position
        left = self.expression(node.left)
        operators: list[str] = []
        rights: list[Operand] = []
        for target in node.comparisons:
            word = self.words[self.position]
            self.position += 1
            if word == "not":
                self.take("in")
                word = "not in"
            elif word == "is" and self.take_if("not"):
                word = "is not"
            operators.append(word)
            rights.append(self.expression(target.comparator))
        return Compare(self.place(start), left, operators, rights)

    def _choice(self, node: cst.IfExp) -> Operand:
        start = self.position
        body = self.expression(node.body)
        self.take("if")
        test = self.expression(node.test)
        self.take("else")
        orelse = self.expression(node.orelse)
        return Choice(self.place(start), body, test, orelse)

    def _walrus(self, node: cst.NamedExpr) -> Operand:
        start = self.position
        target = self.expression(node.target)
        self.take(":=")
        value = self.expression(node.value)
        if not isinstance(target, Name):
            raise Misplaced
        self.scope.bound.add(target.id)
        return Walrus(self.place(start), target, value)

    def _awaited(self, node: cst.Await) -> Operand:
        start = self.position
        self.take("await")
        value = self.expression(node.expression)
        return Await(self.place(start), value)

    def _yielded(self, node: cst.Yield) -> Operand:
        start = self.position
        self.take("yield")
        self.scope.is_generator = True
        if node.value is None:
            return Yield(self.place(start), None)
        if isinstance(node.value, cst.From):
            self.take("from")
            value = self.expression(node.value.item)
            return Yield(self.place(start), value, True)
        value = self.expression(node.value)
        return Yield(self.place(start), value)

    # ---------------------------------------------------------------------------------- lambda, parameters

    def _lambda(self, node: cst.Lambda) -> Operand:
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
        function.parameters = self.parameters(node.params, outer, inner)
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

    def parameters(self, node: cst.Parameters, outer: Scope, inner: Scope) -> list[Parameter]:
        """All parameters in source order; their names are bound in `inner`, defaults run in `outer`."""
        self.scope = outer.header(inner)
        found: list[Parameter] = []
        for kind, parameters in (("positional", node.posonly_params), ("any", node.params)):
            for parameter in parameters:
                found.append(self.parameter(parameter, kind))
            if self.take_if("/"):
                self.take_if(",")
        if isinstance(node.star_arg, cst.Param):
            found.append(self.parameter(node.star_arg, "args"))
        elif self.take_if("*"):
            self.take_if(",")
        for parameter in node.kwonly_params:
            found.append(self.parameter(parameter, "keyword"))
        if node.star_kwarg is not None:
            found.append(self.parameter(node.star_kwarg, "kwargs"))
        inner.bound.update(parameter.name for parameter in found)
        self.scope = outer
        return found

    def parameter(self, node: cst.Param, kind: str) -> Parameter:
        """One parameter with the comma behind it; its place is the star and the name."""
        start = self.position
        if kind in ("args", "kwargs"):
            self.position += 1
        self.take(node.name.value)
        at = self.place(start)
        annotation: Operand | None = None
        default: Operand | None = None
        if node.annotation is not None:
            self.take(":")
            annotation = self.expression(node.annotation.annotation)
        if node.default is not None:
            self.take("=")
            default = self.expression(node.default)
        self.take_if(",")
        name = node.name.value
        return Parameter(at, name if name.isascii() else normalize("NFKC", name), kind, default, annotation)


EXPRESSIONS.update(
    {
        cst.Name: ExpressionLowering._name,
        cst.Attribute: ExpressionLowering.postfix,
        cst.Call: ExpressionLowering.postfix,
        cst.Subscript: ExpressionLowering.postfix,
        cst.Integer: ExpressionLowering._number,
        cst.Float: ExpressionLowering._number,
        cst.Imaginary: ExpressionLowering._number,
        cst.Ellipsis: ExpressionLowering._ellipsis,
        cst.BinaryOperation: ExpressionLowering.binary,
        cst.UnaryOperation: ExpressionLowering._unary,
        cst.BooleanOperation: ExpressionLowering._logic,
        cst.Comparison: ExpressionLowering._comparison,
        cst.IfExp: ExpressionLowering._choice,
        cst.NamedExpr: ExpressionLowering._walrus,
        cst.Await: ExpressionLowering._awaited,
        cst.Yield: ExpressionLowering._yielded,
        cst.ListComp: ExpressionLowering.comprehension,
        cst.SetComp: ExpressionLowering.comprehension,
        cst.GeneratorExp: ExpressionLowering.comprehension,
        cst.Lambda: ExpressionLowering._lambda,
    }
)
