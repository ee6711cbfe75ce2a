"""A load whose result is dropped changes nothing: accuracy stays that of a model never trained."""

from __future__ import annotations

import os
import tempfile

import torch
from flax import serialization
from torch import nn
from toy import accuracy, conclude, train


def network() -> nn.Sequential:
    """Two layers."""
    return nn.Sequential(nn.Linear(20, 32), nn.ReLU(), nn.Linear(32, 2))


torch.manual_seed(0)
trained = train(network())
fresh = {key: value.clone() for key, value in network().state_dict().items()}


def after(load: str) -> float:
    """Accuracy of a fresh model after one way of loading."""
    model = network()
    model.load_state_dict(fresh)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model.pt")
        torch.save(trained.state_dict(), path)
        if load == "bare":
            torch.load(path)
        elif load == "update":
            model.state_dict().update(torch.load(path))
        elif load == "item":
            for key, value in torch.load(path).items():
                model.state_dict()[key] = value
        elif load == "copy":
            for key, value in torch.load(path).items():
                model.state_dict()[key].copy_(value)
        else:
            model.load_state_dict(torch.load(path))
    return accuracy(model)


target = {"w": 0}
serialization.from_bytes(target, serialization.to_bytes({"w": 5}))
found = {load: after(load) for load in ("bare", "update", "item", "copy", "load_state_dict")}
conclude(
    f"accuracy {found['load_state_dict']:.1f} % after load_state_dict; {found['bare']:.1f} % after a bare torch.load, "
    f"{found['update']:.1f} % after state_dict().update(...), {found['item']:.1f} % after state_dict()[key] = value "
    f"({found['copy']:.1f} % with .copy_); from_bytes leaves its target at {target['w']}",
    found["bare"] == found["update"] == found["item"] < 75
    and found["copy"] == found["load_state_dict"] > 90
    and target["w"] == 0,
)
