"""The built wheel holds what the command reads, and works without the repository."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parent.parent
PACKAGE = REPOSITORY / "src" / "ckptlint"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    done = subprocess.run(build, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (built,) = folder.glob("*.whl")
    return built


def test_everything_but_the_cases_is_shipped(wheel: Path) -> None:
    kept = {path for path in PACKAGE.rglob("*") if path.is_file() and "__pycache__" not in path.parts}
    wanted = {path.relative_to(PACKAGE.parent).as_posix() for path in kept if path.name != "cases.md"}
    shipped = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert shipped == wanted
    assert {Path(name).suffix for name in shipped} == {".py", ".md", ".toml", ".json", ".typed", ".css"}
    assert {"ckptlint/knowledge/compiled.json", "ckptlint/knowledge/torch.toml", "ckptlint/py.typed"} <= shipped
    assert "ckptlint/rules/mode/forward_in_train_mode/rule.md" in shipped


def test_the_wheel_works_by_itself(wheel: Path, tmp_path: Path) -> None:
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "site")}

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *arguments], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )

    assert run("-c", "import ckptlint; print(ckptlint.__file__)").stdout.startswith(str(tmp_path))
    assert run("-m", "ckptlint", "explain", "CKP401").stdout.startswith("# CKP401 forward-in-train-mode\n")
    assert "<style>\n:root" in run("-m", "ckptlint", "map", "--format", "html", str(REPOSITORY / "examples")).stdout
    linted = run("-m", "ckptlint", "--output-format", "concise", str(REPOSITORY / "examples"))
    assert linted.returncode == 1, linted.stderr
    assert " CKP601 " in linted.stdout
