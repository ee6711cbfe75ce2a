"""The ckptlint that the benchmarks measure, and the options that make a run cold."""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
DEFAULT_TREE = REPOSITORY / ".ecosystem" / "timm-1.0.31"


def default_command() -> str:
    """The ckptlint that belongs to this interpreter, else the one on the path."""
    beside = Path(sys.executable).with_name("ckptlint")
    return str(beside) if beside.exists() else "ckptlint"


def check_options(command: str, wanted: Sequence[str]) -> list[str]:
    """The options of a measured run: the tree alone without its configuration, and `wanted` where offered."""
    shown = subprocess.run([command, "check", "--help"], capture_output=True, text=True, check=True).stdout
    options = ["--isolated", "--no-respect-gitignore", "--output-format", "json"]
    for option in wanted:
        if option.split("=")[0] in shown:
            options.append(option)
    return options


def parser(description: str) -> argparse.ArgumentParser:
    """The arguments that every benchmark takes."""
    result = argparse.ArgumentParser(description=description)
    result.add_argument("tree", nargs="?", type=Path, default=DEFAULT_TREE, help="folder to lint")
    result.add_argument("--command", default=default_command(), help="the ckptlint to measure")
    return result


def python_files(tree: Path) -> list[Path]:
    """Every .py file below a folder; exits when there is none, since nothing would be measured."""
    files = sorted(tree.rglob("*.py"))
    if not files:
        sys.exit(f"{tree}: no .py files; `python scripts/ecosystem.py --download-only timm` fetches a tree")
    return files
