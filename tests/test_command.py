"""The command on small real projects: every way to choose, to silence and to read what the rules report."""

from __future__ import annotations

import io
import json
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from ckptlint.cli import main
from ckptlint.engine.check import check_paths
from ckptlint.engine.fixer import apply
from tests.support import write

EXAMPLES = Path(__file__).parent.parent / "examples"

TRAIN = """\
import torch
from torch import nn

from data import train_loader, val_loader


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.dropout = nn.Dropout(0.3)
        self.head = nn.Linear(64, 2)

    def forward(self, x):
        return self.head(self.dropout(x))


def train(model, optimizer):
    model.train()
    for x, y in train_loader:
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()


@torch.no_grad()
def evaluate(model):
    correct = 0
    for x, y in val_loader:
        correct += (  # first
            model(x)  # reported
            .argmax(dim=1)
            .eq(y)
            .sum()
        )  # last
    return correct  # beside


net = Net()
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
for epoch in range(3):
    train(net, optimizer)
    print(evaluate(net))
torch.save({"net": net.state_dict}, "net.pt")
"""
UNSURE = """\
import torch

WEIGHTS = torch.load("weights.pt")
@torch.no_grad()
def evaluate(model, loader):
    for x, y in loader:
        print(model(x).argmax(1) == y)
"""


def row_of(text: str, part: str) -> int:
    (row,) = (row for row, line in enumerate(text.splitlines(), 1) if part in line)
    return row


MODE = ("train.py", row_of(TRAIN, "# reported"), "CKP401")
SAVE = ("train.py", row_of(TRAIN, "torch.save"), "CKP103")
LOW = ("unsure.py", row_of(UNSURE, "model(x)"), "CKP401")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(write(tmp_path / "project", {"train.py": TRAIN, "unsure.py": UNSURE}))
    return Path.cwd()


