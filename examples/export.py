"""Write the weights of the trained leaf network for the phone app."""

from __future__ import annotations

import torch
from network import LeafNet
from train import CHECKPOINT


def main() -> None:
    """Read the checkpoint, write the weights."""
    model = LeafNet()
    model.load_state_dict(torch.load(CHECKPOINT, map_location="cpu")["model"])
    torch.save(dict(model.named_parameters()), "runs/leaves-weights.pt")


if __name__ == "__main__":
    main()
