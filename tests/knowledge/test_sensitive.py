"""Every layer of torch.nn has a row that says rightly when the mode makes a difference, where torch is installed."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from ckptlint.knowledge.catalog import Api, default_catalog
from ckptlint.knowledge.roles import Role

torch = pytest.importorskip("torch")
nn = torch.nn

CLASSES = sorted(name for name, held in vars(nn).items() if inspect.isclass(held) and issubclass(held, nn.Module))
SIZES: tuple[tuple[Any, ...], ...] = ((), (2,), (2, 2), (2, (1, 2)), (2, 2, 2), (2, 4, 2))
"""Arguments tried in turn: sizes that some layer accepts."""
OPTIONS: tuple[dict[str, Any], ...] = (
    {},
    {"p": 0.0},
    {"dropout": 0.0},
    {"dropout": 0.3},
    {"dropout": 0.3, "num_layers": 2},
    {"track_running_stats": True},
    {"track_running_stats": False},
    {"track_running_stats": True, "affine": True},
)
BASES = {"Module", "Container"}


def _made(name: str, options: dict[str, Any]) -> Any:
    for sizes in SIZES:
        try:
            return getattr(nn, name)(*sizes, **options)
        except (TypeError, ValueError, IndexError):
            continue
    return None


def _differs(made: Any) -> bool:
    """Whether train and eval mode differ, told from what the layers of a module are set to."""
    for part in made.modules():
        if isinstance(part, nn.RReLU) or getattr(part, "track_running_stats", False):
            return True
        if isinstance(part, nn.modules.dropout._DropoutNd) and part.p > 0:
            return True
        if isinstance(part, nn.RNNBase) and part.dropout > 0 and part.num_layers > 1:
            return True
        if isinstance(part, nn.MultiheadAttention) and part.dropout > 0:
            return True
    return False


def _api(name: str) -> Api:
    api = default_catalog().api(f"torch.nn.{name}")
    assert api is not None, name
    return api


@pytest.mark.parametrize("name", [name for name in CLASSES if name not in BASES])
def test_every_class_has_a_row(name: str) -> None:
    assert _api(name).role in (Role.LAYER, Role.CONTAINER, Role.WRAPPER)


def _cases() -> list[tuple[str, dict[str, Any]]]:
    apis = {name: default_catalog().api(f"torch.nn.{name}") for name in CLASSES}
    layers = {name: api for name, api in apis.items() if api is not None and api.role is Role.LAYER}
    return [(name, options) for name, api in layers.items() for options in OPTIONS if options.keys() <= {*api.params}]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("name", "options"), _cases(), ids=str)
def test_sensitive_and_buffers(name: str, options: dict[str, Any]) -> None:
    made = _made(name, options)
    if made is None:
        pytest.skip("cannot be made from plain sizes")
    assert bool(_api(name).holds("sensitive", options)) is _differs(made)
    # What follows from the configuration alone is no state that training changes.
    constant = {"weight", "pos_weight"}
    state = {key.rpartition(".")[2] for key, _ in made.named_buffers()} - constant
    assert bool(_api(name).holds("buffers", options)) is bool(state)
