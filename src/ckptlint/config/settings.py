"""The settings of a run, and how the file and the command line make them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ckptlint.diagnostic import Confidence, Severity
from ckptlint.patterns import Patterns
from ckptlint.selectors import Selection, Selector, selected_codes

DEFAULT_MAX_FILE_SIZE = 5_000_000


@dataclass(frozen=True, slots=True)
class Exclusion:
    """Patterns in the language of .gitignore, relative to a folder."""

    base: Path
    patterns: Patterns

    def relative(self, path: str) -> str | None:
        """A path relative to the patterns' folder; None outside it."""
        base = str(self.base).rstrip("/\\")
        if len(path) <= len(base) or not path.startswith(base) or path[len(base)] not in "/\\":
            return None
        return path[len(base) + 1 :].replace("\\", "/")


@dataclass(frozen=True, slots=True)
class ApiRows:
    """Rows of library knowledge written by the user, and the place of each for messages."""

    source: str
    rows: tuple[Mapping[str, Any], ...]
    places: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FileConfig:
    """A configuration file, checked; None where it says nothing."""

    path: Path | None = None
    selection: Selection = field(default_factory=Selection)
    per_file_ignores: tuple[tuple[str, tuple[Selector, ...]], ...] = ()
    severity: tuple[tuple[Selector, Severity], ...] = ()
    exclude: tuple[str, ...] | None = None
    extend_exclude: tuple[str, ...] = ()
    min_confidence: Confidence | None = None
    evaluation_names: tuple[str, ...] = ()
    versions: Mapping[str, str] = field(default_factory=dict)
    api: ApiRows | None = None
    max_file_size: int | None = None


@dataclass(frozen=True, slots=True)
class Overrides:
    """What the command line says; it wins over the file."""

    selection: Selection = field(default_factory=Selection)
    exclude: tuple[str, ...] | None = None
    extend_exclude: tuple[str, ...] = ()
    min_confidence: Confidence | None = None
    max_file_size: int | None = None
    force_exclude: bool = False
    respect_gitignore: bool = True


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything a run obeys."""

    codes: frozenset[str]
    """The rules in force."""
    source: Path | None = None
    """The configuration file, if any."""
    per_file_ignores: tuple[tuple[Exclusion, frozenset[str]], ...] = ()
    severity: Mapping[str, Severity] = field(default_factory=dict)
    """By code, where it differs from the rule's own."""
    min_confidence: Confidence = Confidence.MEDIUM
    default_exclusions: bool = True
    """Whether the built-in list of folders to skip applies."""
    exclusions: tuple[Exclusion, ...] = ()
    force_exclude: bool = False
    respect_gitignore: bool = True
    max_file_size: int = DEFAULT_MAX_FILE_SIZE
    """In bytes."""
    evaluation_names: frozenset[str] = frozenset()
    """Names that mean evaluation, beside the built-in ones."""
    versions: Mapping[str, str] = field(default_factory=dict)
    """Framework to the version that the code is meant for."""
    api: ApiRows | None = None

    def ignored_in(self, path: str) -> frozenset[str]:
        """The codes that per-file ignores switch off in a file (absolute path)."""
        codes: frozenset[str] = frozenset()
        for pattern, ignored in self.per_file_ignores:
            relative = pattern.relative(path)
            if relative is not None and pattern.patterns.covers(relative):
                codes |= ignored
        return codes


def join(config: FileConfig, overrides: Overrides, here: Path) -> Settings:
    """The settings in force; patterns of the command line are relative to `here`."""
    base = config.path.parent if config.path else here
    replaced = overrides.exclude is not None or config.exclude is not None
    exclusions = [(base, config.extend_exclude), (here, overrides.extend_exclude)]
    if overrides.exclude is not None:
        exclusions.append((here, overrides.exclude))
    elif config.exclude is not None:
        exclusions.append((base, config.exclude))
    severity: dict[str, Severity] = {}
    for selector, level in sorted(config.severity, key=lambda row: row[0].exactness):
        severity |= dict.fromkeys(selector.codes, level)
    return Settings(
        codes=selected_codes((config.selection, overrides.selection)),
        source=config.path,
        per_file_ignores=tuple(
            (Exclusion(base, Patterns([pattern])), frozenset().union(*(one.codes for one in ignored)))
            for pattern, ignored in config.per_file_ignores
        ),
        severity=severity,
        min_confidence=overrides.min_confidence or config.min_confidence or Confidence.MEDIUM,
        default_exclusions=not replaced,
        exclusions=tuple(Exclusion(folder, Patterns(lines)) for folder, lines in exclusions if lines),
        force_exclude=overrides.force_exclude,
        respect_gitignore=overrides.respect_gitignore,
        max_file_size=overrides.max_file_size or config.max_file_size or DEFAULT_MAX_FILE_SIZE,
        evaluation_names=frozenset(config.evaluation_names),
        versions=dict(config.versions),
        api=config.api,
    )
