"""A load that fails and is only told leaves the model as it was made."""

from __future__ import annotations

import contextlib
import io

import torch
from torch import nn
from toy import FEATURES, accuracy, conclude, train


def net(width: int = 64) -> nn.Module:
    """A small model, made alike each time."""
    torch.manual_seed(1)
    return nn.Sequential(nn.Linear(FEATURES, width), nn.ReLU(), nn.Linear(width, 2))


trained = train(net())
file = io.BytesIO()
torch.save({"model": trained.state_dict()}, file)


def loaded(whole: bool) -> nn.Module:
    """A model with its weights from the file, which holds a dict around them; a failure is passed over."""
    model = net()
    file.seek(0)
    saved = torch.load(file)
    with contextlib.suppress(RuntimeError):
        model.load_state_dict(saved if whole else saved["model"])
    return model


right, wrong = accuracy(loaded(whole=False).eval()), accuracy(loaded(whole=True).eval())
same = torch.equal(loaded(whole=True)[0].weight, net()[0].weight)
conclude(
    f"accuracy {right:.1f} % -> {wrong:.1f} % when the load fails and is passed over; weights as made: {same}",
    same and right - wrong > 20,
)
