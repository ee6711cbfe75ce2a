from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from ckptlint.patterns import Patterns

LISTS = [
    ["build/", "*.py[co]", "/docs", "!docs/keep.py", "# comment", "", "\\#odd.py", "trailing.py  "],
    ["*", "!*/", "!*.py", "secret.py"],
    ["a/**/z.py", "**/deep", "b/**", "c/*.py"],
    ["[!a-c]x.py", "[]]y.py", "q?.py", "w[0-9]*.py", "[z-a].py"],
    ["*.py", "!keep*.py", "keepnot.py"],
    ["**", "!b/"],
    ["foo**bar.py", "/x/y/", "x/y.py", "\\!bang.py", "space\\ .py", "un[closed.py"],
    ["/", "//", "a\\", "[a/b].py", "***/deep/*.py", "b/**/"],
]
PATHS = [
    "build/x.py", "src/build/x.py", "build.py", "a.pyc", "docs/x.py", "docs/keep.py", "src/docs/x.py", "#odd.py",
    "trailing.py", "secret.py", "d/secret.py", "a/z.py", "a/b/z.py", "a/b/c/z.py", "x/deep/y.py", "deep/y.py", "b/x.py",
    "b/c/d.py", "c/x.py", "c/d/x.py", "dx.py", "ax.py", "]y.py", "qq.py", "q.py", "w1a.py", "wa.py", "keep1.py",
    "keepnot.py", "d/keep1.py", "fooxbar.py", "foo/bar.py", "x/y/z.py", "x/y.py", "d/x/y.py", "!bang.py", "space .py",
    "unc.py", "a.txt", "d/e/f.py", "un[closed.py",
]  # fmt: skip


def walked(patterns: Patterns, path: str) -> bool:
    parts = path.split("/")
    folders = ("/".join(parts[:count]) for count in range(1, len(parts)))
    return any(patterns.verdict(folder, True) for folder in folders) or bool(patterns.verdict(path))


@pytest.mark.skipif(shutil.which("git") is None, reason="git says what is right")
@pytest.mark.parametrize("lines", LISTS, ids=lambda lines: " ".join(lines))
def test_patterns_mean_what_git_says(lines: list[str], tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    (tmp_path / ".gitignore").write_text("\n".join(lines))
    said = subprocess.run(
        ["git", "-C", str(tmp_path), "check-ignore", "--no-index", "--stdin", "-z"],
        input="\0".join(PATHS), capture_output=True, text=True, check=False,
    )  # fmt: skip
    ignored = set(filter(None, said.stdout.split("\0")))
    patterns = Patterns(lines)
    assert {path for path in PATHS if walked(patterns, path)} == ignored


def test_covers_counts_the_folders_above() -> None:
    patterns = Patterns(["tests/"])
    assert patterns.covers("tests/a.py")
    assert patterns.covers("src/tests/deep/a.py")
    assert not patterns.covers("src/a.py")
