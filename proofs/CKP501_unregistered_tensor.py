"""A random tensor that is a plain attribute is another one in a new model, and a strict load does not tell."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from toy import FEATURES, accuracy, conclude, train


class RandomFeatures(nn.Module):
    """`registered`: whether the projection is a buffer."""

    def __init__(self, registered: bool) -> None:
        super().__init__()
        basis = torch.randn(FEATURES, 64) / FEATURES**0.5
        if registered:
            self.register_buffer("basis", basis)
        else:
            self.basis = basis
        self.head = nn.Linear(64, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(torch.relu(x @ self.basis))


class Centred(nn.Module):
    """`registered`: whether the running mean is a buffer; it is a tensor of zeros at first."""

    def __init__(self, registered: bool) -> None:
        super().__init__()
        if registered:
            self.register_buffer("mean", torch.zeros(FEATURES))
        else:
            self.mean = torch.zeros(FEATURES)
        self.body = nn.Sequential(nn.Linear(FEATURES, 32, bias=False), nn.ReLU(), nn.Linear(32, 2))

    def forward(self, x: Tensor) -> Tensor:
        if self.training:
            self.mean = 0.9 * self.mean + 0.1 * x.mean(0)
        return self.body(x - self.mean)


def run(kind: type[nn.Module], registered: bool) -> tuple[float, float, str]:
    """Accuracy trained, then saved and loaded into a new model, and what the load says."""
    torch.manual_seed(0)
    net = train(kind(registered))
    loaded = kind(registered)
    answer = str(loaded.load_state_dict(net.state_dict()))
    return accuracy(net.eval()), accuracy(loaded.eval()), answer


lines: list[str] = []
holds = True
for name, kind in (("random projection", RandomFeatures), ("running mean", Centred)):
    wrong, right = run(kind, False), run(kind, True)
    lines.append(
        f"{name}: plain tensor {wrong[0]:.1f} % trained, {wrong[1]:.1f} % loaded, buffer {right[0]:.1f} % and "
        f"{right[1]:.1f} %"
    )
    holds &= right[0] == right[1] and wrong[1] < wrong[0] and wrong[2] == right[2]
conclude(f"{'; '.join(lines)}; every load says {wrong[2]}", holds)
