"""`ckptlint check`: from the words of the command line to a report and an exit code."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from functools import lru_cache

import click

from ckptlint.config.values import parse_confidence
from ckptlint.engine.check import Result
from ckptlint.engine.check import check as check_files
from ckptlint.project_options import (
    ProjectOptions,
    open_project,
    parse_option,
    parsed_option,
    words_of_option,
    write_report,
)
from ckptlint.report import render
from ckptlint.report.output import wants_color
from ckptlint.report.summary import statistics as count_rules
from ckptlint.report.summary import summary
from ckptlint.report.view import View
from ckptlint.selectors import Selection, Selector, parse_selector
from ckptlint.syntax.tree import Unreadable, read_source
from ckptlint.text import Source


def run_check(
    project: ProjectOptions,
    *,
    select: Sequence[str],
    extend_select: Sequence[str],
    ignore: Sequence[str],
    min_confidence: str | None,
    output_format: str,
    output_file: str | None,
    statistics: bool,
    exit_zero: bool,
    no_cache: bool,
    color: str,
) -> int:
    """Run the command; the exit code."""
    started = time.perf_counter()
    selection = Selection(
        _selectors("--select", select) if select else None,
        _selectors("--extend-select", extend_select),
        _selectors("--ignore", ignore),
    )
    confidence = parsed_option("--min-confidence", min_confidence, parse_confidence)
    files, settings = open_project(project, selection, confidence)
    result = check_files(files, settings)
    _print_report(result, output_format, output_file, statistics, color)
    for failure in result.failures:
        click.echo(f"ckptlint: internal error: {failure.message}; please report it", err=True)
    if not project.quiet and files.given:
        click.echo(summary(result.diagnostics, result.hidden, len(files.given)), err=True)
    project.console.note(f"took {time.perf_counter() - started:.2f} s")
    if result.failures:
        return 2
    return 1 if result.diagnostics and not exit_zero else 0


def _selectors(option: str, values: Iterable[str]) -> tuple[Selector, ...]:
    return tuple(parse_option(option, word, parse_selector) for word in words_of_option(values))


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
    write_report(pieces, output_file)
