"""An internal error names rule and file, and the rest of the run goes on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ckptlint.cli import main
from ckptlint.engine import run as engine
from ckptlint.engine.files import ProjectFiles
from ckptlint.facts import project
from ckptlint.facts.checkpoints import UncalledStateDict
from ckptlint.facts.links import LinkedRead
from ckptlint.flow.analyzer import Analyzer
from ckptlint.rules import all_rules
from tests.support import write

TRAIN = """\
import torch
from torch import nn

net = nn.Linear(2, 2)
torch.save(net.state_dict, "net.pt")
net.eval
"""


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(write(tmp_path, {"train.py": TRAIN, "broken.py": "torch.save(\n"}))
    return tmp_path


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, list[tuple[str, str]], list[str]]:
    """Exit code, place and code of what is reported, and the internal errors."""
    code = main(["--output-format", "concise", *arguments])
    captured = capsys.readouterr()
    assert "Traceback" not in captured.err
    reported = [(line.split(" ")[0], line.split(" ")[1]) for line in captured.out.splitlines()]
    return code, reported, [line for line in captured.err.splitlines() if "internal error" in line]


def test_nothing_fails(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    places = [("broken.py:1:11:", "CKP001"), ("train.py:5:16:", "CKP103"), ("train.py:6:1:", "CKP405")]
    assert run(capsys) == (1, places, [])


def test_a_rule_that_fails(root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(fact: object, facts: object) -> Iterator[None]:
        raise KeyError("x")
        yield

    (rule,) = (rule for rule in all_rules() if rule.code == "CKP103")
    monkeypatch.setattr(rule, "checks", [(UncalledStateDict, fail)])
    code, reported, errors = run(capsys, "--exit-zero")
    assert (code, [code for _, code in reported]) == (2, ["CKP001", "CKP405"])
    (error,) = errors
    assert error.startswith("ckptlint: internal error: rule CKP103 on train.py:5 failed: KeyError: 'x' (test_run.py:")
    assert error.endswith("; please report it")


def test_facts_that_fail(root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(facts: object) -> Iterator[None]:
        raise ZeroDivisionError("oh")
        yield

    monkeypatch.setitem(project._DERIVATIONS, LinkedRead, fail)
    code, reported, errors = run(capsys)
    assert (code, [code for _, code in reported]) == (2, ["CKP001", "CKP103", "CKP405"])
    failed = [("CKP301", "LinkedRead"), ("CKP302", "ShapeMismatch")]
    assert len(errors) == len(failed)
    for error, (rule, fact) in zip(sorted(errors), failed, strict=True):
        assert f"rule {rule} has no facts: deriving {fact} failed: ZeroDivisionError: oh" in error


def test_an_analysis_that_fails(
    root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write(root, {"other.py": TRAIN})
    original = Analyzer._interpret

    def fail(self: Analyzer, context: object) -> object:
        if "train.py" in str(context):
            raise RecursionError("too deep")
        return original(self, context)

    monkeypatch.setattr(Analyzer, "_interpret", fail)
    code, reported, errors = run(capsys)
    assert code == 2
    assert ("other.py:5:16:", "CKP103") in reported
    (error,) = errors
    assert "the analysis of train.py failed: RecursionError: too deep (test_run.py:" in error


def test_a_lowering_that_fails(root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(path: str, data: bytes) -> None:
        raise AssertionError("never")

    monkeypatch.setattr(engine, "lower", fail)
    code, reported, errors = run(capsys)
    assert (code, reported) == (2, [])
    assert [error.split(" failed")[0] for error in errors] == [
        "ckptlint: internal error: reading broken.py",
        "ckptlint: internal error: reading train.py",
    ]


def test_a_file_that_goes_away(root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    original = ProjectFiles.read

    def read(self: ProjectFiles, path: Path) -> bytes:
        if path.name == "broken.py":
            raise PermissionError(13, "Permission denied")
        return original(self, path)

    monkeypatch.setattr(ProjectFiles, "read", read)
    code = main(["--output-format", "concise"])
    out, err = capsys.readouterr()
    assert code == 1
    assert out.splitlines()[0] == "broken.py:1:1: CKP001 cannot be read: Permission denied"
    assert [line.split(" ")[1] for line in out.splitlines()] == ["CKP001", "CKP103", "CKP405"]
    assert "internal error" not in err
