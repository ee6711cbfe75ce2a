"""The walk over the tokens that every part of the lowering shares.

Every method takes the tokens of its node one by one, in source order, from `words`; `position` is the index
of the next one. Commas and parentheses are read from the tokens, for the tree does not hold them; places come
from the tokens too, which makes them exact for every node.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any
from unicodedata import normalize

from ckptlint.semantics.model import Function, Operand, Place
from ckptlint.semantics.scopes import Scope
from ckptlint.syntax.positions import Tokens
from ckptlint.syntax.tree import Columns


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
        self.columns: Columns = tokens.columns

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

    def identifier(self, name: str) -> str:
        """Take a name that is written, not read; the tree has it in its normal form."""
        word = self.words[self.position]
        if word != name and (word.isascii() or normalize("NFKC", word) != name):
            raise Misplaced
        self.position += 1
        return name

    def expression(self, node: Any) -> Operand:
        """The operand of any expression node."""
        if self.words[self.position] == "(":
            opening = self.parentheses(node)
            if opening:
                self.position += opening
                operand = EXPRESSIONS[type(node)](self, node)
                self.position += opening
                return operand
        return EXPRESSIONS[type(node)](self, node)

    def parentheses(self, node: Any) -> int:
        """How many parentheses open here that belong to the node: those around it and a tuple's own."""
        counted = getattr(node, "parentheses", None)
        if counted is not None:
            return int(counted)
        words, places, position = self.words, self.places, self.position
        start = self.start_of(node)
        while words[position] == "(" and places[position][:2] < start:
            position += 1
        if words[position] == "(" and places[position][:2] == start:
            kind = type(node)
            if kind is ast.GeneratorExp or (kind in _MAY_BE_BARE and self.closes(position) == self.end_of(node)):
                position += 1
        return position - self.position

    def closes(self, position: int) -> tuple[int, int]:
        """Where the bracket that opens at a token is closed again: the place behind it."""
        index = self.closing(position)
        return self.places[index][2:]

    def closing(self, position: int) -> int:
        """Index of the token that closes the bracket at a token."""
        depth = 0
        words = self.words
        for index in range(position, len(words)):
            word = words[index]
            if word in _OPEN:
                depth += 1
            elif word in _CLOSE:
                depth -= 1
                if not depth:
                    return index
        raise Misplaced

    def start_of(self, node: Any) -> tuple[int, int]:
        """Row and column where the tree says that a node begins."""
        return self.columns(node.lineno, node.col_offset)

    def end_of(self, node: Any) -> tuple[int, int]:
        """Row and column where the tree says that a node ends."""
        return self.columns(node.end_lineno, node.end_col_offset)


_OPEN = frozenset("([{")
_CLOSE = frozenset(")]}")
_MAY_BE_BARE = frozenset({ast.Tuple, ast.MatchSequence})

Handler = Callable[[Any, Any], Operand]

EXPRESSIONS: dict[type, Handler] = {}
"""How each type of expression node is lowered; the modules that know fill it in."""
