"""Train a small network that tells six activities apart from windows of accelerometer readings.

Run `python train.py` to start, `python train.py --resume` to go on from the last checkpoint.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

CHECKPOINT = "runs/activity.pt"
CLASSES = ["walking", "upstairs", "downstairs", "sitting", "standing", "lying"]


class ActivityNet(nn.Module):
    """Two convolutions over time, then a linear layer; input is (batch, 3 axes, 128 samples)."""

    def __init__(self, classes: int = len(CLASSES)) -> None:
        """Build the layers for a number of classes."""
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv1d(3, 32, kernel_size=7, padding=3),
            nn.BatchNorm1d(32),
            nn.ReLU(),
            nn.MaxPool1d(2),
            nn.Conv1d(32, 64, kernel_size=5, padding=2),
            nn.BatchNorm1d(64),
            nn.ReLU(),
            nn.AdaptiveAvgPool1d(1),
        )
        self.dropout = nn.Dropout(0.3)
        self.head = nn.Linear(64, classes)

    def forward(self, windows: torch.Tensor) -> torch.Tensor:
        """Class scores, (batch, classes)."""
        return self.head(self.dropout(self.features(windows).flatten(1)))


def load_windows(path: Path) -> TensorDataset:
    """Windows and labels from an .npz file with the arrays `windows` and `labels`."""
    with np.load(path) as arrays:
        windows = torch.from_numpy(arrays["windows"]).float()
        labels = torch.from_numpy(arrays["labels"]).long()
    return TensorDataset(windows, labels)


def save_checkpoint(path: str, model: nn.Module, optimizer: torch.optim.Optimizer, epoch: int) -> None:
    """Write what a resumed run needs; the file is replaced after every epoch."""
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    torch.save(
        {
            "model": model.state_dict(),
            "optimizer": optimizer.state_dict(),
            "epoch": epoch,
        },
        path,
    )


def train_epoch(model: nn.Module, loader: DataLoader, optimizer: torch.optim.Optimizer, device: torch.device) -> float:
    """One pass over the training windows; returns the mean loss."""
    model.train()
    total = 0.0
    for windows, labels in loader:
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(windows.to(device)), labels.to(device))
        loss.backward()
        optimizer.step()
        total += loss.item() * len(labels)
    return total / len(loader.dataset)


def main() -> None:
    """Train from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("data/train.npz"))
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--lr", type=float, default=1e-3)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--resume", action="store_true")
    args = parser.parse_args()

    torch.manual_seed(args.seed)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    loader = DataLoader(load_windows(args.data), batch_size=args.batch_size, shuffle=True)

    model = ActivityNet().to(device)
    optimizer = torch.optim.AdamW(model.parameters(), lr=args.lr)
    first_epoch = 0
    if args.resume:
        checkpoint = torch.load(CHECKPOINT, map_location=device)
        model.load_state_dict(checkpoint["model"])
        optimizer.load_state_dict(checkpoint["optimizer"])
        first_epoch = checkpoint["epoch"] + 1

    for epoch in range(first_epoch, args.epochs):
        loss = train_epoch(model, loader, optimizer, device)
        print(f"epoch {epoch}: loss {loss:.4f}")
        save_checkpoint(CHECKPOINT, model, optimizer, epoch)


if __name__ == "__main__":
    main()
