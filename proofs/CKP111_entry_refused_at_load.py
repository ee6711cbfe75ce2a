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


args = argparse.Namespace(epochs=10)
best = np.mean([0.5, 0.7])
optimizer = torch.optim.Adam([torch.zeros(1, requires_grad=True)])
refused = [loads(args), loads(best), loads(np.zeros(3)), loads(optimizer)]
read = [loads(vars(args)), loads(float(best)), loads(torch.zeros(3)), loads(optimizer.state_dict())]
conclude(
    f"Namespace, numpy.float64, ndarray, Adam: {', '.join(refused)}; "
    f"vars(args), float, tensor, optimizer.state_dict(): {', '.join(read)}",
    refused == ["UnpicklingError"] * 4 and read == ["read"] * 4,
)
