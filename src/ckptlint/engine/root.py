"""The analysis root: the folder whose files tell facts about the given ones."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

_PROJECT_FILES = ("pyproject.toml", "setup.py", "setup.cfg", "ckptlint.toml")


@dataclass(frozen=True, slots=True)
class Root:
    """A folder above every given path."""

    path: Path
    whole: bool
    """Whether the files below it make up one project: not when it is the home directory or the like."""


def given_path(path: str | Path) -> Path:
    """A path as given, made absolute; a link to a folder is what it leads to, for its files lie there."""
    absolute = os.path.abspath(path)
    return Path(os.path.realpath(absolute) if os.path.isdir(absolute) else absolute)


def common_parent(paths: Iterable[Path]) -> Path:
    """The deepest folder that holds every given path; a folder holds itself. Paths are absolute."""
    folders = [path if path.is_dir() else path.parent for path in paths]
    try:
        return Path(os.path.commonpath(folders))
    except ValueError:  # paths on two drives
        return folders[0]


def analysis_root(parent: Path) -> Root:
    """The nearest folder at or above `parent` with `.git`, else with a project file, else `parent` itself.

    Never the home directory, the top of the file system or the folder for temporary files: what lies there
    together is not one project, so only the given paths are read then.
    """
    forbidden = _forbidden()
    above = [folder for folder in (parent, *parent.parents) if folder not in forbidden]
    for folder in above:
        if (folder / ".git").exists():
            return Root(folder, True)
    for folder in above:
        if any((folder / name).is_file() for name in _PROJECT_FILES):
            return Root(folder, True)
    return Root(parent, parent not in forbidden)


def _forbidden() -> set[Path]:
    # As `tempfile.gettempdir` says, whose import alone takes a third of the time of a start.
    variables = (os.environ.get(name) for name in ("TMPDIR", "TEMP", "TMP"))
    tops = [Path(os.path.abspath(name)) for name in (*variables, "/tmp", "/var/tmp") if name]
    with contextlib.suppress(RuntimeError):  # no home directory is known
        tops.append(Path.home())
    tops += [Path(os.path.realpath(top)) for top in tops]
    return {folder for top in tops for folder in (top, *top.parents)}
