"""The network that tells leaf diseases apart, shared by all scripts."""

from __future__ import annotations

import torch
from torch import nn

CLASSES = ["healthy", "mildew", "rust", "scab"]


class LeafNet(nn.Module):
    """Three convolutions and a linear layer; input is (batch, 3 colours, 96, 96)."""

    def __init__(self, classes: int = len(CLASSES)) -> None:
        """Build the layers for a number of classes."""
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 32, kernel_size=3, stride=2),
            nn.BatchNorm2d(32),
            nn.ReLU(),
            nn.Conv2d(32, 64, kernel_size=3, stride=2),
            nn.BatchNorm2d(64),
            nn.ReLU(),
            nn.AdaptiveAvgPool2d(1),
        )
        self.dropout = nn.Dropout(0.3)
        self.head = nn.Linear(64, classes)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Class scores, (batch, classes)."""
        return self.head(self.dropout(self.features(images).flatten(1)))
