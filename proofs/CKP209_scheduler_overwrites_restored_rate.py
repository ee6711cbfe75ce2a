"""A scheduler that is made after the optimizer was restored overwrites the restored learning rate."""

from __future__ import annotations

import copy
from collections.abc import Callable

import torch
from torch import nn
from torch.optim import lr_scheduler
from toy import FEATURES, TRAINING, conclude

RATE = 1e-2
RESUMED, EPOCHS = 50, 100
Make = Callable[[torch.optim.Optimizer], lr_scheduler.LRScheduler]
SCHEDULERS: dict[str, Make] = {
    "LambdaLR": lambda optimizer: lr_scheduler.LambdaLR(optimizer, lambda epoch: 0.9**epoch),
    "LinearLR": lambda optimizer: lr_scheduler.LinearLR(optimizer, 0.1, 1.0, 80),
    "StepLR": lambda optimizer: lr_scheduler.StepLR(optimizer, 30),
}


def build() -> tuple[nn.Module, torch.optim.Optimizer]:
    """A model and its optimizer."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(FEATURES, 64), nn.ReLU(), nn.Linear(64, 2))
    return model, torch.optim.Adam(model.parameters(), RATE)


def run(
    model: nn.Module, optimizer: torch.optim.Optimizer, scheduler: lr_scheduler.LRScheduler, epochs: int
) -> list[float]:
    """The learning rate of each epoch."""
    x, y = TRAINING
    rates = []
    for _ in range(epochs):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()
        scheduler.step()
    return rates


def resumed(make: Make, is_late: bool) -> tuple[float, float]:
    """How far the rate of the first resumed epoch and of the last one are from those of a training in one go."""
    model, optimizer = build()
    scheduler = make(optimizer)
    run(model, optimizer, scheduler, RESUMED)
    saved = copy.deepcopy((model.state_dict(), optimizer.state_dict(), scheduler.state_dict()))
    true = run(model, optimizer, scheduler, EPOCHS - RESUMED)
    model, optimizer = build()
    model.load_state_dict(saved[0])
    if is_late:
        optimizer.load_state_dict(saved[1])
        scheduler = make(optimizer)
    else:
        scheduler = make(optimizer)
        optimizer.load_state_dict(saved[1])
    scheduler.load_state_dict(saved[2])
    found = run(model, optimizer, scheduler, EPOCHS - RESUMED)
    return abs(found[0] - true[0]), abs(found[-1] - true[-1])


late = {name: resumed(make, is_late=True) for name, make in SCHEDULERS.items()}
early = {name: resumed(make, is_late=False) for name, make in SCHEDULERS.items()}
conclude(
    f"resumed at epoch {RESUMED} of {EPOCHS}, both restored, the scheduler made after the optimizer was: the first "
    f"epoch's rate is off by {late['LambdaLR'][0]:.4f} with LambdaLR (the last one's by {late['LambdaLR'][1]:.4f}), by "
    f"{late['LinearLR'][0]:.4f} with LinearLR (the last one's by {late['LinearLR'][1]:.4f}), by "
    f"{late['StepLR'][0]:.4f} with StepLR; made before: by {max(max(pair) for pair in early.values()):.4f} with all",
    late["LambdaLR"][0] > 1e-3
    and late["LambdaLR"][1] < 1e-9
    and min(late["LinearLR"]) > 1e-3
    and max(late["StepLR"]) < 1e-9
    and max(max(pair) for pair in early.values()) < 1e-9,
)
