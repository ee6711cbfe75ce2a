"""A rate that is computed from the epoch is back at its first value when the resumed loop counts from zero."""

from __future__ import annotations

import torch
from torch import nn
from toy import FEATURES, TRAINING, conclude, loss

STOP = 10


def train(net: nn.Module, optimizer: torch.optim.Optimizer, first: int, last: int) -> None:
    """The epochs from `first` to before `last`, the rate a tenth after each five."""
    x, y = TRAINING
    for epoch in range(first, last):
        optimizer.param_groups[0]["lr"] = 0.1 * 0.1 ** (epoch // 5)
        torch.manual_seed(epoch)
        for chosen in torch.randperm(len(x)).split(64):
            optimizer.zero_grad()
            nn.functional.cross_entropy(net(x[chosen]), y[chosen]).backward()
            optimizer.step()


def run(counted_from: int | None) -> tuple[float, float]:
    """The loss and the rate one epoch after the interruption; None: there was none."""
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(FEATURES, 64), nn.ReLU(), nn.Linear(64, 2))
    optimizer = torch.optim.SGD(net.parameters(), 0.1, momentum=0.9)
    train(net, optimizer, 0, STOP)
    if counted_from is not None:
        weights, state = net.state_dict(), optimizer.state_dict()
        optimizer = torch.optim.SGD(net.parameters(), 0.1, momentum=0.9)
        net.load_state_dict(weights)
        optimizer.load_state_dict(state)
    first = STOP if counted_from is None else counted_from
    train(net, optimizer, first, first + 1)
    return loss(net), optimizer.param_groups[0]["lr"]


torch.set_num_threads(1)
whole, right, wrong = run(None), run(STOP), run(0)
conclude(
    f"one epoch after an interruption at epoch {STOP}: rate {wrong[1]:g}, loss {wrong[0]:.3f} counted from zero; "
    f"rate {right[1]:g}, loss {right[0]:.3f} counted on; rate {whole[1]:g}, loss {whole[0]:.3f} without interruption",
    right == whole and wrong[0] > 1.2 * whole[0] and wrong[1] > 10 * whole[1],
)
