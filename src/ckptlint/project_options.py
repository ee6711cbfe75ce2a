"""What all commands that read a project share: its paths, its settings, what is told about its files, the output."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import click

from ckptlint.config import ConfigError, FileConfig, Overrides, Settings, find_config, join, read_config
from ckptlint.config.catalog import catalog_of
from ckptlint.config.values import parse_size
from ckptlint.diagnostic import Confidence
from ckptlint.engine.files import ProjectFiles, discover, shown_path
from ckptlint.engine.root import analysis_root, common_parent, given_path
from ckptlint.report.output import write_file, write_out
from ckptlint.selectors import Selection, nearest

T = TypeVar("T")

STDIN = "-"
COMMANDS = ("check", "explain", "map", "rules")


class Refused(click.ClickException):
    """Wrong usage or configuration."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class Console:
    """What goes to standard error."""

    quiet: bool
    verbose: bool

    def warn(self, message: str) -> None:
        """Something that was asked for and is not done."""
        if not self.quiet:
            click.echo(f"warning: {message}", err=True)

    def note(self, message: str) -> None:
        """What only `--verbose` tells."""
        if self.verbose:
            click.echo(message, err=True)


@dataclass(frozen=True, slots=True)
class ProjectOptions:
    """The options of every command that reads a project, as given."""

    paths: Sequence[str]
    exclude: Sequence[str]
    extend_exclude: Sequence[str]
    force_exclude: bool
    no_respect_gitignore: bool
    max_file_size: str | None
    config: str | None
    isolated: bool
    stdin_filename: str | None
    quiet: bool
    verbose: bool

    @property
    def console(self) -> Console:
        """Where warnings go."""
        return Console(self.quiet, self.verbose and not self.quiet)


def open_project(
    options: ProjectOptions, selection: Selection | None = None, min_confidence: Confidence | None = None
) -> tuple[ProjectFiles, Settings]:
    """The files that are read and the settings in force; what is passed over is told. Raises `Refused`."""
    try:
        os.getcwd()
    except OSError as error:
        raise Refused(f"the current folder cannot be read: {error.strerror or error}") from error
    overrides = Overrides(
        selection=selection or Selection(),
        exclude=tuple(words_of_option(options.exclude)) if options.exclude else None,
        extend_exclude=tuple(words_of_option(options.extend_exclude)),
        min_confidence=min_confidence,
        max_file_size=parsed_option("--max-file-size", options.max_file_size, parse_size),
        force_exclude=options.force_exclude,
        respect_gitignore=not options.no_respect_gitignore,
    )
    overlay = _standard_input(options.paths, options.stdin_filename)
    given = [] if overlay else _existing(options.paths or ["."])
    parent = common_parent([*given, *overlay])
    settings = _settings(parent, options.config, options.isolated, overrides)
    files = discover(given, analysis_root(parent), settings, overlay)
    _tell_files(files, given, settings, options.console)
    return files, settings


def write_report(pieces: Iterable[str], output_file: str | None) -> None:
    """To a file, or to standard output. Raises `Refused` when it cannot be written."""
    name = "standard output"
    try:
        if output_file is None or output_file == STDIN:
            write_out(pieces)
            return
        name = f"--output-file: {output_file}"
        write_file(Path(output_file), pieces)
    except OSError as error:
        raise Refused(f"{name} cannot be written: {error.strerror or error}") from error


def words_of_option(values: Iterable[str]) -> list[str]:
    """The words of an option that is given several times, or with commas."""
    return [word.strip() for value in values for word in value.split(",") if word.strip()]


def parsed_option(option: str, value: str | None, parse: Callable[[str], T]) -> T | None:
    """An option's value, None when it is not given. Raises `Refused`."""
    return None if value is None else parse_option(option, value, parse)


def parse_option(option: str, value: str, parse: Callable[[str], T]) -> T:
    """A value in its own type. Raises `Refused`."""
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
    if path.name in COMMANDS:
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


def _tell_files(files: ProjectFiles, given: Iterable[Path], settings: Settings, console: Console) -> None:
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
