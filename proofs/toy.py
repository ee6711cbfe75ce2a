"""The small task that the PyTorch proofs share: two classes in twenty numbers, learnt in a second."""

from __future__ import annotations

import sys

import torch
from torch import Tensor, nn

FEATURES = 20


def samples(count: int, seed: int) -> tuple[Tensor, Tensor]:
    """Features of shape (count, 20), not centred, and the class of each: whether the first ten sum above their mean."""
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(count, FEATURES, generator=generator) * 2 + 1
    return x, (x[:, :10].sum(1) > 10).long()


TRAINING = samples(2000, seed=1)
EVALUATION = samples(1000, seed=2)


def train(model: nn.Module, steps: int = 400, seed: int = 0) -> nn.Module:
    """The model after so many steps of Adam on batches of 64."""
    generator = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.Adam(model.parameters(), 3e-3)
    x, y = TRAINING
    for _ in range(steps):
        chosen = torch.randint(0, len(x), (64,), generator=generator)
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x[chosen]), y[chosen]).backward()
        optimizer.step()
    return model


@torch.no_grad()
def accuracy(model: nn.Module, batch: int = 1000, by_class: bool = False) -> float:
    """Percent of the evaluation samples, in the mode that the model is in; `by_class`: sorted before batching."""
    x, y = EVALUATION
    if by_class:
        order = torch.argsort(y, stable=True)
        x, y = x[order], y[order]
    right = sum((model(a).argmax(1) == b).sum().item() for a, b in zip(x.split(batch), y.split(batch), strict=True))
    return 100 * right / len(y)


@torch.no_grad()
def loss(model: nn.Module) -> float:
    """Mean cross entropy over the evaluation samples, in the mode that the model is in."""
    x, y = EVALUATION
    return nn.functional.cross_entropy(model(x), y).item()


def conclude(line: str, holds: bool) -> None:
    """Print the numbers, and exit with 1 when they no longer show what the rule claims."""
    print(line)
    if not holds:
        sys.exit("the claim no longer holds")
