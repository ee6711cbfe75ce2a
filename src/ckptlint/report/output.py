"""Getting a report out: to standard output, which may be a pipe that nobody reads, or to a file."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Iterable
from pathlib import Path


def wants_color(choice: str) -> bool:
    """Whether standard output is colored: `always`, `never`, or what the terminal and the environment say."""
    if choice != "auto":
        return choice == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    # There is no standard output at all when it was closed (`>&-`).
    return sys.stdout is not None and sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


def write_out(pieces: Iterable[str]) -> None:
    """Write to standard output; a reader that went away (`| head`) ends it quietly.

    Raises `OSError` when it cannot be written (a full disk).
    """
    if sys.stdout is None:
        return
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A terminal without Unicode shows escapes rather than breaking the run.
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        for piece in pieces:
            sys.stdout.write(piece)
        sys.stdout.flush()
    except BrokenPipeError:
        _discard_the_rest()
    except OSError:
        _discard_the_rest()
        raise


def _discard_the_rest() -> None:
    """Python flushes again when it ends; that must not fail too."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def write_file(path: Path, pieces: Iterable[str]) -> None:
    """Replace a file's content at once, so that no reader sees half a report. Raises `OSError`.

    A link, a device or a pipe is written into, never replaced: `/dev/stdout` is one.
    """
    if path.is_symlink() or (path.exists() and not path.is_file()):
        with path.open("w", encoding="utf-8", errors="surrogateescape") as file:
            file.writelines(pieces)
        return
    import tempfile  # not at the top, for it takes long and few runs write a file

    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with open(handle, "w", encoding="utf-8", errors="surrogateescape", newline="\n") as file:
            file.writelines(pieces)
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(name, 0o666 & ~mask)
        os.replace(name, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise
