"""The file and the comparison as one object, for other programs; its fields are documented in docs/map-file.md."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from ckptlint.facts.compared_files import Comparison
from ckptlint.files import FileEntry
from ckptlint.report.checkpoint_file.view import FileView
from ckptlint.report.checkpoint_map.json import spot_of

SCHEMA_VERSION = 1
"""Grows when a field changes its meaning or goes; new fields leave it as it is."""


def render(view: FileView) -> Iterator[str]:
    """One object; ASCII, so that no terminal's encoding can break it."""
    contents = view.contents
    rows = {
        "schema_version": SCHEMA_VERSION,
        "file": contents.path,
        "format": contents.format,
        "warnings": list(contents.warnings),
        "contents": _entry(contents.root),
        "compared": _comparison(view.comparison) if view.comparison is not None else None,
    }
    yield json.dumps(rows, indent=2) + "\n"


def _entry(entry: FileEntry) -> dict[str, Any]:
    told: dict[str, Any] = {
        "key": entry.key,
        "kind": entry.kind,
        "shape": list(entry.shape) if entry.shape is not None else None,
        "dtype": entry.dtype or None,
        "class": entry.class_name or None,
        "value": entry.value if entry.kind in ("scalar", "text") or entry.value else None,
    }
    if entry.kind not in ("tensor", "scalar", "text"):
        told["entries"] = [_entry(inner) for inner in entry.entries]
    return told


def _comparison(found: Comparison) -> dict[str, Any]:
    return {
        "checkpoint": found.checkpoint.path,
        "writers": [spot_of(writer.at) for writer in found.checkpoint.writers],
        "chosen_by": "path" if found.by_path else "keys",
        "saved_but_not_in_file": [
            {"key": list(key.path), "at": spot_of(key.at) if key.at is not None else None} for key in found.unsaved
        ],
        "read_but_not_in_file": [{"key": list(use.path), "at": spot_of(use.at)} for use in found.unreadable],
        "in_file_but_never_read": list(found.unread),
    }
