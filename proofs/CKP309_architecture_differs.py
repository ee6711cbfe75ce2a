"""A model of the same class, built with another value that changes no shape, loads strictly and computes otherwise."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from toy import EVALUATION, accuracy, conclude, train


class Attending(nn.Module):
    """Attention over the twenty numbers."""

    def __init__(self, heads: int = 2, slope: float = 0.01, eps: float = 1e-5) -> None:
        super().__init__()
        self.embed = nn.Linear(1, 16)
        self.attention = nn.MultiheadAttention(16, heads, batch_first=True)
        self.norm = nn.BatchNorm1d(20, eps=eps)
        self.act = nn.LeakyReLU(slope)
        self.out = nn.Linear(20 * 16, 2)

    def forward(self, x: Tensor) -> Tensor:
        """Two scores a sample."""
        x = self.embed(x[..., None])
        return self.out(self.act(self.norm(self.attention(x, x, x)[0])).flatten(1))


class Padded(nn.Module):
    """One convolution."""

    def __init__(self, padding_mode: str = "zeros") -> None:
        super().__init__()
        self.conv = nn.Conv1d(1, 4, 3, padding=1, padding_mode=padding_mode)

    def forward(self, x: Tensor) -> Tensor:
        """Four channels."""
        return self.conv(x[:, None])


torch.manual_seed(0)
model = train(Attending(heads=8), steps=300).eval()
x = EVALUATION[0]


def off(**options: float) -> float:
    """How far the outputs are off in a model built with these options, strictly loaded."""
    other = Attending(**{"heads": 8, **options})  # type: ignore[arg-type]
    other.load_state_dict(model.state_dict())
    with torch.no_grad():
        return float((other.eval()(x) - model(x)).abs().max())


two = Attending()
two.load_state_dict(model.state_dict())
padded, reflected = Padded("reflect"), Padded()
reflected.load_state_dict(padded.state_dict())
with torch.no_grad():
    by_padding = float((padded(x) - reflected(x)).abs().max())
right, wrong = accuracy(model), accuracy(two.eval())
heads, slope, eps = off(heads=2), off(slope=0.2), off(eps=1e-3)
conclude(
    f"trained with 8 heads {right:.1f} %, loaded with 2 {wrong:.1f} %; outputs are off by {heads:.2f}, for another "
    f"slope by {slope:.2f}, for another eps by {eps:.4f}, for another padding mode by {by_padding:.2f}",
    min(heads, slope, by_padding) > 0.1 and eps > 1e-4 and wrong < right and off() == 0,
)
