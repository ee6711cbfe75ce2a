"""How the map says things, the same in every format."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ckptlint.facts.mapped_checkpoints import CheckpointMap, KeyPath, MappedCheckpoint, Reader, Spot, StoredKey, Writer

KINDS = {"whole-object": "whole object", "training": "training state", "unknown": ""}
"""Kinds of content whose name is not what is shown."""
PURPOSES = {
    "resume": "resumes",
    "evaluate": "evaluates",
    "warm-start": "warm-starts",
    "unknown": "reads",
}
"""What a reader does, as a verb."""
DOUBTS = {"high": "", "medium": "probably", "low": "perhaps"}
"""How sure it is that a reader reads the file."""


def place(spot: Spot) -> str:
    """A file and a line."""
    return f"{spot.path}:{spot.row}"


def function(spot: Spot) -> str:
    """The function that a place lies in."""
    return spot.function or "module level"


def holds(key: StoredKey) -> str:
    """Whose state a key is."""
    # That `epoch` is progress is no guess, that `opt` is an optimizer is one.
    doubt = " (by its name)" if key.is_by_name and key.kind not in ("progress", "arguments") else ""
    kind = KINDS.get(key.kind, key.kind) + doubt
    return ": ".join(part for part in (kind, ", ".join(key.owners)) if part)


def key_text(path: KeyPath) -> str:
    """A key with those it lies in, as one would write it: `extra["best"]` is `extra.best`."""
    return ".".join(path) if path else "whole file"


def title(checkpoint: MappedCheckpoint) -> str:
    """The path, or how it is written where nothing of it is known."""
    return checkpoint.path or checkpoint.title or "unknown path"


def does(reader: Reader) -> str:
    """What a reader does, and how sure it is."""
    verb, doubt = PURPOSES.get(reader.purpose, reader.purpose), DOUBTS[reader.confidence]
    return f"{doubt} {verb}" if doubt else verb


def call(way: Writer | Reader) -> str:
    """The library's call and the path it is given."""
    return f"{way.api}, path {way.written}" if way.written else way.api


def way(frames: Sequence[Spot]) -> list[str]:
    """The calls that lead to a read or a write, outermost first."""
    return [f"{function(spot)} ({place(spot)})" for spot in frames]


def listed(paths: Iterable[KeyPath]) -> str:
    """Keys in a row."""
    return ", ".join(key_text(path) for path in paths)


def counted(number: int, one: str, many: str | None = None) -> str:
    """A number with its noun."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def summary(found: CheckpointMap, unread_files: int = 0) -> str:
    """One line: how much there is, and what stands out."""
    checkpoints = found.checkpoints
    missing = f" {counted(unread_files, 'file')} could not be read." if unread_files else ""
    if found.is_empty:
        return f"No checkpoints: nothing is saved or loaded.{missing}"
    parts = [counted(len(checkpoints), "checkpoint")]
    readers = {reader.frames for one in checkpoints for reader in one.readers}
    parts.append(counted(len(readers), "place that reads them", "places that read them"))
    never = sum(len(one.unread()) for one in checkpoints)
    if never:
        parts.append(f"{counted(never, 'key')} never read")
    unwritten = sum(len(one.unwritten) for one in checkpoints)
    if unwritten:
        parts.append(f"{counted(unwritten, 'key')} read but never written")
    others = len(found.unmatched) + len(found.outside)
    if others:
        parts.append(f"{counted(others, 'read')} of other files")
    return ", ".join(parts) + "." + missing
