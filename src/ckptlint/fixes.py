"""Builders of fixes: data that knows places and text, and no trees.

The engine finishes what data cannot know: inserted rows take the file's line ends and its tabs, and a row
that a deletion leaves empty goes away. A fix whose result does not parse is refused there.
"""

from __future__ import annotations

from collections.abc import Sequence

from ckptlint.text import Applicability, Edit, Fix, Span


def replace(span: Span, text: str, title: str, applicability: Applicability) -> Fix:
    """Put `text` in the place of `span`."""
    return Fix(title, applicability, (Edit(span, text),))


def wrap(span: Span, before: str, after: str, title: str, applicability: Applicability) -> Fix:
    """Put text on both sides of `span` and keep what it holds."""
    return Fix(title, applicability, (Edit(span.start, before), Edit(span.end, after)))


def add_argument(call: Span, text: str, argument: str, title: str, applicability: Applicability) -> Fix | None:
    """Give a call, whose source is `text`, one argument more; None where a comment could swallow it."""
    body = text[:-1].rstrip()
    if not text.endswith(")") or "#" in text:
        return None
    added = argument if body.endswith("(") else f", {argument}"
    rows = body.split("\n")
    if body.endswith(","):
        last = rows[-1]
        is_own_row = len(rows) > 1 and len(text[:-1]) > len(body) and "\n" in text[len(body) :]
        added = f"\n{last[: len(last) - len(last.lstrip())]}{argument}," if is_own_row else f" {argument}"
    row = call.row + len(rows) - 1
    column = len(rows[-1]) + (call.column if len(rows) == 1 else 1)
    return Fix(title, applicability, (Edit(Span(call.path, row, column, row, column, call.cell), added),))


def insert_before_statement(statement: Span, lines: Sequence[str], title: str, applicability: Applicability) -> Fix:
    """Put rows above the statement that begins at `statement`, at its own indentation.

    The lines carry no indentation of their own, except what nests them among each other.
    """
    indent = " " * (statement.column - 1)
    text = "".join(f"{line}\n{indent}" for line in lines)
    return Fix(title, applicability, (Edit(statement.start, text),))


def insert_after_statement(statement: Span, lines: Sequence[str], title: str, applicability: Applicability) -> Fix:
    """Put rows below the last row of `statement`, at its own indentation.

    A compound statement's span must reach to the end of its body, not of its header.
    """
    indent = " " * (statement.column - 1)
    below = statement.end_row + 1
    place = Span(statement.path, below, 1, below, 1, statement.cell)
    return Fix(title, applicability, (Edit(place, "".join(f"{indent}{line}\n" for line in lines)),))


def add_import(
    before: Span, module: str, title: str, applicability: Applicability, *, attribute: str | None = None
) -> Fix:
    """Import a module, or one attribute of it, above the statement that begins at `before`.

    `before` is the file's first import behind any `from __future__`, else its first statement behind the
    docstring.
    """
    line = f"import {module}" if attribute is None else f"from {module} import {attribute}"
    return insert_before_statement(before, [line], title, applicability)


def delete_statement(statement: Span, title: str, applicability: Applicability, *, alone: bool = False) -> Fix:
    """Remove a statement; `alone` says that its block holds no other, so that `pass` takes its place."""
    return Fix(title, applicability, (Edit(statement, "pass" if alone else ""),))


def together(title: str, applicability: Applicability, *fixes: Fix) -> Fix:
    """One fix that does what several do, all of it or nothing."""
    edits = dict.fromkeys(edit for fix in fixes for edit in fix.edits)
    return Fix(title, applicability, tuple(edits))


def insert_in_both(
    span: Span, text: str, behind: tuple[Span, Sequence[str]] | None, title: str, applicability: Applicability
) -> Fix:
    """Text in one place and, where there is such a place, statements behind one in another."""
    first = replace(span, text, title, applicability)
    if behind is None:
        return first
    return together(title, applicability, first, insert_after_statement(*behind, title, applicability))
