"""The map as one object, for other programs; its fields are documented in docs/map.md."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from ckptlint.facts.mapped_checkpoints import MappedCheckpoint, Reader, Spot, Writer
from ckptlint.report.checkpoint_map.view import MapView

SCHEMA_VERSION = 1
"""Grows when a field changes its meaning or goes; new fields leave it as it is."""


def render(view: MapView) -> Iterator[str]:
    """One object; ASCII, so that no terminal's encoding and no stray surrogate of a path can break it."""
    found = view.map
    rows = {
        "schema_version": SCHEMA_VERSION,
        "checkpoints": [_checkpoint(one) for one in found.checkpoints],
        "unmatched_reads": [_reader(one) for one in found.unmatched],
        "outside_reads": [_reader(one) for one in found.outside],
    }
    yield json.dumps(rows, indent=2) + "\n"


def _checkpoint(one: MappedCheckpoint) -> dict[str, Any]:
    return {
        "file": one.path,
        "writers": [_way(writer) for writer in one.writers],
        "is_dict": one.is_dict,
        "is_open": one.is_open,
        "keys": [
            {
                "key": list(key.path),
                "kind": key.kind,
                "by_name": key.is_by_name,
                "owners": list(key.owners),
                "certain": key.is_certain,
                "at": spot_of(key.at) if key.at is not None else None,
                "use": one.use(key.path).value,
                "readers": [n for n, reader in enumerate(one.readers) if reader.use_of(key.path) is not None],
            }
            for key in one.keys
        ],
        "readers": [_reader(reader) for reader in one.readers],
        "never_read": [list(key.path) for key in one.unread()],
        "never_written": [list(path) for path in one.unwritten],
    }


def _way(way: Writer | Reader) -> dict[str, Any]:
    return {
        "api": way.api,
        "written": way.written,
        "at": spot_of(way.at),
        "calls": [spot_of(s) for s in way.frames[:-1]],
    }


def _reader(reader: Reader) -> dict[str, Any]:
    return {
        **_way(reader),
        "purpose": reader.purpose,
        "confidence": reader.confidence,
        "reads": [
            {"key": list(use.path), "into": list(use.into), "guarded": use.is_guarded, "at": spot_of(use.at)}
            for use in reader.uses
        ],
        "reads_more": reader.reads_more,
    }


def spot_of(spot: Spot) -> dict[str, Any]:
    """A place as a JSON object."""
    return {"path": spot.path, "row": spot.row, "column": spot.column, "function": spot.function or None}
