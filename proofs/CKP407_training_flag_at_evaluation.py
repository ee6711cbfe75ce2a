"""`training=True` at evaluation: a Keras model uses batch statistics and changes those it keeps."""

from __future__ import annotations

import os

os.environ.setdefault("KERAS_BACKEND", "jax")

import keras
import numpy as np
from toy import EVALUATION, TRAINING, conclude

keras.utils.set_random_seed(0)
layers = keras.layers
model = keras.Sequential([layers.Dense(64), layers.BatchNormalization(momentum=0.9), layers.ReLU(), layers.Dense(2)])
model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
model.fit(TRAINING[0].numpy(), TRAINING[1].numpy(), batch_size=64, epochs=12, verbose=0)
order = np.argsort(EVALUATION[1].numpy(), kind="stable")
x, y = EVALUATION[0].numpy()[order], EVALUATION[1].numpy()[order]


def accuracy(training: bool) -> float:
    """Percent over batches of 8 sorted by class."""
    batches = [np.asarray(model(x[i : i + 8], training=training)).argmax(-1) for i in range(0, len(x), 8)]
    return float(100 * (np.concatenate(batches) == y).mean())


right = accuracy(training=False)
wrong = accuracy(training=True)
afterwards = accuracy(training=False)
conclude(
    f"Keras BatchNormalization, batches of 8 sorted by class: {right:.1f} % with training=False, "
    f"{wrong:.1f} % with training=True, and {afterwards:.1f} % with training=False after that",
    right > 90 and wrong < right - 20 and afterwards < right - 2,
)
