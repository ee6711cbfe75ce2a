"""`F.dropout` without `training=` drops in eval mode too: two evaluations of one model differ."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from toy import FEATURES, accuracy, conclude, train


class Net(nn.Module):
    """`told`: whether dropout is told the mode."""

    def __init__(self, told: bool) -> None:
        super().__init__()
        self.told = told
        self.first, self.last = nn.Linear(FEATURES, 64), nn.Linear(64, 2)

    def forward(self, x: Tensor) -> Tensor:
        hidden = F.relu(self.first(x))
        hidden = F.dropout(hidden, 0.8, training=self.training) if self.told else F.dropout(hidden, 0.8)
        return self.last(hidden)


def evaluated(told: bool) -> tuple[float, float]:
    """Two accuracies of one trained model, both after `eval()`."""
    torch.manual_seed(0)
    net = train(Net(told)).eval()
    return accuracy(net), accuracy(net)


right, wrong = evaluated(True), evaluated(False)
conclude(
    f"two evaluations: {wrong[0]:.1f} % and {wrong[1]:.1f} % with `F.dropout(x, 0.8)`, "
    f"{right[0]:.1f} % both times with `training=self.training`",
    right[0] == right[1] and wrong[0] != wrong[1] and max(wrong) < right[0],
)
