"""What an existing checkpoint file holds: read without unpickling or running anything of it."""

from __future__ import annotations

from ckptlint.files.entries import Contents, FileEntry
from ckptlint.files.errors import UnreadableCheckpointError
from ckptlint.files.read import read_checkpoint

__all__ = ["Contents", "FileEntry", "UnreadableCheckpointError", "read_checkpoint"]
