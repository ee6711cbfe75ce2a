"""A running mean in a buffer with `persistent=False` is zero again in a loaded model."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from toy import FEATURES, accuracy, conclude, train


class Centred(nn.Module):
    """`persistent`: whether the state dict holds the running mean."""

    def __init__(self, persistent: bool) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(FEATURES), persistent=persistent)
        self.body = nn.Sequential(nn.Linear(FEATURES, 32, bias=False), nn.ReLU(), nn.Linear(32, 2))

    def forward(self, x: Tensor) -> Tensor:
        if self.training:
            self.mean = 0.9 * self.mean + 0.1 * x.mean(0)
        return self.body(x - self.mean)


def run(persistent: bool) -> tuple[float, float, str]:
    """Accuracy trained, then saved and loaded into a new model, and what the load says."""
    torch.manual_seed(0)
    net = train(Centred(persistent))
    loaded = Centred(persistent)
    answer = str(loaded.load_state_dict(net.state_dict()))
    return accuracy(net.eval()), accuracy(loaded.eval()), answer


wrong, right = run(False), run(True)
conclude(
    f"not persistent: {wrong[0]:.1f} % trained, {wrong[1]:.1f} % loaded; persistent: {right[0]:.1f} % trained, "
    f"{right[1]:.1f} % loaded; both loads say {wrong[2]}",
    right[0] == right[1] and wrong[1] < wrong[0] and wrong[2] == right[2],
)
