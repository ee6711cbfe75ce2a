"""`train` without `super().train(mode)` keeps the switch from the sub-modules, that of `eval()` included."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from toy import EVALUATION, FEATURES, accuracy, conclude, train


class Net(nn.Module):
    """A classifier with dropout."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(FEATURES, 64), nn.ReLU(), nn.Dropout(0.8), nn.Linear(64, 2))

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)


class Overridden(Net):
    """Remembers the mode, and tells nobody."""

    def train(self, mode: bool = True) -> Overridden:
        self.training = mode
        return self


class Silent(Net):
    """Switches, and gives nothing back."""

    def train(self, mode: bool = True) -> None:  # type: ignore[override]
        super().train(mode)


class Routine(Net):
    """`train` is the training itself."""

    def train(self, epochs: int = 10) -> None:  # type: ignore[override]
        self.asked = epochs


def run(net: nn.Module) -> tuple[float, float, bool]:
    """Accuracy after `eval()`, how far two runs are apart, and whether the dropout is in train mode."""
    torch.manual_seed(0)
    train(net).eval()
    with torch.no_grad():
        apart = (net(EVALUATION[0]) - net(EVALUATION[0])).abs().max().item()
    return accuracy(net), apart, net.layers[2].training


torch.manual_seed(0)
wrong = run(Overridden())
torch.manual_seed(0)
right = run(Net())
nothing = Silent().eval()
routine = Routine()
routine.eval()
conclude(
    f"without super().train(mode): {wrong[0]:.1f} % after eval(), two runs {wrong[1]:.1f} apart; "
    f"with it: {right[0]:.1f} %, {right[1]:.1f}; "
    f"without a return, eval() gives {nothing}; a training routine is called with epochs={routine.asked}",
    wrong[0] < right[0] and wrong[1] > 0 == right[1] and wrong[2] and nothing is None and routine.asked is False,
)
