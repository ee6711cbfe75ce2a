"""With `strict=False` and the prefix of a wrapper nothing is loaded, and nothing is said."""

from __future__ import annotations

import warnings

import torch
from torch import nn
from toy import FEATURES, accuracy, conclude, train


def net() -> nn.Module:
    """A small model, made alike each time."""
    torch.manual_seed(1)
    return nn.Sequential(nn.Linear(FEATURES, 64), nn.BatchNorm1d(64), nn.ReLU(), nn.Linear(64, 2))


trained = nn.DataParallel(net())
train(trained)
state = trained.state_dict()
with warnings.catch_warnings(record=True) as warned:
    warnings.simplefilter("always")
    wrong = net()
    result = wrong.load_state_dict(state, strict=False)
made = net().state_dict()
loaded = sum(not torch.equal(value, made[key]) for key, value in wrong.state_dict().items())
right = net()
right.load_state_dict({key.removeprefix("module."): value for key, value in state.items()})
before, after = accuracy(right.eval()), accuracy(wrong.eval())
conclude(
    f"accuracy {before:.1f} % -> {after:.1f} %: {loaded} of {len(state)} entries are loaded, {len(warned)} warnings; "
    f"the result names {len(result.unexpected_keys)} unexpected keys",
    not loaded and len(result.unexpected_keys) == len(state) and not warned and before - after > 20,
)
