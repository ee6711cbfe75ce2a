"""`model.eval` without a call, and `model.training = False`, leave every layer in train mode."""

from __future__ import annotations

import torch
from torch import nn
from toy import FEATURES, conclude

torch.manual_seed(0)
x = torch.randn(100, FEATURES)


def differs(net: nn.Module) -> bool:
    """Whether two calls on one input give different outputs."""
    return not torch.equal(net(x), net(x))


named = nn.Sequential(nn.Linear(FEATURES, 8), nn.Dropout(0.5))
named.eval  # noqa: B018
flagged = nn.Sequential(nn.Linear(FEATURES, 8), nn.Dropout(0.5))
flagged.training = False
called = nn.Sequential(nn.Linear(FEATURES, 8), nn.Dropout(0.5)).eval()
named_differs, flagged_differs, called_differs = differs(named), differs(flagged), differs(called)
conclude(
    f"two outputs for one input differ: after `net.eval` {named_differs}, "
    f"after `net.training = False` {flagged_differs}, after `net.eval()` {called_differs}",
    named_differs and flagged_differs and not called_differs,
)
