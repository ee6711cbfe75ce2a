"""An evaluation leaves the model in eval mode: from the second epoch on dropout is off, statistics stand still."""

from __future__ import annotations

import torch
from torch import nn
from toy import FEATURES, conclude, loss, train

EPOCHS = 8


def run(restores: bool, seed: int) -> tuple[float, int]:
    """Evaluation loss at the end, and how many batches the running statistics have seen."""
    torch.manual_seed(seed)
    norm = nn.BatchNorm1d(64)
    net = nn.Sequential(nn.Linear(FEATURES, 64), norm, nn.ReLU(), nn.Dropout(0.7), nn.Linear(64, 2))
    for epoch in range(EPOCHS):
        if restores:
            net.train()
        train(net, steps=50, seed=epoch)
        net.eval()
        loss(net)
    assert norm.num_batches_tracked is not None
    return loss(net), int(norm.num_batches_tracked)


pairs = [(run(True, seed), run(False, seed)) for seed in range(3)]
losses = [f"{right[0]:.3f} / {wrong[0]:.3f}" for right, wrong in pairs]
(_, seen), (_, wrongly_seen) = pairs[0]
conclude(
    f"evaluation loss with / without `train()`, three seeds: {', '.join(losses)}; "
    f"batches that the running statistics have seen: {seen} / {wrongly_seen}",
    seen == EPOCHS * 50 and wrongly_seen == 50,
)
