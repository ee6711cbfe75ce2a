"""The command line: `ckptlint check`, `map`, `explain` and `rules`."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any

import click

from ckptlint import __version__

if TYPE_CHECKING:
    from ckptlint.project_options import ProjectOptions

CLEAN, REPORTED, BROKEN, INTERRUPTED = 0, 1, 2, 130
"""Exit codes: nothing reported, something reported, wrong usage or an internal error, stopped by the user."""

_CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


class _DefaultsToCheck(click.Group):
    """A group in which `ckptlint src/` means `ckptlint check src/`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        own = {option for parameter in self.get_params(ctx) for option in parameter.opts}
        if not args or (args[0] not in self.commands and args[0] not in own):
            args = ["check", *args]
        return super().parse_args(ctx, args)


@click.group(cls=_DefaultsToCheck, context_settings=_CONTEXT)
@click.version_option(__version__, "-V", "--version", message="%(prog)s %(version)s")
def commands() -> None:
    """Finds what makes a model's evaluation differ after its checkpoint is saved and loaded.

    `ckptlint PATHS…` is short for `ckptlint check PATHS…`.
    """


_PROJECT_OPTIONS = (
    click.argument("paths", nargs=-1, metavar="[PATHS]…"),
    click.option("--exclude", multiple=True, metavar="PATTERNS", help="Skip these instead of the default folders."),
    click.option("--extend-exclude", multiple=True, metavar="PATTERNS", help="Skip these too."),
    click.option("--force-exclude", is_flag=True, help="Skip excluded paths even when they are given."),
    click.option("--no-respect-gitignore", is_flag=True, help="Read what .gitignore files leave out, too."),
    click.option("--max-file-size", metavar="SIZE", help="Skip larger files, such as 500kB.  [default: 5MB]"),
    click.option("--config", metavar="FILE", help="Use this configuration file, not the nearest one."),
    click.option("--isolated", is_flag=True, help="Use no configuration file."),
    click.option("--stdin-filename", metavar="NAME", help="What to call standard input, read when PATHS is `-`."),
    click.option("-q", "--quiet", is_flag=True, help="Print the report and errors only."),
    click.option("-v", "--verbose", is_flag=True, help="Print what is in force and what was passed over."),
)
_COLOR = click.option(
    "--color",
    type=click.Choice(["auto", "always", "never"]),
    default="auto",
    show_default=True,
    help="When to color; NO_COLOR and FORCE_COLOR count too.",
)


def _reads_project(command: Callable[..., int]) -> Callable[..., int]:
    """Gives a command the options by which a project is found and read, gathered in its first argument."""

    @wraps(command)
    def gathered(**options: Any) -> int:
        # Loaded here, so that `--help` and `explain` do not pay for it.
        from dataclasses import fields

        from ckptlint.project_options import ProjectOptions

        project = ProjectOptions(**{one.name: options.pop(one.name) for one in fields(ProjectOptions)})
        return command(project, **options)

    decorated = gathered
    for option in reversed(_PROJECT_OPTIONS):
        decorated = option(decorated)
    return decorated


@commands.command()
@click.option(
    "--select", multiple=True, metavar="RULES", help="Report only these: codes, prefixes, names, topics, ALL."
)
@click.option("--extend-select", multiple=True, metavar="RULES", help="Report these too.")
@click.option("--ignore", multiple=True, metavar="RULES", help="Do not report these.")
@click.option(
    "--min-confidence",
    metavar="LEVEL",
    help="Report what is at least this certain: low, medium (default) or high.",
)
@click.option(
    "--output-format",
    type=click.Choice(["full", "concise", "json"]),
    default="full",
    show_default=True,
    help="How diagnostics are printed.",
)
@click.option("--output-file", metavar="FILE", help="Write the report to a file.")
@click.option("--statistics", is_flag=True, help="Print how many of each rule instead of the diagnostics.")
@click.option("--exit-zero", is_flag=True, help="Exit with 0 even when something is reported.")
@click.option("--no-cache", is_flag=True, help="Accepted for later: there is no cache yet.")
@_COLOR
@_reads_project
@click.version_option(__version__, "--version", message="%(prog)s %(version)s", prog_name="ckptlint", hidden=True)
def check(project: ProjectOptions, **options: Any) -> int:
    """Report what differs after a checkpoint is saved and loaded in PATHS (default: the current folder).

    Exit codes: 0 nothing reported, 1 diagnostics, 2 wrong usage or an internal error.
    """
    from ckptlint.check_command import run_check

    return run_check(project, **options)


@commands.command("map")
@click.option(
    "--format",
    "output_format",
    type=click.Choice(["table", "json", "mermaid", "html"]),
    default="table",
    show_default=True,
    help="How the map is shown; html is a page with pictures.",
)
@click.option("--file", metavar="CHECKPOINT", help="Show the keys of this file instead, and compare them with PATHS.")
@click.option("--all-tensors", is_flag=True, help="With --file: a row for each tensor, not one for a state dict.")
@click.option("--output-file", metavar="FILE", help="Write the map to a file.")
@click.option(
    "--link-template",
    metavar="URL",
    help="Where html links lead, with {path}, {relative}, {line} and {column}.  [default: FILE#L12]",
)
@_COLOR
@_reads_project
def show_map(project: ProjectOptions, file: str | None, all_tensors: bool, **options: Any) -> int:
    """Show every checkpoint of PATHS: who writes it, which keys, who reads each key, and what is never read.

    With --file, show what an existing checkpoint holds, without loading it, and what the code lacks of it.

    Exit codes: 0 the map is shown, 2 wrong usage, an unreadable file or an internal error.
    """
    if file is not None:
        from ckptlint.file_command import run_file

        options.pop("link_template")
        return run_file(project, file, all_tensors=all_tensors, **options)
    from ckptlint.map_command import run_map

    return run_map(project, **options)


@commands.command()
@click.argument("rule", metavar="CODE-OR-NAME")
def explain(rule: str) -> int:
    """Print the page of a rule: what goes wrong, examples, limits."""
    from importlib.resources import files

    from ckptlint.report.output import write_out
    from ckptlint.selectors import UnknownSelectorError, find_rule

    try:
        found = find_rule(rule)
    except UnknownSelectorError as error:
        raise click.UsageError(str(error)) from error
    page = files(found.module).joinpath("rule.md")
    if not page.is_file():
        raise click.ClickException(f"{found.code} {found.name} has no page: {found.summary}")
    write_out([page.read_text(encoding="utf-8")])
    return CLEAN


@commands.command()
@click.option(
    "--output-format",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="Table or objects.",
)
def rules(output_format: str) -> int:
    """List every rule."""
    from ckptlint.report.output import write_out
    from ckptlint.report.rule_table import as_json, as_table
    from ckptlint.rules import all_rules

    write_out([as_json(all_rules()) if output_format == "json" else as_table(all_rules())])
    return CLEAN


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit code and never raises."""
    arguments = sys.argv[1:] if arguments is None else arguments
    try:
        return int(commands.main(args=arguments, prog_name="ckptlint", standalone_mode=False) or 0)
    except click.ClickException as error:
        error.show()
        return BROKEN
    except (click.Abort, KeyboardInterrupt):
        click.echo("ckptlint: interrupted", err=True)
        return INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return REPORTED
    except Exception as error:
        if "--verbose" in arguments or "-v" in arguments:
            traceback.print_exc()
        click.echo(f"ckptlint: internal error: {type(error).__name__}: {error}; please report it", err=True)
        if not {"--verbose", "-v"} & set(arguments):
            click.echo("(--verbose shows where it happened)", err=True)
        return BROKEN
