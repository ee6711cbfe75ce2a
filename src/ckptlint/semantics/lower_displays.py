"""Displays and comprehensions of a tree as operands."""

from __future__ import annotations

import ast
from typing import Any

from ckptlint.semantics.cursor import EXPRESSIONS, Cursor
from ckptlint.semantics.model import Comprehension, DictItem, Generator, Mapping, Operand, Sequence, Star
from ckptlint.syntax.positions import span

COMPREHENSIONS: dict[type, tuple[str, str, str]] = {
    ast.ListComp: ("list", "[", "]"),
    ast.SetComp: ("set", "{", "}"),
    ast.GeneratorExp: ("generator", "", ""),
}


class DisplayLowering(Cursor):
    """Lowers lists, tuples, sets, dicts and their comprehensions."""

    def elements(self, nodes: Any) -> list[Operand]:
        """Elements of a display with their commas."""
        items: list[Operand] = []
        for node in nodes:
            items.append(self.expression(node))
            if self.words[self.position] == ",":
                self.position += 1
        return items

    def _starred(self, node: ast.Starred) -> Operand:
        start = self.position
        self.take("*")
        value = self.expression(node.value)
        return Star(self.place(start), value)

    def _tuple(self, node: ast.Tuple) -> Operand:
        start = self.position
        items = self.elements(node.elts)
        if not items:
            # `()` has no token of its own between its parentheses.
            return Sequence(span(self.places[start - 1], self.places[start]), "tuple", items)
        return Sequence(self.place(start), "tuple", items)

    def _list(self, node: ast.List) -> Operand:
        start = self.position
        self.position += 1
        items = self.elements(node.elts)
        self.take("]")
        return Sequence(self.place(start), "list", items)

    def _set(self, node: ast.Set) -> Operand:
        start = self.position
        self.position += 1
        items = self.elements(node.elts)
        self.take("}")
        return Sequence(self.place(start), "set", items)

    def _dict(self, node: ast.Dict) -> Operand:
        start = self.position
        self.position += 1
        items = []
        for written_key, value in zip(node.keys, node.values, strict=True):
            key = None
            if written_key is not None:
                key = self.expression(written_key)
                self.take(":")
            else:
                self.take("**")
            items.append(DictItem(key, self.expression(value)))
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
        generators = self.generators(node.generators)
        if closing:
            self.take(closing)
        return Comprehension(self.place(start), kind, None, value, generators)

    def _dict_comprehension(self, node: Any) -> Operand:
        start = self.position
        self.take("{")
        key: Operand | None = None
        value = node.value
        # `{**x for …}` of Python 3.15: what stands behind the stars is the key of the tree.
        if self.take_if("**"):
            value = node.value if node.value is not None else node.key
        else:
            key = self.expression(node.key)
            self.take(":")
        lowered = self.expression(value)
        generators = self.generators(node.generators)
        self.take("}")
        return Comprehension(self.place(start), "dict", key, lowered, generators)

    def generators(self, nodes: list[ast.comprehension]) -> list[Generator]:
        """The `for` clauses of a comprehension."""
        generators = []
        for node in nodes:
            is_async = self.take_if("async")
            self.take("for")
            target = self.expression(node.target)
            self.take("in")
            source = self.expression(node.iter)
            tests = []
            for test in node.ifs:
                self.take("if")
                tests.append(self.expression(test))
            generators.append(Generator(target, source, tests, is_async))
        return generators


EXPRESSIONS.update(
    {
        ast.Starred: DisplayLowering._starred,
        ast.Tuple: DisplayLowering._tuple,
        ast.List: DisplayLowering._list,
        ast.Set: DisplayLowering._set,
        ast.Dict: DisplayLowering._dict,
        ast.ListComp: DisplayLowering.comprehension,
        ast.SetComp: DisplayLowering.comprehension,
        ast.GeneratorExp: DisplayLowering.comprehension,
        ast.DictComp: DisplayLowering._dict_comprehension,
    }
)
