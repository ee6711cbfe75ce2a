"""The neutral tree of what a file holds, whatever its format."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ckptlint.files.limits import MAX_DEPTH

MAPPING, SEQUENCE, TENSOR, SCALAR, TEXT, OBJECT = "mapping", "sequence", "tensor", "scalar", "text", "object"
"""What an entry can be."""

_SHOWN_TEXT = 80


@dataclass(frozen=True, slots=True)
class FileEntry:
    """One thing that a file holds, under the key that leads to it."""

    key: str
    kind: str
    """One of the kinds above."""
    shape: tuple[int, ...] | None = None
    """Of a tensor its sizes, of a sequence its length."""
    dtype: str = ""
    """Of a tensor or scalar: `float32`, `int`, `None`; empty where it is not known."""
    class_name: str = ""
    """The qualified name of its class, where the file writes one."""
    value: str = ""
    """Of a scalar or text what it is, shortened."""
    entries: tuple[FileEntry, ...] = ()

    @property
    def is_tensors(self) -> bool:
        """Whether it is a mapping of nothing but tensors, at any depth, which is what a state dict is."""
        return (
            self.kind == MAPPING and bool(self.entries) and all(e.kind == TENSOR or e.is_tensors for e in self.entries)
        )

    def tensors(self, prefix: str = "") -> Iterator[tuple[str, FileEntry]]:
        """Every tensor below, by its dotted name."""
        for entry in self.entries:
            name = f"{prefix}{entry.key}"
            if entry.kind == TENSOR:
                yield name, entry
            elif entry.entries:
                yield from entry.tensors(f"{name}.")


@dataclass(frozen=True, slots=True)
class Contents:
    """What a file holds."""

    path: str
    format: str
    """How it is written, in words: "PyTorch, zip"."""
    root: FileEntry
    warnings: tuple[str, ...] = ()
    """What loading it would run, and what could not be told."""


def scalar(key: str, value: object) -> FileEntry:
    """The entry of a plain value: None, a number, a string, bytes."""
    if isinstance(value, str):
        return FileEntry(key, TEXT, value=shortened(value))
    if value is None:
        return FileEntry(key, SCALAR, dtype="None", value="None")
    return FileEntry(key, SCALAR, dtype=type(value).__name__, value=shortened(repr(value)))


def shortened(text: str) -> str:
    """A text that is safe to print in one line."""
    cut = text if len(text) <= _SHOWN_TEXT else f"{text[: _SHOWN_TEXT - 1]}…"
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in cut)


def too_deep(key: str) -> FileEntry:
    """What stands for everything below the deepest level."""
    return FileEntry(key, OBJECT, value=f"more than {MAX_DEPTH} levels deep")
