"""Writes the small files that the tests read, with the libraries that real checkpoints are written with.

Beside each file goes what its own library says it holds: `expected.json` maps each file to its leaves, by dotted key.
Run it where torch, safetensors, keras, flax and numpy are installed: `python tests/files/write_samples.py [FOLDER]`.
"""

import json
import os
import pickle
import sys
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "torch")

Leaves = dict[str, list]
"""Of a tensor its sizes and type, of a number or text its type and value."""

HERE = Path(__file__).parent / "data"


def leaves(value: object, prefix: str = "") -> Leaves:
    """What a loaded object holds, told without knowing who made it."""
    if hasattr(value, "shape") and hasattr(value, "dtype"):
        dtype = str(value.dtype).removeprefix("torch.")
        return {prefix: ["tensor", list(value.shape), dtype]}
    if isinstance(value, dict | list | tuple):
        pairs = value.items() if isinstance(value, dict) else enumerate(value)
        found: Leaves = {}
        for key, inner in pairs:
            found.update(leaves(inner, f"{prefix}.{key}" if prefix else str(key)))
        return found
    return {prefix: [type(value).__name__, str(value)]}


def _trained() -> dict[str, object]:
    import torch

    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.BatchNorm2d(4), torch.nn.Flatten())
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.01)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 10)
    model(torch.rand(2, 3, 4, 4)).sum().backward()
    optimizer.step()
    scheduler.step()
    return {
        "epoch": 7,
        "best": 0.875,
        "name": "réseau",
        "half": torch.zeros(2, 5, dtype=torch.bfloat16),
        "model": model.state_dict(),
        "wrapped": OrderedDict((f"module.{key}", value) for key, value in model.state_dict().items()),
        "optimizer": optimizer.state_dict(),
        "scheduler": scheduler.state_dict(),
    }


def torch_zip(path: Path) -> Leaves:
    import torch

    torch.save(_trained(), path)
    return leaves(torch.load(path))


def torch_legacy(path: Path) -> Leaves:
    import torch

    torch.save(_trained(), path, _use_new_zipfile_serialization=False)
    return leaves(torch.load(path))


def torch_state(path: Path) -> Leaves:
    import torch

    torch.save(_trained()["model"], path)
    return leaves(torch.load(path))


def torch_odd(path: Path) -> Leaves:
    import numpy as np
    import torch

    held = {
        "parameter": torch.nn.Parameter(torch.ones(2)),
        "wide": torch.ones(3).to(torch.uint16),
        "meta": torch.ones(2, 2, device="meta"),
        "view": torch.ones(4, 6)[1:3, ::2],
        "array": np.ones((2, 3)),
        "none": None,
        "flag": True,
    }
    torch.save(held, path)
    return leaves(torch.load(path, weights_only=False))


def torch_pickled(path: Path) -> Leaves:
    with path.open("wb") as file:
        pickle.dump(_trained(), file)
    with path.open("rb") as file:
        return leaves(pickle.load(file))


def torch_module(path: Path) -> Leaves:
    """A whole model: what it holds by name is what its state dict names."""
    import torch

    torch.save(torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.BatchNorm1d(2)), path)
    return leaves(dict(torch.load(path, weights_only=False).state_dict()))


def safetensors(path: Path) -> Leaves:
    from safetensors.torch import load_file, save_file

    save_file(_trained()["model"], path, metadata={"format": "pt"})
    return {**leaves(load_file(path)), "__metadata__.format": ["str", "pt"]}


def _keras_model():
    import keras
    import numpy as np

    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, name="head"), keras.layers.BatchNormalization()])
    model.compile("adam", "mse")
    model.fit(np.ones((4, 3)), np.ones((4, 2)), verbose=0)
    return model


def _weights(model) -> Leaves:
    """Sizes and types of a model's weights; files call them by place, so they are counted, not named."""
    return {str(index): ["tensor", list(w.shape), str(w.dtype)] for index, w in enumerate(model.weights)}


def keras_model(path: Path) -> Leaves:
    import keras

    _keras_model().save(path)
    return _weights(keras.models.load_model(path))


def keras_weights(path: Path) -> Leaves:
    model = _keras_model()
    model.save_weights(path)
    return _weights(model)


def flax_bytes(path: Path) -> Leaves:
    import flax.serialization
    import jax
    import jax.numpy as jnp
    import optax
    from flax import linen
    from flax.training.train_state import TrainState

    model = linen.Dense(4)
    params = model.init(jax.random.key(0), jnp.ones((1, 3)))["params"]
    state = TrainState.create(apply_fn=model.apply, params=params, tx=optax.adam(0.1))
    path.write_bytes(flax.serialization.to_bytes({"state": state, "epoch": 3, "half": jnp.ones(2, jnp.bfloat16)}))
    return leaves(flax.serialization.msgpack_restore(path.read_bytes()))


def numpy_archive(path: Path) -> Leaves:
    import numpy as np

    np.savez(path, weights=np.ones((2, 3), np.float32), steps=np.arange(4), flags=np.zeros((), bool))
    with np.load(path) as held:
        return leaves(dict(held))


def numpy_packed(path: Path) -> Leaves:
    import numpy as np

    np.savez_compressed(path, weights=np.ones((20, 30), np.float16))
    with np.load(path) as held:
        return leaves(dict(held))


SAMPLES: dict[str, Callable[[Path], Leaves]] = {
    "torch_zip.pt": torch_zip,
    "torch_legacy.pt": torch_legacy,
    "torch_state.pt": torch_state,
    "torch_odd.pt": torch_odd,
    "torch_pickled.pkl": torch_pickled,
    "torch_module.pt": torch_module,
    "model.safetensors": safetensors,
    "model.keras": keras_model,
    "model.weights.h5": keras_weights,
    "state.msgpack": flax_bytes,
    "arrays.npz": numpy_archive,
    "packed.npz": numpy_packed,
}
"""Each file's writer; it tells what the file's own library reads back."""


def main(folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    expected = {name: write(folder / name) for name, write in SAMPLES.items()}
    (folder / "expected.json").write_text(json.dumps(expected, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE)
