"""Whether following only what holds a trigger reports the same as following every function of every file."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from program import REPOSITORY

from ckptlint.config import FileConfig, Overrides, join
from ckptlint.diagnostic import Confidence, Diagnostic
from ckptlint.engine.check import check
from ckptlint.engine.files import discover
from ckptlint.engine.root import analysis_root


def reported(folder: Path, whole: bool) -> tuple[frozenset[Diagnostic], float]:
    """Every diagnostic of a folder, whatever its confidence, and the CPU seconds it took."""
    settings = replace(join(FileConfig(), Overrides(), folder), min_confidence=Confidence.LOW, respect_gitignore=False)
    started = time.process_time()
    result = check(discover([folder], analysis_root(folder), settings), settings, whole)
    if result.failures:
        sys.exit("\n".join(failure.message for failure in result.failures))
    return frozenset(result.diagnostics), time.process_time() - started


def main(argv: Sequence[str] | None = None) -> int:
    """0 when nothing that is printed by default differs, 1 when something does."""
    arguments_of = argparse.ArgumentParser(description=__doc__)
    arguments_of.add_argument("folders", nargs="*", type=Path, help="default: every package in .ecosystem")
    arguments = arguments_of.parse_args(argv)
    folders = arguments.folders or sorted(REPOSITORY.glob(".ecosystem/*-*"))
    status = 0
    for folder in folders:
        sliced, seconds = reported(folder.resolve(), whole=False)
        whole, more_seconds = reported(folder.resolve(), whole=True)
        differing = sliced ^ whole
        sure = [one for one in differing if one.confidence > Confidence.LOW]
        print(
            f"{folder.name}: {len(sliced)} diagnostics in {seconds:.1f} s CPU, {len(whole)} in {more_seconds:.1f} s; "
            f"{len(sure)} differ, and {len(differing) - len(sure)} of low confidence",
            flush=True,
        )
        for one in sorted(sure, key=lambda d: (d.span.path, d.span.row, d.code)):
            which = "only sliced" if one in sliced else "only whole"
            print(f"  {which}: {one.span.path}:{one.span.row}: {one.code} {one.message}")
        status |= bool(sure)
    return status


if __name__ == "__main__":
    sys.exit(main())
