"""`ckptlint check`: from the words of the command line to a report and an exit code."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

import click

from ckptlint.config import (
    ConfigError,
    FileConfig,
    Overrides,
    Settings,
    find_config,
    join,
    read_config,
)
from ckptlint.config.catalog import catalog_of
from ckptlint.config.values import parse_confidence, parse_size
from ckptlint.engine.check import Result
from ckptlint.engine.check import check as check_files
from ckptlint.engine.files import ProjectFiles, discover, shown_path
from ckptlint.engine.root import analysis_root, common_parent, given_path
from ckptlint.report import render
from ckptlint.report.output import wants_color, write_file, write_out
from ckptlint.report.summary import statistics as count_rules
from ckptlint.report.summary import summary
from ckptlint.report.view import View
from ckptlint.selectors import Selection, Selector, nearest, parse_selector
from ckptlint.syntax.tree import Unreadable, read_source
from ckptlint.text import Source

T = TypeVar("T")

STDIN = "-"


class Refused(click.ClickException):
    """Wrong usage or configuration."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class _Console:
    """What goes to standard error."""

    quiet: bool
    verbose: bool

    def warn(self, message: str) -> None:
        if not self.quiet:
            click.echo(f"warning: {message}", err=True)

    def note(self, message: str) -> None:
        if self.verbose:
            click.echo(message, err=True)


def run_check(
    *,
    paths: Sequence[str],
    select: Sequence[str],
    extend_select: Sequence[str],
    ignore: Sequence[str],
    min_confidence: str | None,
    output_format: str,
    output_file: str | None,
    statistics: bool,
    exit_zero: bool,
    exclude: Sequence[str],
    extend_exclude: Sequence[str],
    force_exclude: bool,
    no_respect_gitignore: bool,
    max_file_size: str | None,
    config: str | None,
    isolated: bool,
    no_cache: bool,
    stdin_filename: str | None,
    color: str,
    quiet: bool,
    verbose: bool,
) -> int:
    """Run the command; the exit code."""
    started = time.perf_counter()
    try:
        os.getcwd()
    except OSError as error:
        raise Refused(f"the current folder cannot be read: {error.strerror or error}") from error
    console = _Console(quiet, verbose and not quiet)
    overrides = Overrides(
        selection=Selection(
            _selectors("--select", select) if select else None,
            _selectors("--extend-select", extend_select),
            _selectors("--ignore", ignore),
        ),
        exclude=tuple(_words(exclude)) if exclude else None,
        extend_exclude=tuple(_words(extend_exclude)),
        min_confidence=_parsed("--min-confidence", min_confidence, parse_confidence),
        max_file_size=_parsed("--max-file-size", max_file_size, parse_size),
        force_exclude=force_exclude,
        respect_gitignore=not no_respect_gitignore,
    )
    overlay = _standard_input(paths, stdin_filename)
    given = [] if overlay else _existing(paths or ["."])
    parent = common_parent([*given, *overlay])
    settings = _settings(parent, config, isolated, overrides)
    files = discover(given, analysis_root(parent), settings, overlay)
    _tell_files(files, given, settings, console)
    result = check_files(files, settings)
    _print_report(result, output_format, output_file, statistics, color)
    for failure in result.failures:
        click.echo(f"ckptlint: internal error: {failure.message}; please report it", err=True)
    if not quiet and files.given:
        click.echo(summary(result.diagnostics, result.hidden, len(files.given)), err=True)
    console.note(f"took {time.perf_counter() - started:.2f} s")
    if result.failures:
        return 2
    return 1 if result.diagnostics and not exit_zero else 0


def _words(values: Iterable[str]) -> list[str]:
    return [word.strip() for value in values for word in value.split(",") if word.strip()]


def _selectors(option: str, values: Iterable[str]) -> tuple[Selector, ...]:
    return tuple(_parse(option, word, parse_selector) for word in _words(values))


def _parsed(option: str, value: str | None, parse: Callable[[str], T]) -> T | None:
    return None if value is None else _parse(option, value, parse)


