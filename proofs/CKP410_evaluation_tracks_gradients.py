"""An evaluation with gradients on: every forward pass keeps its activations, for the same results."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks
from toy import FEATURES, conclude

torch.manual_seed(0)
net = nn.Sequential(nn.Linear(FEATURES, 256), nn.ReLU(), nn.Linear(256, 256), nn.ReLU(), nn.Linear(256, 2)).eval()
batch = torch.randn(1024, FEATURES)


def kept(forward: Callable[[], Tensor]) -> tuple[int, Tensor]:
    """Bytes kept for a backward pass, parameters not counted, and the result."""
    own = {parameter.data_ptr() for parameter in net.parameters()}
    sizes: dict[int, int] = {}

    def keep(tensor: Tensor) -> Tensor:
        if tensor.data_ptr() not in own:
            sizes[tensor.data_ptr()] = tensor.numel() * tensor.element_size()
        return tensor

    with saved_tensors_hooks(keep, lambda tensor: tensor):
        result = forward()
    return sum(sizes.values()), result


tracked, scores = kept(lambda: net(batch))
with torch.no_grad():
    quiet, same = kept(lambda: net(batch))
conclude(
    f"kept for a backward pass after a batch of 1,024: {tracked / 1e6:.1f} MB with gradients on, "
    f"{quiet / 1e6:.1f} MB under no_grad; results equal: {torch.equal(scores, same)}",
    tracked > 1e6 and quiet == 0 and torch.equal(scores, same),
)
