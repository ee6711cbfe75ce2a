"""Files that are no checkpoints, told by how they begin."""

from __future__ import annotations

from collections.abc import Sequence

_LFS = b"version https://git-lfs"
_COMPRESSED = "it is compressed with {}; unpack it first"
_OTHERS: tuple[tuple[bytes, str], ...] = (
    (_LFS, "it is a Git LFS pointer and not the checkpoint itself; get it with `git lfs pull`"),
    (b"\x89PNG\r\n", "it is a PNG picture; give the file that the training wrote"),
    (b"\xff\xd8\xff", "it is a JPEG picture; give the file that the training wrote"),
    (b"%PDF-", "it is a PDF document; give the file that the training wrote"),
    (b"\x7fELF", "it is a program; give the file that the training wrote"),
    (b"\x1f\x8b", _COMPRESSED.format("gzip")),
    (b"BZh", _COMPRESSED.format("bzip2")),
    (b"\xfd7zXZ\x00", _COMPRESSED.format("xz")),
    (b"\x28\xb5\x2f\xfd", _COMPRESSED.format("zstd")),
    (b"7z\xbc\xaf\x27\x1c", _COMPRESSED.format("7-Zip")),
    (b"GGUF", "it is a GGUF file, which is not read; give the checkpoint it was made from"),
)
_PAGES = (b"<!doctype html", b"<html", b"<?xml")


def other_format(head: bytes) -> str | None:
    """What a file is that begins so, and what to do; None when it may be a checkpoint."""
    for magic, message in _OTHERS:
        if head.startswith(magic):
            return message
    if head.lstrip().lower().startswith(_PAGES):
        return "it is a web page and not the checkpoint: the download gave an error page; download it again"
    return None


def described(names: Sequence[str]) -> str:
    """A few names, for a message."""
    if not names:
        return "nothing"
    shown = ", ".join(f"`{_safe(name)}`" for name in names[:3])
    return f"{shown} and {len(names) - 3:,} more" if len(names) > 3 else shown


def _safe(name: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in name[:60])
