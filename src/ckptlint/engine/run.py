"""The analysis of a project: files to facts to what the rules say of them."""

from __future__ import annotations

import gc
import re
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, is_dataclass, replace
from pathlib import Path

from ckptlint.config import Settings
from ckptlint.config.catalog import catalog_of
from ckptlint.diagnostic import Confidence, Diagnostic, Related
from ckptlint.engine.declared import declared_versions
from ckptlint.engine.files import ProjectFiles
from ckptlint.facts.project import Facts
from ckptlint.facts.runs import RunBuilder
from ckptlint.facts.slices import Slices
from ckptlint.flow.analyzer import Analyzer
from ckptlint.flow.domain import FunctionKey, Site
from ckptlint.flow.program import Program
from ckptlint.knowledge.catalog import Catalog
from ckptlint.knowledge.roles import Role
from ckptlint.rule import Rule
from ckptlint.rules import all_rules
from ckptlint.rules.tool.unreadable_file import RULE as UNREADABLE_FILE
from ckptlint.semantics.lower import lower
from ckptlint.semantics.model import Record
from ckptlint.syntax.tree import Unreadable
from ckptlint.text import Fix, Span

TRIGGERS = frozenset(
    {
        Role.SAVE,
        Role.LOAD,
        Role.SNAPSHOT,
        Role.RESTORE,
        Role.MODE_SWITCH,
        Role.MODE_CONTEXT,
        Role.BACKWARD,
        Role.NO_GRAD,
        Role.FIT,
        Role.SPLIT,
        Role.CALL,
    }
)
"""Roles whose calls make a file worth reading: what the rules look at, absences included."""
FOLLOWED = TRIGGERS - {Role.FIT}
"""Roles whose calls make a function worth following that nothing calls; `fit` and `evaluate` are names of anything."""


@dataclass(frozen=True, slots=True)
class Failure:
    """An internal error; the rest of the run goes on."""

    message: str


@dataclass(slots=True)
class Outcome:
    """What the rules said, of every confidence, before suppressions and selection."""

    diagnostics: list[Diagnostic] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)


def run(files: ProjectFiles, settings: Settings, whole: bool = False) -> Outcome:
    """Read what can matter (all, when `whole`), derive facts, and let every rule look at them."""
    outcome = Outcome()
    with analysed(files, settings, outcome, whole) as (facts, reader):
        for rule in all_rules():
            outcome.diagnostics.extend(_run_rule(rule, facts, reader))
    outcome.diagnostics = _distinct(shown_diagnostic(d, files, reader.paths) for d in outcome.diagnostics)
    outcome.failures = list(dict.fromkeys(outcome.failures))
    return outcome


@contextmanager
def analysed(
    files: ProjectFiles, settings: Settings, outcome: Outcome, whole: bool = False
) -> Iterator[tuple[Facts, Reader]]:
    """The facts of a project; what could not be read, or failed, goes to the outcome."""
    catalog = _in_declared_versions(catalog_of(settings), files.root, settings)
    paths = {path.as_posix(): path for path in files.everything}
    reader = Reader(files, paths, outcome)
    program = Program(files.root.as_posix(), paths, reader.read, reader.lower, catalog)
    analyzer = Analyzer(program, reader.failed)
    triggers = catalog.triggers(TRIGGERS)
    # Trees and records hold no cycles worth collecting, and the collector would walk them again and again.
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        slices = Slices(program, analyzer.classes, triggers, _names(catalog), whole)
        runs = RunBuilder(program, analyzer, slices).build()
        facts = Facts(analyzer, runs, frozenset(settings.evaluation_names))
        for path in sorted(files.named):
            program.record(path.as_posix())
        yield facts, reader
        # A cycle, so that what was read is left to the collector: taking it apart costs a tenth of the run.
        kept: list[object] = [facts]
        kept.append(kept)
    finally:
        if was_enabled:
            gc.enable()


def _in_declared_versions(catalog: Catalog, root: Path, settings: Settings) -> Catalog:
    """The catalog for the versions that the project declares; of frameworks that come with one another all or none."""
    wanted = catalog.dated - catalog.bundles
    if catalog.bundles.isdisjoint(settings.versions):
        wanted |= catalog.bundles
    declared = declared_versions(root, wanted - settings.versions.keys())
    return catalog.with_versions({**declared, **settings.versions}) if declared else catalog


