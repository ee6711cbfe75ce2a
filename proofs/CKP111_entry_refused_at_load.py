"""CKP111: a checkpoint with the parsed arguments, or a number of NumPy's, is written and then refused at load."""

from __future__ import annotations

import argparse
import pickle
import tempfile
from pathlib import Path

import numpy as np
import torch
from torch import nn
from toy import conclude, train


def loads(entry: object) -> str:
    """What loading a checkpoint gives that holds this entry beside a model's state: "read" or the error's name."""
    model = train(nn.Linear(20, 2), steps=5)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "net.pt"
        torch.save({"model": model.state_dict(), "entry": entry}, path)
        try:
            torch.load(path)
        except pickle.UnpicklingError as error:
            return type(error).__name__
    return "read"


class Settings:
    """A class of one's own."""

    def __init__(self, rate: float) -> None:
        self.rate = rate


args = argparse.Namespace(epochs=10)
settings = Settings(0.1)
best = np.mean([0.5, 0.7])
optimizer = torch.optim.Adam([torch.zeros(1, requires_grad=True)])
refused = [loads(args), loads(best), loads(np.zeros(3)), loads(optimizer), loads(settings)]
read = [loads(vars(args)), loads(float(best)), loads(torch.zeros(3)), loads(optimizer.state_dict())]
read.append(loads(vars(settings)))
conclude(
    f"Namespace, numpy.float64, ndarray, Adam, Settings: {', '.join(refused)}; "
    f"vars(args), float, tensor, optimizer.state_dict(), vars(settings): {', '.join(read)}",
    refused == ["UnpicklingError"] * 5 and read == ["read"] * 5,
)
