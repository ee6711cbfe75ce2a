"""A temperature that the forward lowers, as a Python number, is at its first value again in a loaded model."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from toy import FEATURES, accuracy, conclude, loss, train


class Gated(nn.Module):
    """Two branches mixed by a gate that hardens while it is trained; `saved`: whether its temperature is a buffer."""

    def __init__(self, saved: bool) -> None:
        super().__init__()
        if saved:
            self.register_buffer("temperature", torch.tensor(10.0))
        else:
            self.temperature = 10.0
        self.gate = nn.Linear(FEATURES, 32)
        self.body = nn.Linear(FEATURES, 32)
        self.head = nn.Linear(32, 2)

    def forward(self, x: Tensor) -> Tensor:
        if self.training:
            self.temperature *= 0.99
        return self.head(self.body(x) * torch.sigmoid(self.gate(x) / self.temperature))


def run(saved: bool) -> tuple[float, float, float, float, str]:
    """Accuracy and loss trained, the same saved and loaded into a new model, and what the load says."""
    torch.manual_seed(0)
    net = train(Gated(saved)).eval()
    loaded = Gated(saved).eval()
    answer = str(loaded.load_state_dict(net.state_dict()))
    return accuracy(net), accuracy(loaded), loss(net), loss(loaded), answer


wrong, right = run(False), run(True)
conclude(
    f"temperature as a Python number: {wrong[0]:.1f} % (loss {wrong[2]:.3f}) trained, {wrong[1]:.1f} % "
    f"(loss {wrong[3]:.3f}) loaded; as a buffer: {right[0]:.1f} % (loss {right[2]:.3f}) trained, {right[1]:.1f} % "
    f"(loss {right[3]:.3f}) loaded; both loads say {wrong[4]}",
    right[2] == right[3] and wrong[3] > 2 * wrong[2] and wrong[1] < wrong[0] and wrong[4] == right[4],
)
