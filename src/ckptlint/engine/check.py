"""One run: files, rules, suppressions, selection."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from ckptlint.config import FileConfig, Overrides, Settings, find_config, join, read_config
from ckptlint.diagnostic import Diagnostic
from ckptlint.engine.files import ProjectFiles, discover
from ckptlint.engine.root import analysis_root, common_parent, given_path
from ckptlint.engine.run import Failure, run
from ckptlint.engine.suppressions import apply_suppressions


@dataclass(slots=True)
class Result:
    """What a run prints."""

    diagnostics: list[Diagnostic]
    """Sorted by path, row, column and code."""
    failures: list[Failure]
    hidden: int
    """How many more there are below the shown confidence."""
    files: ProjectFiles


def check(files: ProjectFiles, settings: Settings, whole: bool = False) -> Result:
    """Everything that the rules in force report on the given files.

    With `whole` every function of every file is followed, whether it can matter or not: the same, but slower.
    """
    outcome = run(files, settings, whole)
    diagnostics = apply_suppressions(outcome.diagnostics, files, settings)
    selected = [one for one in _selected(diagnostics, files, settings) if _is_printed(one, files)]
    sure = [one for one in selected if one.confidence >= settings.min_confidence]
    graded = [replace(one, severity=settings.severity.get(one.code, one.severity)) for one in sure]
    return Result(sorted(graded, key=_order), outcome.failures, len(selected) - len(sure), files)


def check_paths(paths: Iterable[Path]) -> Result:
    """What the command prints for these paths with no options: for other programs and for tests."""
    given = [given_path(path) for path in paths]
    parent = common_parent(given)
    found = find_config(parent)
    settings = join(read_config(found) if found else FileConfig(), Overrides(), Path.cwd())
    return check(discover(given, analysis_root(parent), settings), settings)


def _selected(diagnostics: Iterable[Diagnostic], files: ProjectFiles, settings: Settings) -> Iterable[Diagnostic]:
    ignored: dict[str, frozenset[str]] = {}
    for one in diagnostics:
        path = one.span.path
        if path not in ignored:
            ignored[path] = settings.ignored_in(str(files.located(path)))
        if one.code in settings.codes and one.code not in ignored[path]:
            yield one


def _is_printed(one: Diagnostic, files: ProjectFiles) -> bool:
    places: set[Path] = {files.located(span.path) for span in (one.span, *(rest.span for rest in one.related))}
    return not places.isdisjoint(files.given)


def _order(one: Diagnostic) -> tuple[str, int, int, int, str, str]:
    return (one.span.path, one.span.cell or 0, one.span.row, one.span.column, one.code, one.message)
