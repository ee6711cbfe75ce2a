"""Patterns of match statements: what they test and what they bind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from unicodedata import normalize

import libcst as cst

from ckptlint.semantics.lower_expressions import ExpressionLowering
from ckptlint.semantics.model import Operand


class PatternLowering(ExpressionLowering):
    """Lowers patterns; every method says whether the pattern matches anything."""

    def pattern(self, node: Any, tested: list[Operand], bound: list[str]) -> bool:
        """Add what the pattern tests and binds to the two lists."""
        # The parentheses of a value belong to its expression; libcst shows them here as well.
        parentheses = 0 if isinstance(node, (cst.MatchValue, cst.MatchSingleton)) else len(node.lpar)
        self.position += parentheses
        matches_all = PATTERNS[type(node)](self, node, tested, bound)
        self.position += parentheses
        return matches_all

    def capture(self, node: cst.Name, bound: list[str]) -> None:
        """Take a name that the pattern binds."""
        self.take(node.value)
        name = node.value if node.value.isascii() else normalize("NFKC", node.value)
        if name not in bound:
            bound.append(name)

    def _pattern_value(self, node: Any, tested: list[Operand], bound: list[str]) -> bool:
        tested.append(self.expression(node.value))
        return False

    def _pattern_as(self, node: cst.MatchAs, tested: list[Operand], bound: list[str]) -> bool:
        matches_all = True
        if node.pattern is not None:
            matches_all = self.pattern(node.pattern, tested, bound)
            self.take("as")
        if node.name is not None:
            self.capture(node.name, bound)
        else:
            self.take("_")
        return matches_all

    def _pattern_or(self, node: cst.MatchOr, tested: list[Operand], bound: list[str]) -> bool:
        matches_all = False
        for number, element in enumerate(node.patterns):
            if number:
                self.take("|")
            matches_all = self.pattern(element.pattern, tested, bound) or matches_all
        return matches_all

    def _pattern_sequence(self, node: Any, tested: list[Operand], bound: list[str]) -> bool:
        in_brackets = isinstance(node, cst.MatchList) and node.lbracket is not None
        if in_brackets:
            self.take("[")
        for element in node.patterns:
            if isinstance(element, cst.MatchStar):
                self.take("*")
                if element.name is None:
                    self.take("_")
                else:
                    self.capture(element.name, bound)
            else:
                self.pattern(element.value, tested, bound)
            self.take_if(",")
        if in_brackets:
            self.take("]")
        return False

    def _pattern_mapping(self, node: cst.MatchMapping, tested: list[Operand], bound: list[str]) -> bool:
        self.take("{")
        for element in node.elements:
            tested.append(self.expression(element.key))
            self.take(":")
            self.pattern(element.pattern, tested, bound)
            self.take_if(",")
        if node.rest is not None:
            self.take("**")
            self.capture(node.rest, bound)
            self.take_if(",")
        self.take("}")
        return False

    def _pattern_class(self, node: cst.MatchClass, tested: list[Operand], bound: list[str]) -> bool:
        tested.append(self.expression(node.cls))
        self.take("(")
        for element in node.patterns:
            self.pattern(element.value, tested, bound)
            self.take_if(",")
        for keyword in node.kwds:
            self.take(keyword.key.value)
            self.take("=")
            self.pattern(keyword.pattern, tested, bound)
            self.take_if(",")
        self.take(")")
        return False


PATTERNS: dict[type, Callable[[PatternLowering, Any, list[Operand], list[str]], bool]] = {
    cst.MatchValue: PatternLowering._pattern_value,
    cst.MatchSingleton: PatternLowering._pattern_value,
    cst.MatchAs: PatternLowering._pattern_as,
    cst.MatchOr: PatternLowering._pattern_or,
    cst.MatchList: PatternLowering._pattern_sequence,
    cst.MatchTuple: PatternLowering._pattern_sequence,
    cst.MatchMapping: PatternLowering._pattern_mapping,
    cst.MatchClass: PatternLowering._pattern_class,
}
