"""A checkpoint can call any function while it is loaded, unless the load accepts plain data only."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import torch
from toy import conclude


class Payload:
    """Pickled, it is the call of a function: here of one that makes an empty folder."""

    def __init__(self, path: Path) -> None:
        self.path = str(path)

    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, (self.path,)


def ran(folder: Path, weights_only: bool) -> tuple[bool, str]:
    """Whether the function was called while the file was loaded, and what the load raised."""
    mark, path = folder / f"ran-{weights_only}", folder / "model.pt"
    torch.save({"epoch": 1, "model": Payload(mark)}, path)
    try:
        torch.load(path, weights_only=weights_only)
        said = "nothing"
    except Exception as error:
        said = type(error).__name__
    return mark.exists(), said


with tempfile.TemporaryDirectory() as name:
    wrong, right = ran(Path(name), False), ran(Path(name), True)
conclude(
    f"weights_only=False: the file's function was called: {wrong[0]}, the load raised {wrong[1]}; "
    f"weights_only=True: called: {right[0]}, raised {right[1]}",
    wrong == (True, "nothing") and right == (False, "UnpicklingError"),
)
