from __future__ import annotations

from pathlib import Path

import pytest

from ckptlint.engine.root import Root, analysis_root, common_parent


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    deep = tmp_path / "repo" / "package" / "src"
    deep.mkdir(parents=True)
    return deep


def test_the_repository_goes_before_a_nearer_project_file(folder: Path, tmp_path: Path) -> None:
    (folder.parent / "pyproject.toml").touch()
    assert analysis_root(folder) == Root(folder.parent, True)
    (tmp_path / "repo" / ".git").touch()  # a file in a worktree
    assert analysis_root(folder) == Root(tmp_path / "repo", True)


def test_else_the_parent_itself(folder: Path) -> None:
    assert analysis_root(folder) == Root(folder, True)


def test_never_the_home_directory(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "repo"))
    (tmp_path / "repo" / ".git").mkdir()
    (tmp_path / "setup.py").touch()
    assert analysis_root(folder) == Root(folder, True)
    assert analysis_root(tmp_path / "repo") == Root(tmp_path / "repo", False)
    assert analysis_root(Path("/")) == Root(Path("/"), False)


def test_common_parent(folder: Path) -> None:
    file = folder / "a.py"
    file.touch()
    other = folder.parent / "tests"
    other.mkdir()
    assert common_parent([file]) == folder
    assert common_parent([folder]) == folder
    assert common_parent([file, other]) == folder.parent
    assert common_parent([folder / "not-there.py"]) == folder
