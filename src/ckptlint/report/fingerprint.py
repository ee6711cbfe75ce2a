"""A name for a diagnostic that stays when lines above it come and go."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator

from ckptlint.report.view import View, lines


def fingerprints(view: View) -> Iterator[str]:
    """One for each diagnostic, in their order.

    Made from the code, the path below the analysis root, the text of the row without its spacing, and how
    many equal ones came before in that file.
    """
    seen: Counter[tuple[str, str, str]] = Counter()
    for one in view.diagnostics:
        source = view.source(one.span.path)
        rows = lines(source.text) if source is not None and one.span.cell is None else ()
        text = "".join(rows[one.span.row - 1].split()) if 0 < one.span.row <= len(rows) else ""
        key = (one.code, view.below_root(one.span.path), text)
        parts = "\0".join((*key, str(seen[key])))
        seen[key] += 1
        yield hashlib.sha256(parts.encode("utf-8", "surrogateescape")).hexdigest()[:16]
