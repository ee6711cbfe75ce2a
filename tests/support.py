"""Projects on disk and runs of the command, for tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from ckptlint.config import FileConfig, Overrides, Settings, join
from ckptlint.diagnostic import Confidence, Diagnostic, Related, Severity
from ckptlint.engine.files import ProjectFiles, discover
from ckptlint.engine.root import analysis_root, common_parent, given_path
from ckptlint.text import Fix, Span


def write(root: Path, files: Mapping[str, str]) -> Path:
    """Make the files; `.git` makes the folder an analysis root."""
    (root / ".git").mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="")
    return root


def settings(root: Path, overrides: Overrides | None = None, config: FileConfig | None = None) -> Settings:
    return join(config or FileConfig(), overrides or Overrides(), root)


def found(root: Path, given: Sequence[str] = (".",), overrides: Overrides | None = None) -> ProjectFiles:
    paths = [given_path(root / name) for name in given]
    return discover(paths, analysis_root(common_parent(paths)), settings(root, overrides), here=root)


def names(files: ProjectFiles, which: str = "given") -> list[str]:
    paths = {"given": files.given, "everything": files.everything, "named": files.named}[which]
    return sorted(path.relative_to(files.root).as_posix() for path in paths)


def diagnostic(
    place: tuple[int, int, int, int],
    *,
    path: str = "src/train.py",
    code: str = "CKP001",
    message: str = "something is wrong",
    severity: Severity = Severity.ERROR,
    confidence: Confidence = Confidence.HIGH,
    related: tuple[Related, ...] = (),
    fix: Fix | None = None,
    statement: tuple[int, int, int, int] | None = None,
) -> Diagnostic:
    return Diagnostic(
        code, "the-name", message, Span(path, *place), severity, confidence, related, fix,
        Span(path, *statement) if statement else None,
    )  # fmt: skip
