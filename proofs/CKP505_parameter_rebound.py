"""What is computed from an nn.Parameter is no parameter: not trained, not saved."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from toy import FEATURES, accuracy, conclude, train


class Net(nn.Module):
    """A linear classifier; `inside`: whether the shape is given before the parameter is made."""

    def __init__(self, inside: bool) -> None:
        super().__init__()
        start = torch.randn(FEATURES * 2)
        self.weight = nn.Parameter(start.view(FEATURES, 2)) if inside else nn.Parameter(start).view(FEATURES, 2)
        self.bias = nn.Parameter(torch.zeros(2))

    def forward(self, x: Tensor) -> Tensor:
        return x @ self.weight + self.bias


def run(inside: bool) -> tuple[float, float, str]:
    """Accuracy trained, then saved and loaded into a new model, and what the load says."""
    torch.manual_seed(0)
    net = train(Net(inside))
    loaded = Net(inside)
    answer = str(loaded.load_state_dict(net.state_dict()))
    return accuracy(net), accuracy(loaded), answer


def multiplied() -> str:
    """What the second step says when the operation keeps something of its input."""
    scale, other = nn.Parameter(torch.ones(2)) * 0.1, torch.ones(2, requires_grad=True)
    try:
        for _ in range(2):
            (scale * other).sum().backward()
    except RuntimeError as error:
        return str(error).partition(" (")[0]
    return "nothing"


wrong, right, again = run(False), run(True), multiplied()
conclude(
    f"nn.Parameter(w).view(20, 2): {wrong[0]:.1f} % trained, {wrong[1]:.1f} % loaded; "
    f"nn.Parameter(w.view(20, 2)): {right[0]:.1f} % trained, {right[1]:.1f} % loaded; both loads say {wrong[2]}; "
    f"nn.Parameter(s) * 0.1 at the second step: {again!r}",
    right[0] == right[1] and right[0] > max(wrong[:2]) + 10 and wrong[2] == right[2] and again != "nothing",
)
