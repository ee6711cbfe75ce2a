"""Report the accuracy of the trained leaf network on photos that it has not seen."""

from __future__ import annotations

import argparse

import torch
from network import CLASSES, LeafNet
from torch import nn
from torch.utils.data import DataLoader
from torchvision import datasets, transforms
from train import CHECKPOINT


def test_photos(folder: str) -> datasets.ImageFolder:
    """Photos without anything random."""
    steps = transforms.Compose([transforms.Resize(110), transforms.CenterCrop(96), transforms.ToTensor()])
    return datasets.ImageFolder(folder, transform=steps)


def load_model(device: torch.device) -> nn.Module:
    """The trained network."""
    model = LeafNet().to(device)
    checkpoint = torch.load(CHECKPOINT, map_location=device)
    model.load_state_dict(checkpoint["model"])
    return model


@torch.no_grad()
def evaluate(model: nn.Module, loader: DataLoader, device: torch.device) -> torch.Tensor:
    """Counts of photos, a row for each true class and a column for each predicted one."""
    counts = torch.zeros(len(CLASSES), len(CLASSES), dtype=torch.long)
    for images, labels in loader:
        predicted = model(images.to(device)).argmax(dim=1).cpu()
        for truth, guess in zip(labels.tolist(), predicted.tolist(), strict=True):
            counts[truth, guess] += 1
    return counts


def main() -> None:
    """Evaluate from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default="photos/test")
    args = parser.parse_args()

    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    loader = DataLoader(test_photos(args.data), batch_size=256)
    counts = evaluate(load_model(device), loader, device)
    for index, name in enumerate(CLASSES):
        print(f"{name:>8}: {int(counts[index, index])} of {int(counts[index].sum())}")
    print(f"{'all':>8}: {counts.diagonal().sum() / counts.sum():.1%}")


if __name__ == "__main__":
    main()
