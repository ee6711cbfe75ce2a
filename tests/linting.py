"""The one door between the example tests and the engine."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ckptlint.diagnostic import Diagnostic
from ckptlint.engine.check import check_paths


def lint(files: Mapping[str, str], tmp_path: Path) -> list[Diagnostic]:
    """What the engine reports on these files at the default confidence, in this process.

    The files go into a project folder of their own, whose `.git` makes it the analysis root.
    """
    root = tmp_path / "project"
    (root / ".git").mkdir(parents=True, exist_ok=True)
    for path, text in files.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    result = check_paths([root])
    assert not result.failures, [failure.message for failure in result.failures]
    return result.diagnostics


def relative(path: str, tmp_path: Path) -> str:
    """A diagnostic's path as the example names the file."""
    root = (tmp_path / "project").resolve()
    full = Path(path) if Path(path).is_absolute() else root / path
    return full.resolve().relative_to(root).as_posix()
