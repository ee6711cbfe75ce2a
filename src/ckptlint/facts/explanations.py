"""What comments and docstrings near a call say."""

from __future__ import annotations

import re

from ckptlint.facts.project import Facts
from ckptlint.flow.domain import Site
from ckptlint.semantics.model import Function
from ckptlint.text import Span

_END = 1_000_000
"""A column beyond the end of every row."""
_TOLD = re.compile(r"#[^\n]*|\"\"\".*?\"\"\"|'''.*?'''", re.DOTALL)


def comment_above(facts: Facts, site: Site) -> str:
    """The comment in the rows right above the statement of a call."""
    statement = facts.statement_span(site)
    lines: list[str] = []
    row = statement.row - 1 if statement is not None else 0
    while row > 0:
        line = facts.text(Span(site.path, row, 1, row, _END)).strip()
        if not line.startswith("#"):
            break
        lines.append(line)
        row -= 1
    return " ".join(reversed(lines))


def said_in(facts: Facts, path: str, function: Function) -> str:
    """Every comment and docstring of a function, with the comment right above it."""
    first = function.at[0]
    while first > 1 and facts.text(Span(path, first - 1, 1, first - 1, _END)).strip().startswith(("#", "@")):
        first -= 1
    text = facts.text(Span(path, first, 1, function.end_row, _END))
    return " ".join(_TOLD.findall(text))
