"""Report the accuracy of the trained activity network on held-out windows, for each class and over all."""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from torch import nn
from torch.utils.data import DataLoader
from train import CHECKPOINT, CLASSES, ActivityNet, load_windows


def load_model(path: str, device: torch.device) -> nn.Module:
    """The trained network from a checkpoint of train.py."""
    model = ActivityNet().to(device)
    checkpoint = torch.load(path, map_location=device)
    model.load_state_dict(checkpoint["model_state"])
    print(f"loaded {path}, trained for {checkpoint['epoch'] + 1} epochs")
    return model


@torch.no_grad()
def confusion(model: nn.Module, loader: DataLoader, device: torch.device) -> torch.Tensor:
    """Counts of windows, a row for each true class and a column for each predicted one."""
    model.eval()
    counts = torch.zeros(len(CLASSES), len(CLASSES), dtype=torch.long)
    for windows, labels in loader:
        predicted = model(windows.to(device)).argmax(dim=1).cpu()
        for truth, guess in zip(labels.tolist(), predicted.tolist(), strict=True):
            counts[truth, guess] += 1
    return counts


def main() -> None:
    """Evaluate from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("data/test.npz"))
    parser.add_argument("--batch-size", type=int, default=256)
    args = parser.parse_args()

    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    loader = DataLoader(load_windows(args.data), batch_size=args.batch_size)
    counts = confusion(load_model(CHECKPOINT, device), loader, device)
    for index, name in enumerate(CLASSES):
        right, seen = int(counts[index, index]), int(counts[index].sum())
        print(f"{name:>12}: {right} of {seen}")
    print(f"{'all':>12}: {counts.diagonal().sum() / counts.sum():.1%}")


if __name__ == "__main__":
    main()
