"""Walking folders for Python files, past what is ignored or excluded."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ckptlint.config import Exclusion, Settings
from ckptlint.patterns import Patterns

SKIPPED_FOLDERS = frozenset(
    {
        *(".bzr", ".git", ".hg", ".svn"),
        *(".direnv", ".nox", ".pyenv", ".tox", ".venv", "site-packages", "venv", "__pypackages__"),
        *(
            ".cache",
            ".hypothesis",
            ".ipynb_checkpoints",
            ".mypy_cache",
            ".pytest_cache",
            ".pytype",
            ".ruff_cache",
        ),
        *("__pycache__", ".eggs", "_build", "build", "buck-out", "dist"),
        *(".idea", ".vscode", "node_modules"),
    }
)
"""Never walked into, unless `exclude` replaces the list: no code of the project lies there."""


@dataclass(frozen=True, slots=True)
class Found:
    """A Python file met on the walk."""

    path: str
    is_given: bool
    """It lies in a folder that was given."""


Ignores = tuple[Exclusion, ...]


@dataclass(slots=True)
class Walker:
    """Walks folders; keeps what it could not read and what it passed over."""

    settings: Settings
    warnings: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    reached: set[str] = field(default_factory=set)
    """Folders walked so far."""

    def walk(self, top: str, ignores: Ignores, given: frozenset[str], is_given: bool) -> Iterator[Found]:
        """Python files below `top`, which is walked whatever its name; links to folders are not followed."""
        stack = [(top, ignores, is_given)]
        while stack:
            folder, inherited, inside = stack.pop()
            if folder in self.reached:
                continue
            inside = inside or folder in given
            try:
                with os.scandir(folder) as scan:
                    entries = sorted(scan, key=lambda entry: entry.name)
            except OSError as error:
                self._unreadable(folder, error, inside)
                continue
            names = {entry.name for entry in entries}
            if "pyvenv.cfg" in names and folder not in given:
                continue
            self.reached.add(folder)
            current = self.with_ignore_file(folder, inherited) if ".gitignore" in names else inherited
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    if not self.excluded(entry.path, True, current):
                        stack.append((entry.path, current, inside))
                elif entry.name.endswith(".py") and not self.excluded(entry.path, False, current):
                    if entry.is_symlink() and self._leads_to_no_file(entry.path, inside):
                        continue
                    if self._fits(entry, inside):
                        yield Found(entry.path, inside)

    def with_ignore_file(self, folder: str, inherited: Ignores) -> Ignores:
        """The patterns in force in a folder: its own .gitignore counts more than those above."""
        if not self.settings.respect_gitignore:
            return inherited
        try:
            with open(os.path.join(folder, ".gitignore"), encoding="utf-8", errors="surrogateescape") as file:
                return (Exclusion(Path(folder), Patterns(file)), *inherited)
        except OSError:
            return inherited

    def excluded(self, path: str, is_folder: bool, ignores: Ignores) -> bool:
        """Whether a walk passes over a path."""
        name = os.path.basename(path)
        if is_folder and self.settings.default_exclusions and (name in SKIPPED_FOLDERS or name.endswith(".egg-info")):
            return True
        if is_folder and name == ".git":
            return True
        for exclusion in self.settings.exclusions:
            relative = exclusion.relative(path)
            if relative is not None and exclusion.patterns.verdict(relative, is_folder):
                return True
        for ignore in ignores:
            relative = ignore.relative(path)
            verdict = None if relative is None else ignore.patterns.verdict(relative, is_folder)
            if verdict is not None:
                return verdict
        return False

    def ignores_above(self, root: str, path: str) -> tuple[Ignores, bool]:
        """The .gitignore patterns in force at a path, and whether a walk from the root would miss it."""
        ignores = repository_ignores(root) if self.settings.respect_gitignore else ()
        excluded = False
        folder = root
        for part in os.path.relpath(path, root).split(os.sep):
            if part == ".":
                break
            ignores = self.with_ignore_file(folder, ignores)
            folder = os.path.join(folder, part)
            is_folder = folder != path or os.path.isdir(folder)
            excluded = excluded or self.excluded(folder, is_folder, ignores)
            excluded = excluded or (is_folder and os.path.exists(os.path.join(folder, "pyvenv.cfg")))
        return ignores, excluded

    def _leads_to_no_file(self, link: str, is_given: bool) -> bool:
        try:
            return not stat.S_ISREG(os.stat(link).st_mode)
        except OSError as error:
            self._unreadable(link, error, is_given)
            return True

    def _fits(self, entry: os.DirEntry[str], is_given: bool) -> bool:
        try:
            return self.fits(entry.path, entry.stat().st_size, is_given)
        except OSError as error:
            self._unreadable(entry.path, error, is_given)
            return False

    def fits(self, path: str, size: int, is_given: bool) -> bool:
        """Whether a file is small enough to be read; told when not."""
        if size <= self.settings.max_file_size:
            return True
        limit = self.settings.max_file_size
        message = f"{path}: not read: {size:,} bytes are more than the limit of {limit:,} (--max-file-size)"
        (self.warnings if is_given else self.notes).append(message)
        return False

    def _unreadable(self, path: str, error: OSError, is_given: bool) -> None:
        message = f"{path}: cannot be read: {error.strerror or error}"
        (self.warnings if is_given else self.notes).append(message)


def repository_ignores(root: str) -> Ignores:
    """The patterns that git keeps outside the tree for one clone."""
    try:
        with open(os.path.join(root, ".git", "info", "exclude"), encoding="utf-8", errors="surrogateescape") as file:
            return (Exclusion(Path(root), Patterns(file)),)
    except OSError:
        return ()
