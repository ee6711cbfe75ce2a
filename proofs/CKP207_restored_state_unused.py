"""An optimizer that is made again after it was restored, or in every epoch, begins with moments of zero."""

from __future__ import annotations

import copy

import torch
from torch import nn
from toy import FEATURES, TRAINING, conclude

STEPS = 20


def build() -> nn.Module:
    """A model."""
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(FEATURES, 64), nn.ReLU(), nn.Linear(64, 2))


def fresh(model: nn.Module) -> torch.optim.Optimizer:
    """An optimizer that has made no step."""
    return torch.optim.Adam(model.parameters(), 3e-3)


def epoch(model: nn.Module, optimizer: torch.optim.Optimizer, number: int) -> None:
    """Steps on batches that the number of the epoch decides."""
    generator = torch.Generator().manual_seed(number)
    x, y = TRAINING
    for _ in range(STEPS):
        chosen = torch.randint(0, len(x), (64,), generator=generator)
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x[chosen]), y[chosen]).backward()
        optimizer.step()


def distance(a: nn.Module, b: nn.Module) -> float:
    """The largest difference of a parameter."""
    return max((p - q).abs().max().item() for p, q in zip(a.parameters(), b.parameters(), strict=True))


whole = build()
optimizer = fresh(whole)
for number in range(4):
    if number == 2:
        saved = copy.deepcopy((whole.state_dict(), optimizer.state_dict()))
    epoch(whole, optimizer, number)

found: dict[str, float] = {}
for way in ("restored", "made anew"):
    model = build()
    model.load_state_dict(saved[0])
    optimizer = fresh(model)
    optimizer.load_state_dict(copy.deepcopy(saved[1]))
    if way == "made anew":
        optimizer = fresh(model)
    for number in (2, 3):
        epoch(model, optimizer, number)
    found[way] = distance(model, whole)
model = build()
for number in range(4):
    epoch(model, fresh(model), number)
found["every epoch"] = distance(model, whole)
conclude(
    f"after two resumed epochs of {STEPS} steps of Adam the parameters differ from a training in one go by "
    f"{found['restored']:.4f} with the restored optimizer and by {found['made anew']:.4f} where it is made anew; "
    f"made anew in each of four epochs: {found['every epoch']:.4f}",
    found["restored"] == 0 and found["made anew"] > 1e-3 and found["every epoch"] > 1e-3,
)
