"""benchmarks/cpu_over_ast_parse.py measures what it says, and its exit code holds the limit."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARK = Path(__file__).parent.parent / "benchmarks" / "cpu_over_ast_parse.py"


def run(tree: Path, program: str, *options: str) -> subprocess.CompletedProcess[str]:
    """Run the benchmark with a stand-in for ckptlint that executes `program`."""
    stand_in = tree.parent / "ckptlint"
    helped = "if '--help' in sys.argv:\n    print('--no-cache')\n    sys.exit(0)\n"
    stand_in.write_text(f"#!{sys.executable}\nimport sys\n{helped}{program}\n", encoding="utf-8")
    stand_in.chmod(0o755)
    command = [sys.executable, str(BENCHMARK), str(tree), "--command", str(stand_in), "--runs", "1", *options]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A folder with one file that parses and one that does not."""
    folder = tmp_path / "tree"
    folder.mkdir()
    (folder / "good.py").write_text("x = 1\ny = 2\n", encoding="utf-8")
    (folder / "broken.py").write_text("def (:\n", encoding="utf-8")
    return folder


def test_within_the_limit_even_when_there_are_diagnostics(tree: Path) -> None:
    done = run(tree, "sys.exit(1)", "--limit", "1000")
    assert done.returncode == 0, done.stderr
    assert "2 files, 3 lines" in done.stdout
    assert "within the limit of 1000" in done.stdout


def test_over_the_limit(tree: Path) -> None:
    done = run(tree, "sum(range(10_000_000))", "--limit", "0.001")
    assert done.returncode == 1
    assert "over the limit" in done.stdout


def test_a_crash_is_no_measurement(tree: Path) -> None:
    done = run(tree, "print('boom', file=sys.stderr)\nsys.exit(2)", "--limit", "1000")
    assert done.returncode == 2
    assert "boom" in done.stderr


def test_a_cold_run_is_asked_for(tree: Path) -> None:
    done = run(tree, "sys.exit(0 if '--no-cache' in sys.argv else 2)", "--limit", "1000")
    assert done.returncode == 0, done.stderr


def test_an_empty_tree_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "tree"
    folder.mkdir()
    done = run(folder, "")
    assert done.returncode == 1
    assert "no .py files" in done.stderr


def test_slices_against_whole_files(tree: Path) -> None:
    (tree / "broken.py").unlink()
    (tree / "save.py").write_text("import torch\n\ndef f(m):\n    torch.save(m.state_dict, 'm.pt')\n", encoding="utf-8")
    command = [sys.executable, str(BENCHMARK.with_name("slices.py")), str(tree)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("tree: 1 diagnostics in ")
    assert "; 0 differ, and 0 of low confidence" in done.stdout
