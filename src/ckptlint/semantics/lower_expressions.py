"""Expressions of a tree as operands.

Every method takes the tokens of its node one by one, in source order, from `words`; `position` is the index of the
next one. Whitespace, commas and parentheses are read from the tokens, never from the tree: that is what makes the
places exact and the walk cheap.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from unicodedata import normalize

import libcst as cst

from ckptlint.semantics.constants import number_value, string_value, unescape
from ckptlint.semantics.model import (
    Argument,
    Attribute,
    Await,
    Binary,
    CallSite,
    Choice,
    Compare,
    Comprehension,
    DictItem,
    Format,
    Function,
    FunctionRef,
    Generator,
    Index,
    Literal,
    Logic,
    Mapping,
    Name,
    Operand,
    Parameter,
    Place,
    Sequence,
    Slice,
    Star,
    Unary,
    Walrus,
    Yield,
)
from ckptlint.semantics.scopes import Scope
from ckptlint.syntax.formats import after_conversion, field_tokens
from ckptlint.syntax.positions import TOKEN, Tokens, span
from ckptlint.syntax.tree import Unreadable

CONSTANT_NAMES: dict[str, bool | None] = {"True": True, "False": False, "None": None}


class Misplaced(Exception):
    """The tokens do not follow the tree: the places would be wrong."""


class ExpressionLowering:
    """Lowers expressions; `function` and `scope` are those of the code that is being read."""

    def __init__(self, tokens: Tokens) -> None:
        self.tokens = tokens
        self.words = tokens.words
        self.places = tokens.places
        self.position = 0
        self.functions: list[Function] = []
        self.scope = Scope(0)

    # ---------------------------------------------------------------------------------------- the tokens

    def place(self, start: int) -> Place:
        """From the token with index `start` to the last one taken."""
        first = self.places[start]
        last = self.places[self.position - 1]
        return (first[0], first[1], last[2], last[3])

    def take(self, word: str) -> Place:
        """Take the next token, which must be this word."""
        position = self.position
        if self.words[position] != word:
            raise Misplaced
        self.position = position + 1
        return self.places[position]

    def take_if(self, word: str) -> bool:
        """Take the next token if it is this word."""
        if self.words[self.position] == word:
            self.position += 1
            return True
        return False

    # ------------------------------------------------------------------------------------ names, literals

    def expression(self, node: Any) -> Operand:
        """The operand of any expression node."""
        opening = node.lpar
        if opening:
            self.position += len(opening)
            operand = EXPRESSIONS[type(node)](self, node)
            self.position += len(opening)
            return operand
        return EXPRESSIONS[type(node)](self, node)

    def name(self, node: cst.Name) -> Operand:
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

    def ellipsis(self, node: cst.Ellipsis) -> Operand:
        return Literal(self.take("..."), ...)

    def number(self, node: cst.Integer | cst.Float | cst.Imaginary) -> Operand:
        at = self.take(node.value)
        try:
            return Literal(at, number_value(node.value))
        except ValueError:
            raise Unreadable("an integer with more digits than Python converts", at[0], at[1]) from None

    def string(self, node: cst.SimpleString) -> Operand:
        return Literal(self.take(node.value), string_value(node.value))

    def formatted(self, node: Any) -> Operand:
        start = self.position
        parts = self.format_parts(node)
        return Format(self.places[start], parts)

    def concatenated(self, node: cst.ConcatenatedString) -> Operand:
        start = self.position
        pieces: list[Any] = []
        tail: Any = node
        while type(tail) is cst.ConcatenatedString:
            pieces.append(tail.left)
            tail = tail.right
        pieces.append(tail)
        is_format = False
        parts: list[Operand] = []
        for piece in pieces:
            if type(piece) is cst.SimpleString:
                parts.append(self.string(piece))
            else:
                is_format = True
                parts += self.format_parts(piece)
        if is_format:
            return Format(self.place(start), _joined(parts))
        values: list[Any] = [part.value for part in parts if isinstance(part, Literal)]
        at = self.place(start)
        if isinstance(values[0], bytes):
            return Literal(at, b"".join(value for value in values if isinstance(value, bytes)))
        return Literal(at, "".join(value for value in values if isinstance(value, str)))

    # ------------------------------------------------------------------------------------ format strings

    def format_parts(self, node: Any) -> list[Operand]:
        """The pieces of one format string, which is one token; the fields are scanned within it."""
        at = self.places[self.position]
        word = self.words[self.position]
        last = node.parts[-1] if node.parts else None
        ending = node.end if last is None else "}" + node.end if hasattr(last, "expression") else last.value + node.end
        if not word.startswith(node.start) or not word.endswith(ending):
            raise Misplaced
        self.position += 1
        start = self.tokens.offset(at)
        parts: list[Operand] = []
        raw = "r" in node.start.lower()
        end = self._format_pieces(node.parts, start + len(node.start), raw, at, parts)
        if end + len(node.end) != start + len(word):
            raise Misplaced
        return _joined(parts)

    def _format_pieces(
        self, pieces: Any, offset: int, raw: bool, at: Place, parts: list[Operand]
    ) -> int:
        text = self.tokens.text
        for piece in pieces:
            if not hasattr(piece, "expression"):
                body = piece.value
                offset += len(body)
                body = body.replace("{{", "{").replace("}}", "}")
                parts.append(Literal(at, body if raw else unescape(body)))
                continue
            if text[offset : offset + 1] != "{":
                raise Misplaced
            found, stop = field_tokens(text, offset + 1, TOKEN)
            parts.append(self._field(piece.expression, found))
            offset = after_conversion(text, stop, TOKEN)
            if piece.format_spec is not None:
                offset = self._format_pieces(piece.format_spec, offset + 1, raw, at, parts)
            if text[offset : offset + 1] != "}":
                raise Misplaced
            offset += 1
        return offset

    def _field(self, node: Any, found: list[tuple[int, str]]) -> Operand:
        words, places, position = self.words, self.places, self.position
        at = self.tokens.at
        self.words = [word for _, word in found]
        self.places = [(*at(offset), *at(offset + len(word))) for offset, word in found]
        self.words.append("")
        self.position = 0
        try:
            operand = self.expression(node)
            if self.position != len(found):
                raise Misplaced
        finally:
            self.words, self.places, self.position = words, places, position
        return operand

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

    def unary(self, node: cst.UnaryOperation) -> Operand:
        start = self.position
        operator = self.words[start]
        self.position += 1
        value = self.expression(node.expression)
        return Unary(self.place(start), operator, value)

    def logic(self, node: cst.BooleanOperation) -> Operand:
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

    def comparison(self, node: cst.Comparison) -> Operand:
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

    def choice(self, node: cst.IfExp) -> Operand:
        start = self.position
        body = self.expression(node.body)
        self.take("if")
        test = self.expression(node.test)
        self.take("else")
        orelse = self.expression(node.orelse)
        return Choice(self.place(start), body, test, orelse)

    def walrus(self, node: cst.NamedExpr) -> Operand:
        start = self.position
        target = self.expression(node.target)
        self.take(":=")
        value = self.expression(node.value)
        if not isinstance(target, Name):
            raise Misplaced
        self.scope.bound.add(target.id)
        return Walrus(self.place(start), target, value)

    def awaited(self, node: cst.Await) -> Operand:
        start = self.position
        self.take("await")
        value = self.expression(node.expression)
        return Await(self.place(start), value)

    def yielded(self, node: cst.Yield) -> Operand:
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

    # ------------------------------------------------------------------------------------------- displays

    def elements(self, nodes: Any) -> list[Operand]:
        """Elements of a display with their commas."""
        items: list[Operand] = []
        for node in nodes:
            if type(node) is cst.Element:
                items.append(self.expression(node.value))
            else:
                items.append(self.expression(node))
            if self.words[self.position] == ",":
                self.position += 1
        return items

    def starred(self, node: cst.StarredElement) -> Operand:
        start = self.position
        self.take("*")
        value = self.expression(node.value)
        return Star(self.place(start), value)

    def tuple(self, node: cst.Tuple) -> Operand:
        start = self.position
        items = self.elements(node.elements)
        if not items:
            # `()` has no token of its own between its parentheses.
            return Sequence(span(self.places[start - 1], self.places[start]), "tuple", items)
        return Sequence(self.place(start), "tuple", items)

    def list(self, node: cst.List) -> Operand:
        start = self.position
        self.position += 1
        items = self.elements(node.elements)
        self.take("]")
        return Sequence(self.place(start), "list", items)

    def set(self, node: cst.Set) -> Operand:
        start = self.position
        self.position += 1
        items = self.elements(node.elements)
        self.take("}")
        return Sequence(self.place(start), "set", items)

    def dict(self, node: cst.Dict) -> Operand:
        start = self.position
        self.position += 1
        items = []
        for element in node.elements:
            key = None
            if isinstance(element, cst.DictElement):
                key = self.expression(element.key)
                self.take(":")
            else:
                self.take("**")
            items.append(DictItem(key, self.expression(element.value)))
            self.take_if(",")
        self.take("}")
        return Mapping(self.place(start), items)

    def comprehension(self, node: Any) -> Operand:
        """List, set and generator comprehensions."""
        start = self.position
        kind, opening, closing = COMPREHENSIONS[type(node)]
        if opening:
            self.take(opening)
        value = self.expression(node.elt)
        generators = self.generators(node.for_in)
        if closing:
            self.take(closing)
        return Comprehension(self.place(start), kind, None, value, generators)

    def dict_comprehension(self, node: Any) -> Operand:
        start = self.position
        self.take("{")
        key: Operand | None = None
        if type(node) is cst.DictComp:
            key = self.expression(node.key)
            self.take(":")
        else:
            self.take("**")
        value = self.expression(node.value)
        generators = self.generators(node.for_in)
        self.take("}")
        return Comprehension(self.place(start), "dict", key, value, generators)

    def generators(self, node: cst.CompFor | None) -> list[Generator]:
        """The `for` clauses of a comprehension."""
        generators = []
        while node is not None:
            is_async = self.take_if("async")
            self.take("for")
            target = self.expression(node.target)
            self.take("in")
            source = self.expression(node.iter)
            tests = []
            for clause in node.ifs:
                self.take("if")
                tests.append(self.expression(clause.test))
            generators.append(Generator(target, source, tests, is_async))
            node = node.inner_for_in
        return generators

    # ---------------------------------------------------------------------------------- lambda, parameters

    def lambda_(self, node: cst.Lambda) -> Operand:
        # Imported late would cost more: the statement of a lambda's body is its return value.
        from ckptlint.semantics.model import Return

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


def _joined(parts: list[Operand]) -> list[Operand]:
    """Neighbouring literal pieces of a format string become one."""
    joined: list[Operand] = []
    for part in parts:
        last = joined[-1] if joined else None
        if isinstance(part, Literal) and isinstance(last, Literal):
            if isinstance(part.value, str) and isinstance(last.value, str):
                joined[-1] = Literal(span(last.at, part.at), last.value + part.value)
                continue
        joined.append(part)
    return joined


COMPREHENSIONS: dict[type, tuple[str, str, str]] = {
    cst.ListComp: ("list", "[", "]"),
    cst.SetComp: ("set", "{", "}"),
    cst.GeneratorExp: ("generator", "", ""),
}

_Handler = Callable[[ExpressionLowering, Any], Operand]

EXPRESSIONS: dict[type, _Handler] = {
    cst.Name: ExpressionLowering.name,
    cst.Attribute: ExpressionLowering.postfix,
    cst.Call: ExpressionLowering.postfix,
    cst.Subscript: ExpressionLowering.postfix,
    cst.SimpleString: ExpressionLowering.string,
    cst.Integer: ExpressionLowering.number,
    cst.Float: ExpressionLowering.number,
    cst.Imaginary: ExpressionLowering.number,
    cst.Ellipsis: ExpressionLowering.ellipsis,
    cst.FormattedString: ExpressionLowering.formatted,
    cst.ConcatenatedString: ExpressionLowering.concatenated,
    cst.BinaryOperation: ExpressionLowering.binary,
    cst.UnaryOperation: ExpressionLowering.unary,
    cst.BooleanOperation: ExpressionLowering.logic,
    cst.Comparison: ExpressionLowering.comparison,
    cst.IfExp: ExpressionLowering.choice,
    cst.NamedExpr: ExpressionLowering.walrus,
    cst.Await: ExpressionLowering.awaited,
    cst.Yield: ExpressionLowering.yielded,
    cst.StarredElement: ExpressionLowering.starred,
    cst.Tuple: ExpressionLowering.tuple,
    cst.List: ExpressionLowering.list,
    cst.Set: ExpressionLowering.set,
    cst.Dict: ExpressionLowering.dict,
    cst.ListComp: ExpressionLowering.comprehension,
    cst.SetComp: ExpressionLowering.comprehension,
    cst.GeneratorExp: ExpressionLowering.comprehension,
    cst.DictComp: ExpressionLowering.dict_comprehension,
    cst.Lambda: ExpressionLowering.lambda_,
}

# Grammar that only newer versions of libcst know.
for _name, _handler in {
    "TemplatedString": ExpressionLowering.formatted,
    "StarredDictComp": ExpressionLowering.dict_comprehension,
}.items():
    if hasattr(cst, _name):
        EXPRESSIONS[getattr(cst, _name)] = _handler
