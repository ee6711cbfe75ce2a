"""What the report of a checkpoint file is drawn from."""

from __future__ import annotations

from dataclasses import dataclass

from ckptlint.facts.compared_files import Comparison
from ckptlint.files import Contents


@dataclass(frozen=True, slots=True)
class FileView:
    """A file's contents, what they were compared with, and how both are to be shown."""

    contents: Contents
    comparison: Comparison | None
    """None when no checkpoint of the code fits."""
    is_folded: bool = True
    """A state dict is one row, not one for each of its tensors."""
    color: bool = False
