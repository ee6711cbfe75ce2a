"""A model that a chain of branches picks, with None before the first."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.linting import lint

PICKED = """
import torch
import shelf
from torch import nn

def pick(kind):
    net = None
    if kind == "wide":
        net = shelf.Wide(3)
    elif kind == "deep":
        net = shelf.Deep(3)
    return net

def validate(net, loader):
    net.eval()
    with torch.no_grad():
        for x, _ in loader:
            print(net(x).mean())

def train(net, optimizer, loader, valid_loader):
    net.train()
    for step, (x, y) in enumerate(loader):
        optimizer.zero_grad()
        nn.functional.mse_loss(net(x), y).backward()
        optimizer.step()
        if step % 100 == 0:
            validate(net, valid_loader)
            # back

def main(kind, loader, valid_loader):
    net = pick(kind)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    train(net, optimizer, loader, valid_loader)

main(input(), [], [])
"""


@pytest.mark.parametrize(("line", "codes"), [("# back", ["CKP402"]), ("net.train()", [])])
def test_what_libraries_made_is_one_model_besides_none(line: str, codes: list[str], tmp_path: Path) -> None:
    low = {"pyproject.toml": '[tool.ckptlint]\nmin-confidence = "low"\nselect = ["CKP402"]\n'}
    found = lint({"train.py": PICKED.replace("# back", line), **low}, tmp_path)
    assert [diagnostic.code for diagnostic in found] == codes
