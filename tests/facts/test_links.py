"""Which loads read what which saves wrote, and what for."""

from __future__ import annotations

import pytest

from ckptlint.facts.links import Link
from tests.facts.projects import facts_of

HEAD = """
import sys
import torch
from torch import nn
from net import Net
from settings import args
"""
TRAIN = """
def fit(model, optimizer, loader):
    model.train()
    for x, y in loader:
        optimizer.zero_grad()
        nn.functional.mse_loss(model(x), y).backward()
        optimizer.step()

"""
RESUMED = f"""{HEAD}{TRAIN}
def main(args, loader):
    model = Net()
    optimizer = torch.optim.Adam(model.parameters())
    start = 0
    if args.resume:
        state = torch.load(args.resume)
        model.load_state_dict(state["model"])
        start = state["epoch"]
    for epoch in range(start, 9):
        fit(model, optimizer, loader)
        torch.save({{"model": model.state_dict(), "epoch": epoch}}, "last.pt")

main(sys.argv, [])
"""
WRITES = f"""{HEAD}{TRAIN}
model = Net()
optimizer = torch.optim.Adam(model.parameters())
for epoch in range(9):
    fit(model, optimizer, [])
torch.save({{"model": model.state_dict()}}, "runs/last.pt")
"""
READS = f"""{HEAD}
model = Net()
model.load_state_dict(torch.load(PATH)["model"])
model.eval()
print(model(torch.ones(1, 2)))
"""
FINE_TUNES = f"""{HEAD}{TRAIN}
model = Net()
model.load_state_dict(torch.load("runs/last.pt")["model"])
optimizer = torch.optim.Adam(model.parameters())
for epoch in range(9):
    fit(model, optimizer, [])
"""
BEST = f"""{HEAD}{TRAIN}
model = Net()
optimizer = torch.optim.Adam(model.parameters())
for epoch in range(9):
    fit(model, optimizer, [])
    torch.save(model.state_dict(), "best.pt")
model.load_state_dict(torch.load("best.pt"))
model.eval()
print(model(torch.ones(1, 2)))
"""


def linked(files: dict[str, str]) -> list[tuple[str, int]]:
    """(purpose, number of assumptions) of every link."""
    return [(link.purpose, len(link.assumptions)) for link in facts_of(files).of(Link)]


def test_one_run_goes_on_from_what_it_writes_whatever_the_path() -> None:
    assert linked({"main.py": RESUMED}) == [("resume", 0)]


def test_another_script_evaluates() -> None:
    assert linked({"train.py": WRITES, "test.py": READS.replace("PATH", '"runs/last.pt"')}) == [("evaluate", 0)]


def test_a_path_of_another_name_rests_on_the_model() -> None:
    assert linked({"train.py": WRITES, "test.py": READS.replace("PATH", "sys.argv[1]")}) == [("evaluate", 1)]


@pytest.mark.parametrize("path", ['"runs/first.pt"', '"pretrained/last.pt"', "args.pretrained"])
def test_files_from_outside(path: str) -> None:
    assert linked({"train.py": WRITES, "test.py": READS.replace("PATH", path)}) == []


def test_equal_strings_in_folders_apart() -> None:
    files = {"a/train.py": WRITES, "a/net.py": "", "b/test.py": READS.replace("PATH", '"runs/last.pt"')}
    files |= {"b/net.py": "from torch import nn\n\nclass Net(nn.Module):\n    pass\n"}
    assert linked(files) == []


def test_another_script_begins_with_it() -> None:
    assert linked({"train.py": WRITES, "finetune.py": FINE_TUNES}) == [("warm-start", 0)]


def test_best_weights_are_taken_back_for_the_test() -> None:
    assert linked({"main.py": BEST}) == [("evaluate", 0)]


def test_a_class_that_saves_and_loads() -> None:
    code = f"""{HEAD}
class Keeper:
    def __init__(self, folder):
        self.folder = folder

    def save(self, model):
        torch.save({{"model": model.state_dict()}}, self.folder + "/last.pt")

    def load(self, model):
        model.load_state_dict(torch.load(self.folder + "/last.pt")["model"])
"""
    assert linked({"keeper.py": code}) == [("unknown", 0)]
