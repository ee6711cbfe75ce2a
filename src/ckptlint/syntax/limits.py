"""What is refused before parsing, because the parser would crash on it or take minutes.

Measured with libcst 1.9: 1,500 nested parentheses end the process, 10,000 chained accesses take over a
minute, and its time for one statement grows faster than the statement. Native code cannot be interrupted, so
this comes first.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import compress, count, pairwise

from ckptlint.syntax.positions import Place, Tokens

MAX_BRACKETS = 200
"""Nested brackets; CPython refuses more as well."""
MAX_NESTING = 250
"""Operators, accesses, calls, `lambda`s and brackets that lie within each other in one expression."""
FRAMES = 10_000
"""Python frames that suffice for anything within these limits."""
MAX_STATEMENT = 300_000
"""Tokens in one logical line."""
MAX_BRANCHES = 250
"""`elif` in a row."""

_OPEN = frozenset("([{")
_CLOSE = frozenset(")]}")
_RESETS = frozenset({",", ";", "="})
_NESTS = frozenset(
    [
        "+",
        "-",
        "*",
        "/",
        "%",
        "@",
        "**",
        "//",
        "<<",
        ">>",
        "&",
        "|",
        "^",
        "~",
        ".",
        "<",
        ">",
        "==",
        "!=",
        "<=",
        ">=",
        "and",
        "or",
        "not",
        "in",
        "is",
        "if",
        "else",
        "for",
        "lambda",
        "await",
    ]
)


@contextmanager
def room_for_recursion() -> Iterator[None]:
    """Let a walk over anything within the limits recurse; the usual 1,000 frames do not suffice."""
    usual = sys.getrecursionlimit()
    sys.setrecursionlimit(max(usual, FRAMES))
    try:
        yield
    finally:
        sys.setrecursionlimit(usual)


def find_excess(tokens: Tokens) -> tuple[str, Place] | None:
    """What is too deep or too large, and where."""
    words = tokens.words
    if len(words) < MAX_BRACKETS:
        return None
    starts = _logical_lines(tokens)
    if isinstance(starts, int):
        return f"more than {MAX_BRACKETS} nested brackets", tokens.places[starts]
    branches = 0
    starts.append(len(words))
    for start, end in pairwise(starts):
        if end - start > MAX_BRACKETS:
            if end - start > MAX_STATEMENT:
                return f"a statement of more than {MAX_STATEMENT:,} tokens", tokens.places[start]
            excess = _deepest(words, start, end)
            if excess is not None:
                return f"an expression nested more than {MAX_NESTING} deep", tokens.places[excess]
    if words.count("elif") > MAX_BRANCHES:
        for start in starts[:-1]:
            word = words[start]
            branches = branches + 1 if word == "elif" else 0 if word == "if" else branches
            if branches > MAX_BRANCHES:
                return f"more than {MAX_BRANCHES} branches of one if statement", tokens.places[start]
    return None


def _logical_lines(tokens: Tokens) -> list[int] | int:
    """Index of the first token of each logical line, or of the bracket that nests too deep."""
    depth = 0
    starts = [0]
    words = tokens.words
    for index in compress(count(), _interesting(tokens)):
        if depth == 0 and "\n" in tokens.gaps[index] and "\\" not in tokens.gaps[index]:
            starts.append(index)
        word = words[index]
        if word in _OPEN:
            depth += 1
            if depth > MAX_BRACKETS:
                return index
        elif word in _CLOSE and depth:
            depth -= 1
    return starts


def _interesting(tokens: Tokens) -> Iterator[bool]:
    brackets = _OPEN | _CLOSE
    return ("\n" in gap or word in brackets for gap, word in zip(tokens.gaps, tokens.words, strict=True))


def _deepest(words: list[str], start: int, end: int) -> int | None:
    """Index of the token at which the nesting passes the limit."""
    outer: list[int] = []
    total = own = 0
    for index in range(start, end):
        word = words[index]
        if word in _NESTS:
            own += 1
            total += 1
        elif word in _OPEN:
            # The bracket is a call or an index of what stands before it, and holds what comes.
            outer.append(own + 1)
            total += 1
            own = 0
        elif word in _CLOSE:
            total -= own
            own = outer.pop() if outer else 0
        elif word in _RESETS:
            total -= own
            own = 0
        else:
            continue
        if total > MAX_NESTING:
            return index
    return None
