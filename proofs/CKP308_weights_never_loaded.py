"""CKP308: weights that are read into a variable, and never put into the model, leave it as it was built."""

from __future__ import annotations

import tempfile
from pathlib import Path

import torch
from torch import nn
from toy import accuracy, conclude, train


def fresh(seed: int) -> nn.Module:
    """The same small network, not trained."""
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(20, 64), nn.BatchNorm1d(64), nn.ReLU(), nn.Linear(64, 2))


trained = train(fresh(1)).eval()
with tempfile.TemporaryDirectory() as folder:
    path = Path(folder) / "net.pt"
    torch.save(trained.state_dict(), path)
    forgotten, loaded = fresh(2).eval(), fresh(2).eval()
    state = torch.load(path)
    before = accuracy(forgotten)
    loaded.load_state_dict(state)
numbers = accuracy(trained), accuracy(loaded), before
conclude(
    f"trained {numbers[0]:.1f} %, loaded into another model {numbers[1]:.1f} %, only read {numbers[2]:.1f} %",
    numbers[0] == numbers[1] > numbers[2] + 20,
)
