"""A dict with two networks whose keys are swapped loads without an error; the model saved is not the one scored."""

from __future__ import annotations

import copy
import io

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from toy import FEATURES, TRAINING, accuracy, conclude, train


def build() -> nn.Module:
    """Features and head of one shape, so that either's state fits the other."""
    return nn.Sequential(nn.Linear(FEATURES, 64), nn.ReLU(), nn.Linear(64, 2))


def reloaded(states: dict[str, dict[str, Tensor]]) -> dict[str, dict[str, Tensor]]:
    """The same after a round trip through a file."""
    file = io.BytesIO()
    torch.save(states, file)
    file.seek(0)
    loaded: dict[str, dict[str, Tensor]] = torch.load(file)
    return loaded


torch.manual_seed(0)
first, second = train(build()).eval(), build().eval()  # Two networks of one shape; one is trained.
before = accuracy(first)
right = reloaded({"first": first.state_dict(), "second": second.state_dict()})
wrong = reloaded({"first": second.state_dict(), "second": first.state_dict()})
after: list[float] = []
for states in (right, wrong):
    net = build().eval()
    net.load_state_dict(states["first"])
    after.append(accuracy(net))

torch.manual_seed(3)
net = build()
optimizer = torch.optim.SGD(net.parameters(), 0.4)
ema = AveragedModel(net, multi_avg_fn=get_ema_multi_avg_fn(0.98))
x, y = TRAINING
best, saved = 0.0, copy.deepcopy(net.state_dict())
for _ in range(300):
    chosen = torch.randint(0, len(x), (4,))
    optimizer.zero_grad()
    nn.functional.cross_entropy(net(x[chosen]), y[chosen]).backward()
    optimizer.step()
    ema.update_parameters(net)
    if (score := accuracy(ema.eval())) > best:
        best, saved = score, copy.deepcopy(net.state_dict())
net.load_state_dict(saved)
kept = accuracy(net.eval())
conclude(
    f"{before:.1f} % before the file; loaded under the right key {after[0]:.1f} %, under swapped ones {after[1]:.1f} "
    f"%, and no error; scored as an EMA {best:.1f} %, the weights saved instead {kept:.1f} %",
    after[0] == before and after[1] < before - 20 and kept < best - 1,
)
