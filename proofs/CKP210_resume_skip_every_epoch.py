"""A loader that skips the first batches of the resumed epoch skips them in every epoch that it is used for."""

from __future__ import annotations

import torch
from accelerate import Accelerator
from torch.utils.data import DataLoader, TensorDataset
from toy import conclude

BATCHES, SKIPPED, EPOCHS = 20, 12, 3


def prepared(accelerator: Accelerator) -> DataLoader[tuple[torch.Tensor, ...]]:
    """Twenty batches of one item each."""
    loader: DataLoader[tuple[torch.Tensor, ...]] = accelerator.prepare(
        DataLoader(TensorDataset(torch.arange(BATCHES)), batch_size=1)
    )
    return loader


accelerator = Accelerator(cpu=True)

loader = prepared(accelerator)
loader = accelerator.skip_first_batches(loader, SKIPPED)
rebound = [sum(1 for _ in loader) for _ in range(EPOCHS)]

loader = prepared(accelerator)
nested = []
for epoch in range(EPOCHS):
    loader = accelerator.skip_first_batches(loader, SKIPPED if epoch == 0 else 0)
    nested.append(sum(1 for _ in loader))

loader = prepared(accelerator)
own = []
for epoch in range(EPOCHS):
    active = accelerator.skip_first_batches(loader, SKIPPED) if epoch == 0 else loader
    own.append(sum(1 for _ in active))

conclude(
    f"of {BATCHES} batches {EPOCHS} epochs see {rebound} where the loader's own name is bound to the one that skips "
    f"{SKIPPED}, {nested} where that is done again with 0 in every later epoch, and {own} where the resumed epoch has "
    "a name of its own",
    rebound == [BATCHES - SKIPPED] * EPOCHS and own == [BATCHES - SKIPPED] + [BATCHES] * (EPOCHS - 1),
)
