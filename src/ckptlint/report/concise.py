"""One line a diagnostic, as flake8 prints it, so that every editor reads it."""

from __future__ import annotations

from collections.abc import Iterator

from ckptlint.diagnostic import Diagnostic
from ckptlint.report.style import SEVERITY_COLORS, Style, visible
from ckptlint.report.view import View
from ckptlint.text import Span


def place(span: Span) -> str:
    """`path:row:column`; in a notebook `path:cell 3:row:column`."""
    cell = f"cell {span.cell}:" if span.cell is not None else ""
    return f"{visible(span.path)}:{cell}{span.row}:{span.column}"


def line(one: Diagnostic, style: Style) -> str:
    """`path:row:column: CODE message`."""
    code = style.paint(one.code, "bold", SEVERITY_COLORS[one.severity])
    return f"{style.paint(place(one.span), 'bold')}: {code} {visible(one.message)}"


def render(view: View) -> Iterator[str]:
    """Every diagnostic on a line."""
    style = Style(view.color)
    for one in view.diagnostics:
        yield line(one, style) + "\n"
