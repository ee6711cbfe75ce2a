"""The optimizer was made for a model object that is replaced afterwards: its steps change nothing."""

from __future__ import annotations

import copy
import io

import torch
from torch import nn
from toy import FEATURES, TRAINING, conclude

Net = nn.Sequential


def build() -> tuple[Net, torch.optim.Optimizer]:
    """A model and the optimizer of its parameters."""
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(FEATURES, 64), nn.ReLU(), nn.Linear(64, 2))
    return net, torch.optim.Adam(net.parameters(), 3e-3)


def moved(net: Net, optimizer: torch.optim.Optimizer) -> float:
    """How far ten steps move the model's last layer (largest difference of an entry)."""
    before = copy.deepcopy(net[2].state_dict())
    x, y = TRAINING
    for _ in range(10):
        optimizer.zero_grad()
        nn.functional.cross_entropy(net(x), y).backward()
        optimizer.step()
    return max((net[2].state_dict()[key] - value).abs().max().item() for key, value in before.items())


def reloaded(net: Net) -> Net:
    """The model as a whole, written to a file and read back."""
    file = io.BytesIO()
    torch.save(net, file)
    file.seek(0)
    found = torch.load(file, weights_only=False)
    assert isinstance(found, nn.Sequential)
    return found


results: dict[str, float] = {}
for name in ("load_state_dict", "torch.load", "deepcopy", "assign=True", "new head"):
    net, optimizer = build()
    state = copy.deepcopy(net.state_dict())
    if name == "load_state_dict":
        net.load_state_dict(state)
    elif name == "torch.load":
        net = reloaded(net)
    elif name == "deepcopy":
        net = copy.deepcopy(net)
    elif name == "assign=True":
        net.load_state_dict(state, assign=True)
    else:
        net[2] = nn.Linear(64, 2)
    results[name] = moved(net, optimizer)
kept = results.pop("load_state_dict")
conclude(
    f"ten steps move the last layer by {kept:.3f} after load_state_dict; "
    + ", ".join(f"by {value:.3f} after {name}" for name, value in results.items()),
    kept > 0.01 and not any(results.values()),
)
