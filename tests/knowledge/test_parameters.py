"""Rows that say a layer holds no parameters are right about the library, where it is installed."""

from __future__ import annotations

from typing import Any

import pytest

from ckptlint.knowledge.catalog import default_catalog
from ckptlint.knowledge.roles import Role

torch = pytest.importorskip("torch")

GIVEN: tuple[tuple[Any, ...], ...] = ((), (2,), (2, 2), (2, (1, 2)), (2, 2, 2), (2, 4, 2))
"""Arguments tried in turn: sizes that some layer accepts."""
LAYERS = sorted(
    name for name, row in default_catalog() if row["role"] == Role.LAYER.value and name.startswith("torch.nn.")
)


def _made(name: str) -> Any:
    maker = getattr(torch.nn, name.rpartition(".")[2], None)
    for arguments in GIVEN if maker is not None else ():
        try:
            return maker(*arguments)
        except (TypeError, ValueError, IndexError):
            continue
    return None


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", LAYERS)
def test_parameters(name: str) -> None:
    made = _made(name)
    if made is None:
        pytest.skip("cannot be made from plain sizes")
    api = default_catalog().api(name)
    assert api is not None
    holds = api.holds("parameters", {}) if "parameters" in api.options else True
    if name != "torch.nn.TripletMarginWithDistanceLoss":  # It holds what it is given.
        assert holds is bool(list(made.parameters()))
