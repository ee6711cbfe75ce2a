"""STAND-IN: reports unreadable files only; the analysis replaces this module behind the same interface."""

from __future__ import annotations

from dataclasses import dataclass, field

from ckptlint.config import Settings
from ckptlint.diagnostic import Confidence, Diagnostic
from ckptlint.engine.files import ProjectFiles
from ckptlint.rules.tool.unreadable_file import RULE as UNREADABLE_FILE
from ckptlint.text import Span


@dataclass(frozen=True, slots=True)
class Failure:
    """An internal error; the rest of the run goes on."""

    message: str


@dataclass(slots=True)
class Outcome:
    """What the rules said, of every confidence, before suppressions and selection."""

    diagnostics: list[Diagnostic] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)


def run(files: ProjectFiles, settings: Settings) -> Outcome:
    """Compile every file; report those that are not valid Python."""
    outcome = Outcome()
    for path in files.everything:
        shown = files.shown(path)
        try:
            compile(files.read(path), shown, "exec", dont_inherit=True)
        except SyntaxError as error:
            row, column = error.lineno or 1, max(error.offset or 1, 1)
            span = Span(shown, row, column, row, column + 1)
            message = f"not valid Python: {error.msg}"
            outcome.diagnostics.append(UNREADABLE_FILE.at(span, message, confidence=Confidence.HIGH))
        except ValueError as error:
            span = Span(shown, 1, 1, 1, 1)
            message = f"not valid Python: {error}"
            outcome.diagnostics.append(UNREADABLE_FILE.at(span, message, confidence=Confidence.HIGH))
    return outcome
