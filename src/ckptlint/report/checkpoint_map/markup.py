"""Text of the user's, made harmless for a page."""

from __future__ import annotations

from html import escape

from ckptlint.report.style import visible


def markup(text: str) -> str:
    """Text as it may stand in a page, in attributes too."""
    # A stray surrogate of a path cannot be written as UTF-8.
    return escape(visible(text).encode("utf-8", "replace").decode("utf-8"))
