"""CKP302: a whole checkpoint dict restored with `strict=False` loads nothing and says nothing."""

from __future__ import annotations

import torch
from torch import nn
from toy import accuracy, conclude, train


def fresh() -> nn.Module:
    """The same small network, not trained."""
    torch.manual_seed(1)
    return nn.Sequential(nn.Linear(20, 64), nn.BatchNorm1d(64), nn.ReLU(), nn.Linear(64, 2))


trained = train(fresh()).eval()
checkpoint = {"net": trained.state_dict(), "classes": ["low", "high"]}
whole, right = fresh().eval(), fresh().eval()
whole.load_state_dict(checkpoint, strict=False)
right.load_state_dict(checkpoint["net"])
try:
    fresh().load_state_dict(checkpoint)
    strict = "nothing raised"
except RuntimeError as error:
    strict = type(error).__name__
try:
    fresh().load_state_dict("net.pt")
    path = "nothing raised"
except TypeError as error:
    path = type(error).__name__
numbers = accuracy(trained), accuracy(right), accuracy(whole)
conclude(
    f"trained {numbers[0]:.1f} %, its state restored {numbers[1]:.1f} %, the whole dict with strict=False "
    f"{numbers[2]:.1f} %; strict: {strict}; a path: {path}",
    numbers[0] == numbers[1] > numbers[2] + 20 and strict == "RuntimeError" and path == "TypeError",
)
