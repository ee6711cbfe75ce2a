"""A state dict taken from a wrapper does not load into the bare model, nor the other way round."""

from __future__ import annotations

import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel
from toy import FEATURES, conclude


def net() -> nn.Module:
    """A small model."""
    return nn.Sequential(nn.Linear(FEATURES, 8), nn.BatchNorm1d(8), nn.Linear(8, 2))


def fails(target: nn.Module, state: dict[str, torch.Tensor]) -> bool:
    """Whether a strict load raises."""
    try:
        target.load_state_dict(state)
    except RuntimeError:
        return True
    return False


wrappers = {"DataParallel": nn.DataParallel, "torch.compile": torch.compile, "AveragedModel": AveragedModel}
wrapped = [name for name, wrap in wrappers.items() if fails(net(), wrap(net()).state_dict())]
bare = [name for name, wrap in wrappers.items() if fails(wrap(net()), net().state_dict())]
in_place = net()
in_place.compile()
right = [fails(net(), nn.DataParallel(net()).module.state_dict()), fails(net(), in_place.state_dict())]
conclude(
    f"loading raises: from {', '.join(wrapped)} into the bare model; from the bare model into {', '.join(bare)}; "
    f"from `.module` into the bare model {right[0]}, compiled in place {right[1]}",
    len(wrapped) == len(bare) == len(wrappers) and not any(right),
)
