"""Callbacks and the like that let a library's own loop write checkpoints: where to, and how much of the training."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ckptlint.facts.file_paths import Pattern, path_pattern
from ckptlint.facts.project import Facts, derives
from ckptlint.facts.runs import Run
from ckptlint.flow.events import Built
from ckptlint.knowledge.roles import Role


@dataclass(frozen=True, slots=True)
class LibraryWriter:
    """An object that writes checkpoints while the library trains."""

    built: Built
    run: Run
    pattern: Pattern | None
    """The path it is given, as `path_pattern`."""
    weights_only: bool
    """It is told to keep the weights only."""


@derives(LibraryWriter)
def library_writers(facts: Facts) -> Iterator[LibraryWriter]:
    """Every such object that a run makes."""
    for run in facts.runs:
        for event in run.events:
            if not isinstance(event, Built) or event.role is not Role.SAVE:
                continue
            for ref in event.made.refs():
                held = run.object_at(ref.location)
                if held is None or held.api is None:
                    continue
                path = held.argument(str(held.api.options.get("path", "")))
                flag = held.argument(str(held.api.options.get("weights_flag", "")))
                literal = flag.constant() if flag is not None else None
                weights_only = literal is not None and literal.value is True
                yield LibraryWriter(event, run, path_pattern(path) if path is not None else None, weights_only)
                break
