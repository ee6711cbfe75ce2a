"""JSON that a file holds, read with bounds."""

from __future__ import annotations

import json

from ckptlint.files.entries import MAPPING, SEQUENCE, FileEntry, scalar, too_deep
from ckptlint.files.errors import UnreadableCheckpointError
from ckptlint.files.limits import MAX_DEPTH, MAX_ITEMS


def parsed(data: bytes, what: str) -> dict[str, object]:
    """The object that the text is."""
    try:
        found = json.loads(data.decode("utf-8"), object_pairs_hook=_once)
    except UnreadableCheckpointError:
        raise
    except (ValueError, RecursionError) as error:
        said = "nested too deeply" if isinstance(error, RecursionError) else str(error)[:100]
        raise UnreadableCheckpointError(f"{what} is no JSON ({said}); it is damaged, or no checkpoint") from error
    if not isinstance(found, dict):
        raise UnreadableCheckpointError(f"{what} is no JSON object; it is damaged, or no checkpoint")
    return found


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise UnreadableCheckpointError("a key stands twice in its JSON; it is damaged, or made to mislead")
    return found


def entry_of(key: str, value: object, depth: int = 0) -> FileEntry:
    """The entry of what JSON can say."""
    if isinstance(value, dict | list) and depth >= MAX_DEPTH:
        return too_deep(key)
    if isinstance(value, dict):
        return FileEntry(key, MAPPING, entries=tuple(entry_of(str(k), v, depth + 1) for k, v in value.items()))
    if isinstance(value, list):
        told = tuple(entry_of(str(index), item, depth + 1) for index, item in enumerate(value[:MAX_ITEMS]))
        return FileEntry(key, SEQUENCE, (len(value),), class_name="list", entries=told)
    return scalar(key, value)
