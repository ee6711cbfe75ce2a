"""`ckptlint map --file`: the keys of one checkpoint file, beside what the code saves and reads."""

from __future__ import annotations

import os
from pathlib import Path

import click

from ckptlint.engine.mapping import map_checkpoints
from ckptlint.facts.compared_files import compare
from ckptlint.files import UnreadableCheckpointError, read_checkpoint
from ckptlint.project_options import ProjectOptions, Refused, open_project, write_report
from ckptlint.report.checkpoint_file import FORMATS, render
from ckptlint.report.checkpoint_file.view import FileView
from ckptlint.report.concise import line
from ckptlint.report.output import wants_color
from ckptlint.report.style import Style, visible


def run_file(
    project: ProjectOptions, file: str, *, output_format: str, output_file: str | None, all_tensors: bool, color: str
) -> int:
    """Run the command; the exit code."""
    if output_format not in FORMATS:
        raise Refused(f"--format {output_format} shows the code's checkpoints; --file has {' and '.join(FORMATS)}")
    try:
        contents = read_checkpoint(file)
    except UnreadableCheckpointError as error:
        raise Refused(visible(str(error))) from error
    files, settings = open_project(project)
    mapped = map_checkpoints(files, settings)
    comparison = compare(Path(os.path.abspath(file)).as_posix(), contents.root, mapped.map)
    colored = color == "always" if output_file is not None else wants_color(color)
    is_folded = not all_tensors and not contents.root.is_tensors
    write_report(render(output_format, FileView(contents, comparison, is_folded, colored)), output_file)
    for one in mapped.unreadable:
        project.console.warn(line(one, Style(False)))
    for failure in mapped.failures:
        click.echo(f"ckptlint: internal error: {failure.message}; please report it", err=True)
    return 2 if mapped.failures else 0
