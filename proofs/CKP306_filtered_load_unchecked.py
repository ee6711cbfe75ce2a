"""A filter by name that drops every weight passes a strict load."""

from __future__ import annotations

import torch
from torch import nn
from toy import FEATURES, accuracy, conclude, train


def net() -> nn.Module:
    """A small model, made alike each time."""
    torch.manual_seed(1)
    return nn.Sequential(nn.Linear(FEATURES, 64), nn.BatchNorm1d(64), nn.ReLU(), nn.Linear(64, 2))


trained = nn.DataParallel(net())
train(trained)
saved = trained.state_dict()
wrong, right = net(), net()
own = wrong.state_dict()
known = {key: value for key, value in saved.items() if key in own}
own.update(known)
wrong.load_state_dict(own)
right.load_state_dict(trained.module.state_dict())
before, after = accuracy(right.eval()), accuracy(wrong.eval())
conclude(
    f"accuracy {before:.1f} % -> {after:.1f} %: the filter leaves {len(known)} of {len(saved)} weights, "
    "and the strict load passes",
    not known and before - after > 20,
)
