"""How diagnostics are printed."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import cast

from ckptlint.report.view import Renderer, View

FORMATS = ("full", "concise", "json")


def render(name: str, view: View) -> Iterator[str]:
    """The report in one of the `FORMATS`, in pieces that end where a line ends."""
    # Loaded by name, so that one format does not pay for the others.
    return cast("Renderer", importlib.import_module(f"{__name__}.{name}").render)(view)
