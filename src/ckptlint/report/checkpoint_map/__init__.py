"""The checkpoint map: one module a format, found by its name."""

from __future__ import annotations

import importlib
from collections.abc import Iterator

from ckptlint.report.checkpoint_map.view import MapView

FORMATS = ("table", "json", "mermaid", "html")
"""Names of formats; `table` is for the terminal."""

_MODULES = {"table": "terminal"}


def render(name: str, view: MapView) -> Iterator[str]:
    """The map in a format, piece by piece."""
    module = importlib.import_module(f"{__name__}.{_MODULES.get(name, name)}")
    yield from module.render(view)