def objects(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[dict[str, Any]]:
    """What the command prints as JSON; nothing may go wrong on the way."""
    code = main(["--output-format", "json", *arguments])
    captured = capsys.readouterr()
    found = json.loads(captured.out)
    assert code == bool(found)
    assert "internal error" not in captured.err
    return found


def places(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[tuple[str, int, str]]:
    return [(one["path"], one["row"], one["code"]) for one in objects(capsys, *arguments)]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], [MODE, SAVE]),
        (["--select", "mode"], [MODE]),
        (["--select", "CKP4"], [MODE]),
        (["--select", "checkpoint"], [SAVE]),
        (["--select", "state-dict-not-called,CKP401"], [MODE, SAVE]),
        (["--select", "loading"], []),
        (["--ignore", "forward-in-train-mode"], [SAVE]),
        (["--ignore", "CKP4", "--extend-select", "CKP401"], [MODE, SAVE]),
        (["--select", "ALL", "--ignore", "CKP1"], [MODE]),
        (["--min-confidence", "low"], [MODE, SAVE, LOW]),
        (["--min-confidence", "high"], [MODE, SAVE]),
        (["--min-confidence", "low", "unsure.py"], [LOW]),
        (["unsure.py"], []),
    ],
)  # fmt: skip
def test_choosing(
    arguments: list[str], expected: list[tuple[str, int, str]], project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert places(capsys, *arguments) == expected


def test_choosing_in_the_configuration(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = project / "ckptlint.toml"
    config.write_text('min-confidence = "low"\n[per-file-ignores]\n"train.py" = ["mode"]\n')
    assert places(capsys) == [SAVE, LOW]
    assert places(capsys, "--min-confidence", "high") == [SAVE]
    assert places(capsys, "--isolated") == [MODE, SAVE]
    config.write_text('[per-file-ignores]\n"*.py" = ["CKP1"]\n[severity]\nCKP4 = "note"\n')
    assert [one["severity"] for one in objects(capsys)] == ["note"]


@pytest.mark.parametrize("comment", ["# ckptlint: ignore[CKP401]", "# noqa: CKP401", "# ckptlint: ignore[mode] -- why"])
@pytest.mark.parametrize("row", ["reported", "first", "last"])
def test_any_row_of_a_statement_silences(
    row: str, comment: str, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(project, {"train.py": TRAIN.replace(f"# {row}\n", f"{comment}\n")})
    assert places(capsys, "--ignore", "CKP002") == [SAVE]
    assert "CKP401" not in {code for _, _, code in places(capsys)}


@pytest.mark.parametrize("comment", ["# ckptlint: ignore[CKP401]", "# noqa: CKP401"])
def test_a_comment_beside_the_statement_is_unused(
    comment: str, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(project, {"train.py": TRAIN.replace("# beside\n", f"{comment}\n")})
    *reported, unused = objects(capsys, "--select", "CKP401,CKP002")
    assert [one["code"] for one in reported] == ["CKP401"]
    assert (unused["code"], unused["row"], unused["severity"]) == ("CKP002", row_of(TRAIN, "# beside"), "warning")
    assert unused["message"] == "`CKP401` suppresses nothing: no such diagnostic is reported here"
    assert unused["fix"]["applicability"] == "safe"
    (one,) = [found for found in check_paths([project]).diagnostics if found.code == "CKP002"]
    assert one.fix is not None
    fixed = apply((project / "train.py").read_text(), [one.fix]).text
    assert fixed == TRAIN.replace("return correct  # beside\n", "return correct\n")


def test_a_comment_for_a_rule_that_did_not_run_is_not_judged(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(project, {"train.py": TRAIN.replace("# beside\n", "# noqa: CKP401\n")})
    assert places(capsys, "--ignore", "CKP401") == [SAVE]


def test_a_comment_that_silences_what_is_not_shown_is_used(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(project, {"unsure.py": UNSURE.replace(" == y)\n", " == y)  # noqa: CKP401\n")})
    assert places(capsys) == [MODE, SAVE]
    assert places(capsys, "--min-confidence", "low") == [MODE, SAVE]


@pytest.fixture
def examples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The example project with one fault more, of which each end stands in another file."""
    write(tmp_path, {})
    shutil.copytree(EXAMPLES, tmp_path / "examples")
    evaluate = tmp_path / "examples" / "evaluate.py"
    evaluate.write_text(evaluate.read_text().replace('["model"]', '["model_state"]'))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "examples"


def test_both_ends_of_a_fault_in_json(examples: Path, capsys: pytest.CaptureFixture[str]) -> None:
    everything = objects(capsys, "--select", "CKP301", "examples")
    assert places(capsys, "--select", "CKP301", "examples") == [("examples/evaluate.py", 25, "CKP301")]
    (fault,) = everything
    assert [fault[key] for key in ("name", "severity", "confidence")] == ["key-never-saved", "error", "high"]
    assert "'model_state'" in fault["message"]
    (save,) = fault["related"]
    assert (save["path"], save["row"], save["end_row"]) == ("examples/train.py", 69, 69)
    assert save["message"] == "saved here with 'epoch', 'model'"
    (edit,) = fault["fix"]["edits"]
    assert edit["replacement"] == 'checkpoint["model"]'
    assert fault["fix"]["applicability"] == "unsafe"
    # One end given is enough, whichever it is.
    for end in ("examples/evaluate.py", "examples/train.py"):
        assert objects(capsys, "--select", "CKP301", end) == everything


def test_an_editor_gives_one_file_and_the_project_the_rest(
    examples: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def typed(text: str) -> list[dict[str, Any]]:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
        return objects(capsys, "--select", "CKP301", "--stdin-filename", "examples/evaluate.py", "-")

    wrong = (examples / "evaluate.py").read_text()
    (examples / "evaluate.py").write_text("")
    (fault,) = typed("\n" + wrong)
    assert (fault["path"], fault["row"], fault["code"]) == ("examples/evaluate.py", 26, "CKP301")
    assert [place["path"] for place in fault["related"]] == ["examples/train.py"]
    assert typed(wrong.replace('["model_state"]', '["model"]')) == []
