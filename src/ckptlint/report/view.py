"""What a report is made from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from ckptlint.diagnostic import Diagnostic
from ckptlint.text import Source, rows


@dataclass(frozen=True, slots=True)
class View:
    """Diagnostics in their order, and the text they are about."""

    diagnostics: Sequence[Diagnostic]
    source: Callable[[str], Source | None]
    """The text of a path as shown; None when it cannot be read."""
    below_root: Callable[[str], str]
    """A path as shown to the one below the analysis root, the same wherever the command is started."""
    color: bool = False


Renderer = Callable[[View], Iterator[str]]


@lru_cache(maxsize=8)
def lines(text: str) -> tuple[str, ...]:
    """The rows of a file without their line ends; remembered, for one file has many diagnostics."""
    return tuple(row.rstrip("\r\n") for row in rows(text))
