"""Models that a constructor leaves in eval mode, run by a method that nobody calls."""

from __future__ import annotations

import pytest

from ckptlint.facts.modes import EvaluationForward
from tests.facts.projects import facts_of

SOURCE = """
import torch
from torch import nn

class Extractor(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(20, 64), nn.BatchNorm1d(64))

    def forward(self, x):
        return self.layers(x)

class Distance:
    def __init__(self, device, count):
        self.eval_count = count
        self.other = Extractor().to(device)
        self.extractor = Extractor().to(device)
        # switch

    def prepare(self):
        self.extractor.eval()

    @torch.no_grad()
    def collect(self, loader):
        batches = iter(loader)
        return [self.extractor(next(batches)) for _ in range(self.eval_count)]
"""


@pytest.mark.parametrize(
    ("switch", "count"),
    [
        ("self.extractor.eval()", 0),
        ("self.extractor.train(False)", 0),
        ("self.prepare()", 0),
        ("pass", 1),
        ("self.other.eval()", 1),
        ("self.extractor.eval(); self.extractor.train()", 1),
    ],
)
def test_what_the_constructor_leaves(switch: str, count: int) -> None:
    """Only the attribute that is put into eval mode, and not back, is left in it."""
    facts = facts_of({"main.py": SOURCE.replace("# switch", switch)})
    assert len(facts.of(EvaluationForward)) == count
