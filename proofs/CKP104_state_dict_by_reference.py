"""The best state is kept without a copy: what is restored at the end is the last one."""

from __future__ import annotations

import copy
from collections.abc import Callable

import torch
from torch import Tensor, nn
from toy import conclude

State = dict[str, Tensor]


def run(keep: Callable[[nn.Module], State]) -> tuple[float, float]:
    """Accuracy of the best epoch when it was measured, and after the kept state is restored, in percent."""
    torch.manual_seed(0)
    x, x_val = torch.randn(512, 30), torch.randn(2000, 30)
    y, y_val = (x[:, 0] > 0).long(), (x_val[:, 0] > 0).long()
    noisy = torch.where(torch.rand(512) < 0.3, 1 - y, y)
    net = nn.Sequential(nn.Linear(30, 256), nn.ReLU(), nn.Linear(256, 2))
    optimizer = torch.optim.Adam(net.parameters(), 3e-3)

    @torch.no_grad()
    def accuracy() -> float:
        return 100 * (net(x_val).argmax(1) == y_val).float().mean().item()

    best, kept = -1.0, keep(net)
    for _ in range(200):
        optimizer.zero_grad()
        nn.functional.cross_entropy(net(x), noisy).backward()
        optimizer.step()
        reached = accuracy()
        if reached > best:
            best, kept = reached, keep(net)
    net.load_state_dict(kept)
    return best, accuracy()


def state(net: nn.Module) -> State:
    """The state dict as it is."""
    return net.state_dict()


FORMS: dict[str, Callable[[nn.Module], State]] = {
    "state_dict()": state,
    ".copy()": lambda net: net.state_dict().copy(),
    "{k: v.cpu()}": lambda net: {k: v.cpu() for k, v in net.state_dict().items()},
    "deepcopy": lambda net: copy.deepcopy(net.state_dict()),
    "{k: v.clone()}": lambda net: {k: v.clone() for k, v in net.state_dict().items()},
}

results = {name: run(keep) for name, keep in FORMS.items()}
best = results["deepcopy"][0]
copies = {"deepcopy", "{k: v.clone()}"}
conclude(
    f"accuracy of the best epoch {best:.1f} %; after it is restored: "
    + ", ".join(f"{name} {after:.1f} %" for name, (_, after) in results.items()),
    all(after == best if name in copies else after < best - 5 for name, (_, after) in results.items()),
)
