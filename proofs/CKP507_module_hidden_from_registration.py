"""A module within a partial is neither trained nor saved; before super().__init__() it cannot be assigned."""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor, nn
from toy import FEATURES, accuracy, conclude, train


def activated(layer: nn.Module, x: Tensor) -> Tensor:
    """What a layer gives, rectified."""
    return torch.relu(layer(x))


class Net(nn.Module):
    """`seen`: whether the hidden layer is an attribute too."""

    def __init__(self, seen: bool) -> None:
        super().__init__()
        hidden = nn.Linear(FEATURES, 4)
        if seen:
            self.layer = hidden
        self.hidden = partial(activated, hidden)
        self.last = nn.Linear(4, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.last(self.hidden(x))


class Early(nn.Module):
    """Assigns a module before its base is set up."""

    def __init__(self) -> None:
        self.layer = nn.Linear(FEATURES, 2)
        super().__init__()


def run(seen: bool) -> tuple[float, float, str]:
    """Accuracy trained, then saved and loaded into a new model, and what the load says."""
    torch.manual_seed(0)
    net = train(Net(seen))
    loaded = Net(seen)
    answer = str(loaded.load_state_dict(net.state_dict()))
    return accuracy(net), accuracy(loaded), answer


def early() -> str:
    """What the early assignment says."""
    try:
        Early()
    except AttributeError as error:
        return str(error)
    return "nothing"


wrong, right, refused = run(False), run(True), early()
conclude(
    f"within a partial: {wrong[0]:.1f} % trained, {wrong[1]:.1f} % loaded; "
    f"an attribute: {right[0]:.1f} % trained, {right[1]:.1f} % loaded; both loads say {wrong[2]}; "
    f"assigned early: {refused!r}",
    right[0] == right[1] and right[0] > wrong[0] > wrong[1] and wrong[2] == right[2] and "Module.__init__" in refused,
)
