"""What a checkpoint file holds, beside what the code saves and reads: one module a format."""

from __future__ import annotations

import importlib
from collections.abc import Iterator

from ckptlint.report.checkpoint_file.view import FileView

FORMATS = ("table", "json")
"""Names of formats; `table` is for the terminal."""

_MODULES = {"table": "terminal"}


def render(name: str, view: FileView) -> Iterator[str]:
    """The file in a format, piece by piece."""
    module = importlib.import_module(f"{__name__}.{_MODULES.get(name, name)}")
    yield from module.render(view)
