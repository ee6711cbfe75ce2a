"""benchmarks/stages.py gives every profiled function to a layer and swallows what the run prints."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"


@pytest.fixture
def stages(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script as a module, with its folder on the path as when it is run."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return importlib.import_module("stages")


@pytest.mark.parametrize(
    ("file", "layer"),
    [
        ("/home/me/ckptlint/src/ckptlint/flow/interpret.py", "ckptlint.flow"),
        ("/venv/lib/python3.11/site-packages/ckptlint/cli.py", "ckptlint.cli"),
        ("/venv/lib/python3.11/site-packages/libcst/_nodes/base.py", "libcst"),
        ("/usr/lib/python3.11/json/decoder.py", "standard library"),
    ],
)
def test_layer_of_a_file(stages: ModuleType, file: str, layer: str) -> None:
    assert stages.layer_of(file) == layer


def test_profiling_survives_an_exit_and_keeps_the_output_back(
    stages: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def run() -> None:
        print("[]")
        sorted(range(1000))
        sys.exit(1)

    script = SimpleNamespace(load=lambda: run)
    monkeypatch.setattr(stages, "entry_points", lambda **_: [script])
    monkeypatch.setattr(sys, "argv", list(sys.argv))
    names = {timing.name: timing for timing in stages.profiled(["check", "tree"])}
    assert sys.argv == ["ckptlint", "check", "tree"]
    assert capsys.readouterr().out == ""
    (built_in,) = (timing for name, timing in names.items() if "sorted" in name)
    assert (built_in.layer, built_in.calls) == ("built-in functions", 1)
