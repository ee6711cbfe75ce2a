"""A schedule whose state is not saved begins anew in the resumed run, though model, optimizer and epoch come back."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn
from torch.optim import lr_scheduler
from toy import conclude

STEPS, STOP = 100, 60


def rates(make: Callable[[torch.optim.Optimizer], lr_scheduler.LRScheduler], saved: bool | None) -> list[float]:
    """The rate of each step from STOP on; `saved`: whether the schedule's state is, None for no interruption."""
    torch.manual_seed(0)
    net = nn.Linear(4, 1)
    optimizer = torch.optim.AdamW(net.parameters(), 1e-2)
    scheduler = make(optimizer)
    found: list[float] = []
    for step in range(STEPS):
        if step == STOP and saved is not None:
            state, schedule = optimizer.state_dict(), scheduler.state_dict()
            optimizer = torch.optim.AdamW(net.parameters(), 1e-2)
            scheduler = make(optimizer)
            optimizer.load_state_dict(state)
            if saved:
                scheduler.load_state_dict(schedule)
        found.append(optimizer.param_groups[0]["lr"])
        optimizer.zero_grad()
        net(torch.randn(8, 4)).pow(2).mean().backward()
        optimizer.step()
        scheduler.step()
    return found[STOP:]


def apart(make: Callable[[torch.optim.Optimizer], lr_scheduler.LRScheduler], saved: bool) -> float:
    """The largest difference of a resumed run's rate from that of the run which was not interrupted."""
    return max(abs(a - b) for a, b in zip(rates(make, None), rates(make, saved), strict=True))


MADE: dict[str, Callable[[torch.optim.Optimizer], lr_scheduler.LRScheduler]] = {
    "CosineAnnealingLR": lambda optimizer: lr_scheduler.CosineAnnealingLR(optimizer, STEPS),
    "LambdaLR": lambda optimizer: lr_scheduler.LambdaLR(optimizer, lambda step: 0.99**step),
    "MultiStepLR": lambda optimizer: lr_scheduler.MultiStepLR(optimizer, [50, 80]),
    "ExponentialLR": lambda optimizer: lr_scheduler.ExponentialLR(optimizer, 0.97),
}
lost = {name: apart(make, saved=False) for name, make in MADE.items()}
kept = {name: apart(make, saved=True) for name, make in MADE.items()}
conclude(
    "largest error of a rate that began at 1e-2, resumed at step 60 of 100 with the optimizer's state: "
    + ", ".join(f"{name} {error:.1e}" for name, error in lost.items())
    + f"; with the scheduler's state too: {max(kept.values()):.0f} for all",
    max(kept.values()) == 0
    and lost["ExponentialLR"] == 0
    and all(lost[name] > 5e-4 for name in MADE if name != "ExponentialLR"),
)
