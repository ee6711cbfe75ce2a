"""Patterns of match statements: what they test and what they bind."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from ckptlint.semantics.lower_expressions import ExpressionLowering
from ckptlint.semantics.model import Literal, Operand


class PatternLowering(ExpressionLowering):
    """Lowers patterns; every method says whether the pattern matches anything."""

    def pattern(self, node: Any, tested: list[Operand], bound: list[str]) -> bool:
        """Add what the pattern tests and binds to the two lists."""
        # The parentheses of a value belong to its expression.
        parentheses = 0
        if self.words[self.position] == "(" and not isinstance(node, ast.MatchValue):
            parentheses = self.parentheses(node)
        self.position += parentheses
        matches_all = PATTERNS[type(node)](self, node, tested, bound)
        self.position += parentheses
        return matches_all

    def capture(self, name: str, bound: list[str]) -> None:
        """Take a name that the pattern binds."""
        self.identifier(name)
        if name not in bound:
            bound.append(name)

    def _pattern_value(self, node: ast.MatchValue, tested: list[Operand], bound: list[str]) -> bool:
        tested.append(self.expression(node.value))
        return False

    def _pattern_constant(self, node: ast.MatchSingleton, tested: list[Operand], bound: list[str]) -> bool:
        tested.append(Literal(self.take(str(node.value)), node.value))
        return False

    def _pattern_as(self, node: ast.MatchAs, tested: list[Operand], bound: list[str]) -> bool:
        matches_all = True
        if node.pattern is not None:
            matches_all = self.pattern(node.pattern, tested, bound)
            self.take("as")
        if node.name is not None:
            self.capture(node.name, bound)
        else:
            self.take("_")
        return matches_all

    def _pattern_or(self, node: ast.MatchOr, tested: list[Operand], bound: list[str]) -> bool:
        matches_all = False
        for number, element in enumerate(node.patterns):
            if number:
                self.take("|")
            matches_all = self.pattern(element, tested, bound) or matches_all
        return matches_all

    def _pattern_sequence(self, node: ast.MatchSequence, tested: list[Operand], bound: list[str]) -> bool:
        # A bare sequence may begin with one in brackets: `case [a], b`.
        in_brackets = self.words[self.position] == "[" and self.is_bracketed(node)
        if in_brackets:
            self.take("[")
        for element in node.patterns:
            self.pattern(element, tested, bound)
            self.take_if(",")
        if in_brackets:
            self.take("]")
        return False

    def is_bracketed(self, node: Any) -> bool:
        """Whether the bracket that opens here is that of the node itself."""
        known = getattr(node, "in_brackets", None)
        return self.closes(self.position) == self.end_of(node) if known is None else bool(known)

    def _pattern_star(self, node: ast.MatchStar, tested: list[Operand], bound: list[str]) -> bool:
        self.take("*")
        if node.name is None:
            self.take("_")
        else:
            self.capture(node.name, bound)
        return True

    def _pattern_mapping(self, node: ast.MatchMapping, tested: list[Operand], bound: list[str]) -> bool:
        self.take("{")
        for key, pattern in zip(node.keys, node.patterns, strict=True):
            tested.append(self.expression(key))
            self.take(":")
            self.pattern(pattern, tested, bound)
            self.take_if(",")
        if node.rest is not None:
            self.take("**")
            self.capture(node.rest, bound)
            self.take_if(",")
        self.take("}")
        return False

    def _pattern_class(self, node: ast.MatchClass, tested: list[Operand], bound: list[str]) -> bool:
        tested.append(self.expression(node.cls))
        self.take("(")
        for pattern in node.patterns:
            self.pattern(pattern, tested, bound)
            self.take_if(",")
        for name, pattern in zip(node.kwd_attrs, node.kwd_patterns, strict=True):
            self.identifier(name)
            self.take("=")
            self.pattern(pattern, tested, bound)
            self.take_if(",")
        self.take(")")
        return False


PATTERNS: dict[type, Callable[[PatternLowering, Any, list[Operand], list[str]], bool]] = {
    ast.MatchValue: PatternLowering._pattern_value,
    ast.MatchSingleton: PatternLowering._pattern_constant,
    ast.MatchAs: PatternLowering._pattern_as,
    ast.MatchOr: PatternLowering._pattern_or,
    ast.MatchSequence: PatternLowering._pattern_sequence,
    ast.MatchStar: PatternLowering._pattern_star,
    ast.MatchMapping: PatternLowering._pattern_mapping,
    ast.MatchClass: PatternLowering._pattern_class,
}
