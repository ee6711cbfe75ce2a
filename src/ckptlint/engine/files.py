"""Which files a run reads, and for which of them it prints."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ckptlint.config import Settings
from ckptlint.engine.root import Root
from ckptlint.engine.walk import Walker


@dataclass(slots=True)
class ProjectFiles:
    """The files of a run. Paths are absolute."""

    root: Path
    everything: list[Path]
    """Every Python file that supplies facts, in order of their paths."""
    given: set[Path]
    """Those whose diagnostics are printed."""
    named: set[Path] = field(default_factory=set)
    """Those that were named as files."""
    overlay: dict[Path, bytes] = field(default_factory=dict)
    """Text that stands for a file's content: standard input."""
    warnings: list[str] = field(default_factory=list)
    """What was given and is not read, and why."""
    notes: list[str] = field(default_factory=list)
    """The same for files that were not given."""
    here: Path = field(default_factory=Path.cwd)

    def shown(self, path: Path) -> str:
        """The path as the user sees it: relative to the current directory where below it, else absolute."""
        return shown_path(str(path), str(self.here))

    def located(self, shown: str) -> Path:
        """The file that the user sees as `shown`."""
        return Path(os.path.join(self.here, shown))

    def below_root(self, shown: str) -> str:
        """The path below the analysis root with `/`: the same wherever the command is started."""
        path = self.located(shown)
        return path.relative_to(self.root).as_posix() if path.is_relative_to(self.root) else path.as_posix()

    def read(self, path: Path) -> bytes:
        """The file's bytes. Raises `OSError`."""
        return self.overlay[path] if path in self.overlay else path.read_bytes()


def shown_path(path: str, here: str) -> str:
    """A path relative to a folder where it lies below it, else as it is."""
    prefix = here.rstrip(os.sep) + os.sep
    return path[len(prefix) :] if path.startswith(prefix) else path


def discover(
    paths: Iterable[Path],
    root: Root,
    settings: Settings,
    overlay: Mapping[Path, bytes] | None = None,
    here: Path | None = None,
) -> ProjectFiles:
    """The files below the given paths and the rest of the project; paths are absolute and below the root.

    Nothing here is fatal: what cannot be read is told in `warnings`.
    """
    top = str(root.path)
    folders, files, warnings = _sorted_out(paths, overlay or {}, top)
    walker = Walker(settings, warnings=warnings)
    if settings.force_exclude:
        folders = [path for path in folders if not walker.ignores_above(top, path)[1]]
        files = [path for path in files if not walker.ignores_above(top, path)[1]]
    given_folders = frozenset(folders)
    everything: set[str] = set()
    given: set[str] = set()
    # A folder that the walk from the root passed over is walked all the same, for it was given.
    starts = [top, *folders] if root.whole and (folders or files) else folders
    for start in starts:
        if start in walker.reached:
            continue
        for found in walker.walk(start, walker.ignores_above(top, start)[0], given_folders, start in given_folders):
            everything.add(found.path)
            if found.is_given:
                given.add(found.path)
    kept = {path: data for path, data in (overlay or {}).items() if str(path) in files}
    named = {path for path in files if Path(path) in kept or _is_readable(path, walker)}
    unread = set(files) - named | {path for path in given - named if not _is_permitted(path, walker)}
    everything = _without_links((everything | named) - unread, named)
    return ProjectFiles(
        root.path,
        [Path(path) for path in sorted(everything)],
        {Path(path) for path in (given | named) & everything},
        {Path(path) for path in named},
        kept,
        walker.warnings,
        walker.notes,
        here or Path.cwd(),
    )


def _sorted_out(
    paths: Iterable[Path], overlay: Mapping[Path, bytes], root: str
) -> tuple[list[str], list[str], list[str]]:
    """Folders, files, and warnings about what is neither; a link into the project is what it leads to."""
    folders: list[str] = []
    files: list[str] = [str(path) for path in overlay]
    warnings: list[str] = []
    for path in paths:
        text = str(path)
        real = os.path.realpath(text) if path.is_symlink() else text
        text = real if shown_path(real, root) != real else text
        if path.is_dir():
            folders.append(text)
        elif path.suffix == ".ipynb":
            warnings.append(f"{text}: not read: notebooks are not supported yet")
        else:
            files.append(text)
    return list(dict.fromkeys(folders)), list(dict.fromkeys(files)), warnings


def _is_readable(path: str, walker: Walker) -> bool:
    try:
        status = os.stat(path)
    except OSError as error:
        walker.warnings.append(f"{path}: cannot be read: {error.strerror or error}")
        return False
    if not stat.S_ISREG(status.st_mode):
        walker.warnings.append(f"{path}: not read: no regular file; give its text on standard input as `-`")
        return False
    return walker.fits(path, status.st_size, True) and _is_permitted(path, walker)


def _is_permitted(path: str, walker: Walker) -> bool:
    if os.access(path, os.R_OK):
        return True
    walker.warnings.append(f"{path}: cannot be read: Permission denied")
    return False


def _without_links(paths: set[str], named: set[str]) -> set[str]:
    """Without links to files that are read under their own path: one fault is one diagnostic."""
    links = {path for path in paths - named if os.path.islink(path)}
    return paths - {link for link in links if os.path.realpath(link) in paths}
