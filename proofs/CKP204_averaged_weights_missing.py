"""An average of the weights is lost on resume; one of a model with BatchNorm is evaluated without `update_bn`."""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn, update_bn
from toy import conclude

torch.manual_seed(0)
X = torch.randn(3000, 10) * 3 + 4
Y = (X[:, :4].sum(1) > 16).long()


def accuracy(model: nn.Module) -> float:
    """Percent of the last 1000 samples."""
    model.eval()
    return 100 * (model(X[2000:]).argmax(1) == Y[2000:]).float().mean().item()


def step(net: nn.Module, optimizer: torch.optim.Optimizer) -> None:
    """One step on 64 samples."""
    chosen = torch.randint(0, 2000, (64,))
    optimizer.zero_grad()
    nn.functional.cross_entropy(net(X[chosen]), Y[chosen]).backward()
    optimizer.step()


def build() -> tuple[nn.Module, torch.optim.Optimizer]:
    """A model with BatchNorm and its optimizer."""
    torch.manual_seed(1)
    net = nn.Sequential(nn.Linear(10, 64), nn.BatchNorm1d(64), nn.ReLU(), nn.Linear(64, 2))
    return net, torch.optim.SGD(net.parameters(), 0.05, momentum=0.9)


net, optimizer = build()
swa = AveragedModel(net)
for count in range(400):
    step(net, optimizer)
    if count > 200 and count % 5 == 0:
        swa.update_parameters(net)
stale = accuracy(swa)
batches: list[Tensor] = list(X[:2000].split(64))
update_bn(batches, swa)
refreshed = accuracy(swa)

net, optimizer = build()
ema = AveragedModel(net, multi_avg_fn=get_ema_multi_avg_fn(0.995))
for _ in range(200):
    step(net, optimizer)
    ema.update_parameters(net)
afresh = AveragedModel(copy.deepcopy(net), multi_avg_fn=get_ema_multi_avg_fn(0.995))
resumed = max((a - b).abs().max().item() for a, b in zip(ema.parameters(), afresh.parameters(), strict=True))
conclude(
    f"SWA without / with `update_bn`: {stale:.1f} % / {refreshed:.1f} %; an EMA begun anew on resume differs from the "
    f"one that was lost by up to {resumed:.2f} a weight",
    refreshed > stale + 3 and resumed > 0.01,
)
