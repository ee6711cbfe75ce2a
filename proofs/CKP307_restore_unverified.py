"""A folder without a checkpoint is restored without a word: what was given comes back."""

from __future__ import annotations

import tempfile
import warnings

import jax.numpy as jnp
from flax.training import checkpoints
from toy import conclude

fresh, trained = {"w": jnp.zeros(3)}, {"w": jnp.ones(3)}
with tempfile.TemporaryDirectory() as full, tempfile.TemporaryDirectory() as empty:
    checkpoints.save_checkpoint(full, trained, step=1)
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        right = checkpoints.restore_checkpoint(full, fresh)["w"].tolist()
        before = len(warned)
        nothing = checkpoints.restore_checkpoint(empty, fresh)["w"].tolist()
        missing = checkpoints.restore_checkpoint(f"{empty}/nowhere", fresh)["w"].tolist()
        said = len(warned) - before
    latest = checkpoints.latest_checkpoint(empty)
conclude(
    f"weights {right} from a folder with a checkpoint, {nothing} from an empty one, {missing} from one that is not "
    f"there, {said} warnings; latest_checkpoint gives {latest}",
    right == [1.0] * 3 and nothing == missing == [0.0] * 3 and said == 0 and latest is None,
)
