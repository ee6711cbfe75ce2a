"""`ckptlint map`: the project's checkpoints, as a table, data, a chart or a page."""

from __future__ import annotations

import os
import string
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import click

from ckptlint.engine.files import ProjectFiles
from ckptlint.engine.mapping import map_checkpoints
from ckptlint.facts.mapped_checkpoints import Spot
from ckptlint.project_options import STDIN, ProjectOptions, Refused, open_project, write_report
from ckptlint.report.checkpoint_map import render
from ckptlint.report.checkpoint_map.view import MapView
from ckptlint.report.checkpoint_map.words import summary
from ckptlint.report.concise import line
from ckptlint.report.output import wants_color
from ckptlint.report.style import Style

PLACEHOLDERS = ("path", "relative", "line", "column")
"""What a template of links may hold: the file's absolute path, the one below the project's root, row and column."""


def run_map(
    project: ProjectOptions, *, output_format: str, output_file: str | None, link_template: str | None, color: str
) -> int:
    """Run the command; the exit code."""
    started = time.perf_counter()
    if link_template is not None:
        _check(link_template)
    files, settings = open_project(project)
    mapped = map_checkpoints(files, settings)
    colored = color == "always" if output_file is not None else wants_color(color)
    link = _template_link(link_template, files) if link_template is not None else _file_link(output_file, files)
    view = MapView(mapped.map, link, files.root.name, colored)
    write_report(render(output_format, view), output_file)
    for one in mapped.unreadable:
        project.console.warn(line(one, Style(False)))
    for failure in mapped.failures:
        click.echo(f"ckptlint: internal error: {failure.message}; please report it", err=True)
    if not project.quiet and files.given:
        click.echo(summary(mapped.map, len(mapped.unreadable)), err=True)
    project.console.note(f"took {time.perf_counter() - started:.2f} s")
    return 2 if mapped.failures else 0


def _check(template: str) -> None:
    try:
        names = [name for _, name, _, _ in string.Formatter().parse(template) if name is not None]
    except ValueError as error:
        raise Refused(f"--link-template: {error}") from error
    for name in names:
        if name not in PLACEHOLDERS:
            known = ", ".join(f"{{{one}}}" for one in PLACEHOLDERS)
            raise Refused(f"--link-template: `{{{name}}}` is not known; there are {known}")
    try:
        template.format(path="", relative="", line=1, column=1)
    except ValueError as error:
        raise Refused(f"--link-template: {error}") from error


def _template_link(template: str, files: ProjectFiles) -> Callable[[Spot], str]:
    def link(spot: Spot) -> str:
        path = quote(files.located(spot.path).as_posix())
        relative = quote(files.below_root(spot.path))
        return template.format(path=path, relative=relative, line=spot.row, column=spot.column)

    return link


def _file_link(output_file: str | None, files: ProjectFiles) -> Callable[[Spot], str]:
    """Relative to where the page lies, so that the two can be moved or published together."""
    is_file = output_file is not None and output_file != STDIN
    folder = Path(os.path.abspath(output_file)).parent if output_file is not None and is_file else files.here

    def link(spot: Spot) -> str:
        path = Path(os.path.relpath(files.located(spot.path), folder)).as_posix()
        return f"{quote(path)}#L{spot.row}"

    return link
