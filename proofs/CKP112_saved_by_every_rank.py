"""Two processes that save to one path: what lies there is what the last one wrote."""

from __future__ import annotations

import tempfile
from pathlib import Path

import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from torch import nn
from toy import FEATURES, conclude, samples

WORLD = 2


def work(rank: int, folder: str) -> None:
    """One process of the training, on samples of its own; the second is later by one barrier."""
    dist.init_process_group("gloo", init_method=f"file://{folder}/meeting", rank=rank, world_size=WORLD)
    torch.manual_seed(0)
    model = nn.parallel.DistributedDataParallel(nn.Sequential(nn.Linear(FEATURES, 8), nn.BatchNorm1d(8)))
    x, _ = samples(256, seed=rank)
    model(x).sum().backward()
    torch.save(model.module.state_dict(), f"{folder}/rank-{rank}.pt")
    if rank == 1:
        dist.barrier()
    torch.save(model.module.state_dict(), f"{folder}/model.pt")
    if rank == 0:
        dist.barrier()
    dist.barrier()
    dist.destroy_process_group()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        mp.spawn(work, args=(folder,), nprocs=WORLD)
        first, last = (torch.load(Path(folder) / f"rank-{rank}.pt") for rank in range(WORLD))
        there = torch.load(Path(folder) / "model.pt")
    apart = (first["1.running_mean"] - last["1.running_mean"]).abs().max().item()
    is_last = torch.equal(there["1.running_mean"], last["1.running_mean"])
    weights = torch.equal(first["0.weight"], last["0.weight"])
    conclude(
        f"equal weights in both processes {weights}, running means apart by {apart:.3f}; "
        f"the file holds those of the last one to write: {is_last}",
        weights and apart > 0.01 and is_last,
    )
