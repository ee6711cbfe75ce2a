"""Only functions that hold a trigger are followed on their own: nothing that is reported is lost by that."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ckptlint.config import FileConfig, Overrides, join
from ckptlint.diagnostic import Confidence, Diagnostic
from ckptlint.engine.check import check
from ckptlint.engine.files import discover
from ckptlint.engine.root import analysis_root
from tests.pages import Example
from tests.test_pages import EXAMPLES


def _write(example: Example, folder: Path) -> Path:
    (folder / ".git").mkdir()
    for path, text in example.files.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return folder


def reported(folder: Path, whole: bool) -> list[Diagnostic]:
    """What is reported on a folder by default; more of low confidence is seen in whole files."""
    settings = join(FileConfig(), Overrides(), folder)
    result = check(discover([folder], analysis_root(folder), settings), settings, whole)
    assert not result.failures
    return result.diagnostics


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_slices_and_whole_files_give_the_same(example: Example, tmp_path: Path) -> None:
    folder = _write(example, tmp_path)
    assert reported(folder, whole=False) == reported(folder, whole=True)


TRAINER = """
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = nn.Linear(20, 64)
        self.dropout = nn.Dropout(0.3)

    def forward(self, x):
        return self.dropout(self.hidden(x))


class Trainer:
    def __init__(self, net: Net, loader, held_out):
        self.net = net
        self.optimizer = torch.optim.SGD(self.net.parameters(), lr=0.1)
        self.loader = loader
        self.held_out = held_out

    def epoch(self):
        for x, y in self.loader:
            self.optimizer.zero_grad()
            loss = nn.functional.cross_entropy(self.net(x), y)
            loss.backward()
            self.optimizer.step()
        LAST

    def validate(self):
        self.net.eval()
        with torch.no_grad():
            return sum((self.net(x).argmax(1) == y).sum().item() for x, y in self.held_out)

    def fit(self, epochs):
        for number in range(epochs):
            BODY
"""


@pytest.mark.parametrize(
    ("last", "body"), [("pass", "self.epoch(), self.validate()"), ("self.validate()", "self.epoch()")]
)
def test_what_only_calls_those_with_a_trigger_is_followed(last: str, body: str, tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "train.py").write_text(TRAINER.replace("LAST", last).replace("BODY", body), encoding="utf-8")
    settings = replace(join(FileConfig(), Overrides(), tmp_path), min_confidence=Confidence.LOW)
    found = [
        check(discover([tmp_path], analysis_root(tmp_path), settings), settings, whole).diagnostics
        for whole in (False, True)
    ]
    assert [one.code for one in found[0]] == ["CKP402"]
    assert found[0] == found[1]
