"""A Dropout built in forward drops in eval mode too; a Linear built there is never trained, and new at each call."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from toy import EVALUATION, FEATURES, accuracy, conclude, train


class Net(nn.Module):
    """`kept`: whether the constructor makes the dropout."""

    def __init__(self, kept: bool) -> None:
        super().__init__()
        self.first, self.last = nn.Linear(FEATURES, 64), nn.Linear(64, 2)
        self.dropout = nn.Dropout(0.5) if kept else None

    def forward(self, x: Tensor) -> Tensor:
        dropout = self.dropout if self.dropout is not None else nn.Dropout(0.5)
        return self.last(dropout(torch.relu(self.first(x))))


class Projected(nn.Module):
    """`kept`: whether the constructor makes the projection."""

    def __init__(self, kept: bool) -> None:
        super().__init__()
        self.projection = nn.Linear(FEATURES, FEATURES) if kept else None
        self.last = nn.Linear(FEATURES, 2)

    def forward(self, x: Tensor) -> Tensor:
        projection = self.projection if self.projection is not None else nn.Linear(FEATURES, FEATURES)
        return self.last(projection(x))


def run(net: nn.Module) -> tuple[float, float]:
    """Accuracy in eval mode, and the largest difference between two runs on the same data."""
    torch.manual_seed(0)
    net = train(net).eval()
    with torch.no_grad():
        apart = (net(EVALUATION[0]) - net(EVALUATION[0])).abs().max().item()
    return accuracy(net), apart


torch.manual_seed(0)
dropped, kept = run(Net(False)), run(Net(True))
fresh, trained = run(Projected(False)), run(Projected(True))
conclude(
    f"Dropout built in forward: {dropped[0]:.1f} %, two runs in eval mode {dropped[1]:.1f} apart; "
    f"in the constructor: {kept[0]:.1f} %, {kept[1]:.1f}; "
    f"Linear built in forward: {fresh[0]:.1f} %, {fresh[1]:.1f} apart; "
    f"in the constructor: {trained[0]:.1f} %, {trained[1]:.1f}",
    dropped[0] < kept[0] and fresh[0] < trained[0] - 20 and dropped[1] > 0 < fresh[1] and not kept[1] + trained[1],
)
