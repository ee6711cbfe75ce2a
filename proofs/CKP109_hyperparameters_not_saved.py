"""An argument of the constructor that no checkpoint keeps has its default again in the loaded model."""

from __future__ import annotations

import os
import tempfile
import warnings

import lightning as L
import torch
from torch import Tensor, nn
from toy import conclude


class Scaled(L.LightningModule):
    """Keeps no arguments."""

    def __init__(self, scale: float = 1.0) -> None:
        super().__init__()
        self.scale = scale
        self.inner = nn.Linear(4, 2)

    def forward(self, x: Tensor) -> Tensor:
        """Two numbers a sample."""
        return self.inner(x) * self.scale


class Kept(Scaled):
    """Keeps them."""

    def __init__(self, scale: float = 1.0) -> None:
        super().__init__(scale)
        self.save_hyperparameters()


class Named(Scaled):
    """Names the method that keeps them."""

    def __init__(self, scale: float = 1.0) -> None:
        super().__init__(scale)
        self.save_hyperparameters  # noqa: B018


class Wide(L.LightningModule):
    """Needs an argument."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.inner = nn.Linear(4, width)


def reloaded(model: L.LightningModule) -> L.LightningModule:
    """The model of a checkpoint, built by its class."""
    trainer = L.Trainer(max_epochs=0, logger=False, enable_checkpointing=False, enable_progress_bar=False)
    trainer.strategy.connect(model)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model.ckpt")
        trainer.save_checkpoint(path)
        return type(model).load_from_checkpoint(path)


def off(model: Scaled) -> tuple[float, float]:
    """(the argument after loading, how far the outputs are off)."""
    x = torch.ones(1, 4)
    loaded = reloaded(model)
    with torch.no_grad():
        return loaded.scale, float((loaded(x) - model(x)).abs().max())


warnings.simplefilter("ignore")
torch.manual_seed(0)
lost, named, kept = off(Scaled(5.0)), off(Named(5.0)), off(Kept(5.0))
try:
    reloaded(Wide(8))
    failed = "nothing"
except TypeError as error:
    failed = type(error).__name__
conclude(
    f"a scale of 5.0 is {lost[0]} after loading without save_hyperparameters (outputs off by {lost[1]:.2f}), "
    f"{named[0]} where it is named and not called, {kept[0]} where it is called; a required argument raises {failed}",
    lost[0] == named[0] == 1.0 and lost[1] > 0.1 and kept == (5.0, 0.0) and failed == "TypeError",
)
