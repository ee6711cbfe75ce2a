"""Displays and comprehensions of a tree as operands."""

from __future__ import annotations

from typing import Any

import libcst as cst

from ckptlint.semantics.cursor import EXPRESSIONS, Cursor
from ckptlint.semantics.model import Comprehension, DictItem, Generator, Mapping, Operand, Sequence, Star
from ckptlint.syntax.positions import span

COMPREHENSIONS: dict[type, tuple[str, str, str]] = {
    cst.ListComp: ("list", "[", "]"),
    cst.SetComp: ("set", "{", "}"),
    cst.GeneratorExp: ("generator", "", ""),
}


class DisplayLowering(Cursor):
    """Lowers lists, tuples, sets, dicts and their comprehensions."""

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

    def _starred(self, node: cst.StarredElement) -> Operand:
        start = self.position
        self.take("*")
        value = self.expression(node.value)
        return Star(self.place(start), value)

    def _tuple(self, node: cst.Tuple) -> Operand:
        start = self.position
        items = self.elements(node.elements)
        if not items:
            # `()` has no token of its own between its parentheses.
            return Sequence(span(self.places[start - 1], self.places[start]), "tuple", items)
        return Sequence(self.place(start), "tuple", items)

    def _list(self, node: cst.List) -> Operand:
        start = self.position
        self.position += 1
        items = self.elements(node.elements)
        self.take("]")
        return Sequence(self.place(start), "list", items)

    def _set(self, node: cst.Set) -> Operand:
        start = self.position
        self.position += 1
        items = self.elements(node.elements)
        self.take("}")
        return Sequence(self.place(start), "set", items)

    def _dict(self, node: cst.Dict) -> Operand:
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

    def _dict_comprehension(self, node: Any) -> Operand:
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


EXPRESSIONS.update(
    {
        cst.StarredElement: DisplayLowering._starred,
        cst.Tuple: DisplayLowering._tuple,
        cst.List: DisplayLowering._list,
        cst.Set: DisplayLowering._set,
        cst.Dict: DisplayLowering._dict,
        cst.DictComp: DisplayLowering._dict_comprehension,
    }
)

if hasattr(cst, "StarredDictComp"):
    # Newer versions of libcst only.
    EXPRESSIONS[cst.StarredDictComp] = DisplayLowering._dict_comprehension
