"""The line, the code, the other places of the story, and what to do."""

from __future__ import annotations

from collections.abc import Iterator

from ckptlint.diagnostic import Diagnostic
from ckptlint.report.concise import line, place
from ckptlint.report.frame import frame, gutter_width
from ckptlint.report.style import SEVERITY_COLORS, Style, visible
from ckptlint.report.view import View
from ckptlint.text import Applicability, Source, Span

_CONTEXT = 1


def render(view: View) -> Iterator[str]:
    """Every diagnostic as a block, with an empty line between two."""
    style = Style(view.color)
    for number, one in enumerate(view.diagnostics):
        yield "\n" * bool(number) + "".join(text + "\n" for text in _block(one, view, style))


def _block(one: Diagnostic, view: View, style: Style) -> Iterator[str]:
    spans = [one.span, *(related.span for related in one.related)]
    gutter = gutter_width([span.row + _CONTEXT for span in spans]) + 2
    yield line(one, style)
    yield from _frame(one.span, view, gutter, style, SEVERITY_COLORS[one.severity], context=_CONTEXT)
    for related in one.related:
        arrow = style.paint(f"{'':>{gutter - 2}}-->", "blue")
        yield f"{arrow} {style.paint(place(related.span), 'bold')}: {visible(related.message)}"
        yield from _frame(related.span, view, gutter, style, "blue")
    if one.fix is not None:
        note = " (unsafe fix)" if one.fix.applicability is Applicability.UNSAFE else ""
        label = style.paint("= help:", "bold", "cyan")
        yield f"{'':>{gutter}} {label} {visible(one.fix.title)}{style.paint(note, 'dim')}"


def _frame(span: Span, view: View, gutter: int, style: Style, color: str, context: int = 0) -> Iterator[str]:
    source: Source | None = view.source(span.path)
    if source is not None and span.cell is None:
        yield from frame(source, span, gutter, style, color, context=context)