def _parse(option: str, value: str, parse: Callable[[str], T]) -> T:
    try:
        return parse(value)
    except ValueError as error:
        raise Refused(f"{option}: {error}") from error


def _existing(paths: Iterable[str]) -> list[Path]:
    if "" in paths:
        raise Refused("one of the paths is empty")
    missing = [Path(os.path.abspath(path)) for path in paths if not os.path.lexists(path)]
    if missing:
        raise Refused("\n".join(map(_missing, missing)))
    return [given_path(path) for path in dict.fromkeys(paths)]


def _missing(path: Path) -> str:
    text = f"no such file or folder: {shown_path(str(path), os.getcwd())}"
    if path.name in ("check", "explain", "rules"):
        return f"{text} (a command goes first: `ckptlint {path.name} …`)"
    try:
        # Without their suffixes, for two short names that end in `.py` are much alike.
        stems = {os.path.splitext(name)[0]: name for name in sorted(os.listdir(path.parent))}
    except OSError:
        return text
    found = nearest(path.stem, stems)
    return f"{text}; did you mean `{shown_path(str(path.parent / stems[found]), os.getcwd())}`?" if found else text


def _standard_input(paths: Sequence[str], name: str | None) -> dict[Path, bytes]:
    if STDIN not in paths:
        if name is not None:
            raise Refused("--stdin-filename names what is read from standard input: give `-` as the only path")
        return {}
    if len(paths) > 1:
        raise Refused("`-` (standard input) must be the only path")
    return {Path(os.path.abspath(name or "<stdin>")): sys.stdin.buffer.read()}


def _settings(parent: Path, config: str | None, isolated: bool, overrides: Overrides) -> Settings:
    if config is not None and isolated:
        raise Refused("--config and --isolated exclude each other")
    here = Path.cwd()
    try:
        path = Path(os.path.abspath(config)) if config is not None else None if isolated else find_config(parent)
        found = FileConfig() if path is None else read_config(path, shown_path(str(path), str(here)))
        settings = join(found, overrides, here)
        if settings.api is not None or settings.versions:
            catalog_of(settings)  # what is wrong is told now, not in the middle of the run
        return settings
    except ConfigError as error:
        raise Refused(str(error)) from error


def _tell_files(files: ProjectFiles, given: Iterable[Path], settings: Settings, console: _Console) -> None:
    console.note(f"configuration: {settings.source or 'none'}")
    console.note(f"analysis root: {files.root}")
    console.note(f"files: {len(files.given):,} given, {len(files.everything):,} read for facts")
    for warning in files.warnings:
        console.warn(_shown_message(warning, files))
    for note in files.notes:
        console.note(_shown_message(note, files))
    if settings.force_exclude:  # then a hook gives what is excluded, and nothing to read is no surprise
        return
    for folder in given:
        if folder.is_dir() and not any(path.is_relative_to(folder) for path in files.given):
            console.warn(f"no Python files in {shown_path(str(folder), str(files.here))}")


def _shown_message(message: str, files: ProjectFiles) -> str:
    return shown_path(message, str(files.here))


def _print_report(result: Result, output_format: str, output_file: str | None, statistics: bool, color: str) -> None:
    files = result.files

    # Diagnostics come sorted by path, so a few files at a time are enough.
    @lru_cache(maxsize=16)
    def source(shown: str) -> Source | None:
        try:
            return read_source(shown, files.read(files.located(shown)))
        except (OSError, Unreadable):
            return None

    if statistics:
        pieces: Iterable[str] = [count_rules(result.diagnostics, output_format == "json")]
    else:
        colored = color == "always" if output_file is not None else wants_color(color)
        pieces = render(output_format, View(result.diagnostics, source, files.below_root, colored))
    name = "standard output"
    try:
        if output_file is None or output_file == STDIN:
            write_out(pieces)
            return
        name = f"--output-file: {output_file}"
        write_file(Path(output_file), pieces)
    except OSError as error:
        raise Refused(f"{name} cannot be written: {error.strerror or error}") from error
