"""Which files can matter at all, decided on their bytes."""

from __future__ import annotations

from collections.abc import Iterable


def has_any(data: bytes, literals: Iterable[bytes]) -> bool:
    """Whether one of the literals stands anywhere in the data; no literal, no match."""
    return any(literal in data for literal in literals)
