"""Parameters kept from training are told, however they are reached; what is trained again is not."""

from __future__ import annotations

import pytest

from ckptlint.flow.events import Frozen
from tests.flow.programs import analyse

HELPER = "def freeze(parameters):\n    for p in parameters:\n        p.requires_grad = False\n"


@pytest.mark.parametrize(
    "code",
    [
        "net.requires_grad_(False)",
        "net.requires_grad_(requires_grad=flag)",
        "for p in net.parameters():\n    p.requires_grad = False",
        "for p in net.parameters():\n    p.requires_grad_(False)",
        "for name, p in net.named_parameters():\n    if 'bias' in name:\n        p.requires_grad = wanted",
        "freeze(net.parameters())",
    ],
)
def test_frozen(code: str) -> None:
    assert len(list(analyse(f"{HELPER}net = Net()\n{code}").of(Frozen))) == 1


@pytest.mark.parametrize(
    "code",
    [
        "net.requires_grad_()",
        "net.requires_grad_(True)",
        "for p in net.parameters():\n    p.requires_grad = True",
        "x = torch.zeros(3).requires_grad_()",
    ],
)
def test_not_frozen(code: str) -> None:
    assert not list(analyse(f"import torch\nnet = Net()\n{code}").of(Frozen))
