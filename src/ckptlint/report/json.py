"""A list of objects, for other programs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from ckptlint.diagnostic import Diagnostic
from ckptlint.report.fingerprint import fingerprints
from ckptlint.report.view import View
from ckptlint.text import Fix, Span


def render(view: View) -> Iterator[str]:
    """One array; each object on its own lines, so that a difference of two reports is readable."""
    rows = [_row(one, name) for one, name in zip(view.diagnostics, fingerprints(view), strict=True)]
    # ASCII, so that no terminal's encoding and no stray surrogate of a path can break it.
    yield json.dumps(rows, indent=2) + "\n"


def _row(one: Diagnostic, fingerprint: str) -> dict[str, Any]:
    return {
        "code": one.code,
        "name": one.name,
        "message": one.message,
        "severity": one.severity.value,
        "confidence": one.confidence.label,
        **_place(one.span),
        "related": [{**_place(related.span), "message": related.message} for related in one.related],
        "fix": _fix(one.fix) if one.fix else None,
        "url": None,
        "fingerprint": fingerprint,
    }


def _place(span: Span) -> dict[str, Any]:
    return {
        "path": span.path,
        "cell": span.cell,
        "row": span.row,
        "column": span.column,
        "end_row": span.end_row,
        "end_column": span.end_column,
    }


def _fix(fix: Fix) -> dict[str, Any]:
    return {
        "applicability": fix.applicability.value,
        "title": fix.title,
        "edits": [{**_place(edit.span), "replacement": edit.replacement} for edit in fix.edits],
    }
