"""Layers in a plain list are not trained, and a strict load says that all keys match without them."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from toy import FEATURES, accuracy, conclude, train


class Net(nn.Module):
    """`listed`: whether the hidden layers are in a ModuleList."""

    def __init__(self, listed: bool) -> None:
        super().__init__()
        hidden = [nn.Linear(FEATURES, FEATURES) for _ in range(3)]
        self.hidden = nn.ModuleList(hidden) if listed else hidden
        self.last = nn.Linear(FEATURES, 2)

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.hidden:
            x = torch.relu(layer(x))
        return self.last(x)


def run(listed: bool) -> tuple[float, float, str]:
    """Accuracy trained, then saved and loaded into a new model, and what the load says."""
    torch.manual_seed(0)
    net = train(Net(listed))
    loaded = Net(listed)
    answer = str(loaded.load_state_dict(net.state_dict()))
    return accuracy(net.eval()), accuracy(loaded.eval()), answer


wrong, right = run(False), run(True)
conclude(
    f"plain list: {wrong[0]:.1f} % trained, {wrong[1]:.1f} % loaded; "
    f"ModuleList: {right[0]:.1f} % trained, {right[1]:.1f} % loaded; both loads say {wrong[2]}",
    right[0] == right[1] and right[0] > wrong[0] > wrong[1] and wrong[2] == right[2],
)
