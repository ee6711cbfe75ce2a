"""Train the leaf network on a folder of photos, one sub-folder for each class.

Run `python train.py` to start, `python train.py --resume` to go on from the last checkpoint.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from network import LeafNet
from torch import nn
from torch.utils.data import DataLoader
from torchvision import datasets, transforms

CHECKPOINT = "runs/leaves.pt"


def training_photos(folder: str) -> datasets.ImageFolder:
    """Photos with a random cut and flip."""
    steps = transforms.Compose(
        [
            transforms.RandomResizedCrop(96),
            transforms.RandomHorizontalFlip(),
            transforms.ToTensor(),
            transforms.Normalize(mean=[0.42, 0.47, 0.31], std=[0.21, 0.2, 0.19]),
        ]
    )
    return datasets.ImageFolder(folder, transform=steps)


def train_epoch(model: nn.Module, loader: DataLoader, optimizer: torch.optim.Optimizer, device: torch.device) -> float:
    """One pass over the training photos; returns the mean loss."""
    model.train()
    total = 0.0
    for images, labels in loader:
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(images.to(device)), labels.to(device))
        loss.backward()
        optimizer.step()
        total += loss.item() * len(labels)
    return total / len(loader.dataset)


def main() -> None:
    """Train from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default="photos/train")
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--lr", type=float, default=1e-3)
    parser.add_argument("--resume", action="store_true")
    args = parser.parse_args()

    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    loader = DataLoader(training_photos(args.data), batch_size=64, shuffle=True)
    model = LeafNet().to(device)
    optimizer = torch.optim.AdamW(model.parameters(), lr=args.lr)
    first_epoch = 0
    if args.resume:
        checkpoint = torch.load(CHECKPOINT, map_location=device)
        model.load_state_dict(checkpoint["model"])
        first_epoch = checkpoint["epoch"] + 1

    Path(CHECKPOINT).parent.mkdir(parents=True, exist_ok=True)
    for epoch in range(first_epoch, args.epochs):
        loss = train_epoch(model, loader, optimizer, device)
        print(f"epoch {epoch}: loss {loss:.4f}")
        torch.save({"model": model.state_dict(), "epoch": epoch}, CHECKPOINT)


if __name__ == "__main__":
    main()