def _names(catalog: Catalog) -> frozenset[str]:
    """Names that make a function worth following: the last word of every trigger."""
    found = (re.findall(r"[A-Za-z_]\w*", literal.decode()) for literal in catalog.triggers(FOLLOWED))
    return frozenset(words[-1] for words in found if words)


class Reader:
    """Reads and lowers files; what cannot be read becomes a diagnostic."""

    def __init__(self, files: ProjectFiles, paths: dict[str, Path], outcome: Outcome) -> None:
        self.files = files
        self.paths = paths
        self.outcome = outcome

    def read(self, path: str) -> bytes | None:
        """The bytes of a file, None when it is gone or forbidden."""
        try:
            return self.files.read(self.paths[path])
        except OSError as error:
            self._unreadable(path, 1, 1, f"cannot be read: {error.strerror or error}")
            return None

    def lower(self, path: str, data: bytes) -> Record | None:
        """The record of a file, None when it is not valid Python."""
        try:
            return lower(path, data)
        except Unreadable as error:
            self._unreadable(path, error.row, error.column, f"not valid Python: {error.message}")
        except Exception as error:
            self.broke(f"reading {self.shown(path)}", error)
        return None

    def failed(self, key: FunctionKey, error: Exception) -> None:
        """An internal error in the analysis of one function."""
        self.broke(f"the analysis of {self.shown(key.path)}", error)

    def broke(self, what: str, error: Exception) -> None:
        """An internal error, told once at the end."""
        self.outcome.failures.append(Failure(f"{what} failed: {_said(error)}"))

    def shown(self, path: str) -> str:
        """A file of the program as the user sees it."""
        return self.files.shown(self.paths[path])

    def _unreadable(self, path: str, row: int, column: int, message: str) -> None:
        span = Span(path, row, column, row, column + 1)
        self.outcome.diagnostics.append(UNREADABLE_FILE.at(span, message, confidence=Confidence.HIGH))


def _said(error: Exception) -> str:
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__}: {error} ({Path(last.filename).name}:{last.lineno})"


def _run_rule(rule: Rule, facts: Facts, reader: Reader) -> Iterator[Diagnostic]:
    for fact_type, check in rule.checks:
        try:
            found = facts.of(fact_type)
        except Exception as error:
            reader.broke(f"rule {rule.code} has no facts: deriving {fact_type.__name__}", error)
            continue
        for fact in found:
            try:
                yield from check(fact, facts)
            except Exception as error:
                site = _site(fact)
                where = f"{reader.shown(site.path)}:{site.at[0]}" if site else f"a {fact_type.__name__}"
                reader.broke(f"rule {rule.code} on {where}", error)


def _site(fact: object) -> Site | None:
    """Where a fact was seen: its own site, or that of the event it holds."""
    held = [getattr(fact, one.name) for one in fields(fact)] if is_dataclass(fact) else []
    sites = (*held, *(getattr(one, "site", None) for one in held))
    return next((one for one in sites if isinstance(one, Site)), None)


def shown_diagnostic(diagnostic: Diagnostic, files: ProjectFiles, paths: dict[str, Path]) -> Diagnostic:
    """The diagnostic with its files named as the user sees them."""

    def shown(span: Span) -> Span:
        return replace(span, path=files.shown(paths[span.path])) if span.path in paths else span

    fix = diagnostic.fix
    return replace(
        diagnostic,
        span=shown(diagnostic.span),
        related=tuple(Related(shown(r.span), r.message) for r in diagnostic.related),
        fix=Fix(fix.title, fix.applicability, tuple(replace(e, span=shown(e.span)) for e in fix.edits))
        if fix is not None
        else None,
        statement=shown(diagnostic.statement) if diagnostic.statement is not None else None,
    )


def _distinct(diagnostics: Iterator[Diagnostic]) -> list[Diagnostic]:
    """One diagnostic a place and code: the surest, and of equals the one that tells most."""
    best: dict[tuple[str, Span], Diagnostic] = {}
    for diagnostic in diagnostics:
        key = (diagnostic.code, diagnostic.span)
        known = best.get(key)
        if known is None or (diagnostic.confidence, len(diagnostic.related)) > (
            known.confidence,
            len(known.related),
        ):
            best[key] = diagnostic
    return list(best.values())
