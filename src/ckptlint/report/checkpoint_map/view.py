"""What a map is drawn from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ckptlint.facts.mapped_checkpoints import CheckpointMap, Spot


@dataclass(frozen=True, slots=True)
class MapView:
    """The map with its files named as the user sees them, and how it is to be shown."""

    map: CheckpointMap
    link: Callable[[Spot], str | None]
    """The address of a place; None when it has none."""
    project: str = ""
    """The name of the project's folder."""
    color: bool = False
