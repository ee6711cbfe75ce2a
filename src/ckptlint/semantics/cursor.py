"""The walk over the tokens that every part of the lowering shares.

Every method takes the tokens of its node one by one, in source order, from `words`; `position` is the index
of the next one. Whitespace, commas and parentheses are read from the tokens, never from the tree: that is
what makes the places exact and the walk cheap.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ckptlint.semantics.model import Function, Operand, Place
from ckptlint.semantics.scopes import Scope
from ckptlint.syntax.positions import Tokens


class Misplaced(Exception):
    """The tokens do not follow the tree: the places would be wrong."""


class Cursor:
    """Where the lowering stands: the next token, the functions found so far, the scope."""

    def __init__(self, tokens: Tokens) -> None:
        """Stand before the first token."""
        self.tokens = tokens
        self.words = tokens.words
        self.places = tokens.places
        self.position = 0
        self.functions: list[Function] = []
        self.scope = Scope(0)

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

    def expression(self, node: Any) -> Operand:
        """The operand of any expression node."""
        opening = node.lpar
        if opening:
            self.position += len(opening)
            operand = EXPRESSIONS[type(node)](self, node)
            self.position += len(opening)
            return operand
        return EXPRESSIONS[type(node)](self, node)


Handler = Callable[[Any, Any], Operand]

EXPRESSIONS: dict[type, Handler] = {}
"""How each type of expression node is lowered; the modules that know fill it in."""
