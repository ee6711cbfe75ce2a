"""The checkpoint map of the given files, with what could not be read."""

from __future__ import annotations

from dataclasses import dataclass

from ckptlint.config import Settings
from ckptlint.diagnostic import Diagnostic
from ckptlint.engine.files import ProjectFiles
from ckptlint.engine.run import Failure, Outcome, analysed, shown_diagnostic
from ckptlint.facts.mapped_checkpoints import CheckpointMap


@dataclass(slots=True)
class Mapped:
    """A map, and what went wrong on the way."""

    map: CheckpointMap
    """Of the checkpoints that have a place in a given file; files are named as the user sees them."""
    unreadable: list[Diagnostic]
    """Of the given files; sorted."""
    failures: list[Failure]


def map_checkpoints(files: ProjectFiles, settings: Settings) -> Mapped:
    """The map of a project, of which those checkpoints are kept that the given files write or read."""
    outcome = Outcome()
    found = CheckpointMap((), (), ())
    with analysed(files, settings, outcome) as (facts, reader):
        try:
            found = facts.of(CheckpointMap)[0]
        except Exception as error:
            reader.broke("the checkpoint map", error)
    given = {path.as_posix() for path in files.given}
    shown = found.limited(given.__contains__).shown(reader.shown)
    unreadable = [shown_diagnostic(one, files, reader.paths) for one in outcome.diagnostics if one.span.path in given]
    return Mapped(shown, sorted(unreadable, key=lambda one: one.span), list(dict.fromkeys(outcome.failures)))
