"""An argument that `get_config` leaves out has its default again in a loaded model, without a warning."""

from __future__ import annotations

import os
import tempfile
import warnings

os.environ.setdefault("KERAS_BACKEND", "jax")

import keras
import numpy as np
from toy import conclude


class Scaled(keras.layers.Layer):
    """Leaves out its one argument."""

    def __init__(self, factor: float = 1.0, **kwargs: object) -> None:
        super().__init__(**kwargs)
        self.factor = factor

    def call(self, x: object) -> object:
        """Multiplied."""
        return x * self.factor  # type: ignore[operator]

    def get_config(self) -> dict[str, object]:
        """What the base class tells."""
        return {**super().get_config()}


class Kept(Scaled):
    """Tells it."""

    def get_config(self) -> dict[str, object]:
        """The factor too."""
        return {**super().get_config(), "factor": self.factor}


class Holder(keras.layers.Layer):
    """Builds the one that leaves out its argument, and tells its own."""

    def __init__(self, factor: float = 1.0, **kwargs: object) -> None:
        super().__init__(**kwargs)
        self.factor = factor
        self.inner = Scaled(factor)

    def call(self, x: object) -> object:
        """Multiplied."""
        return self.inner(x)

    def get_config(self) -> dict[str, object]:
        """The factor too."""
        return {**super().get_config(), "factor": self.factor}


def reloaded(layer: keras.layers.Layer) -> tuple[float, float, int]:
    """The factor of the layer in a model that was saved and loaded, how far its output is off, and the warnings."""
    entry = keras.Input((4,))
    model = keras.Model(entry, layer(entry))
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        path = os.path.join(folder, "model.keras")
        model.save(path)
        loaded = keras.models.load_model(path, custom_objects={c.__name__: c for c in (Scaled, Kept, Holder)})
        said = sum(issubclass(w.category, UserWarning) for w in warned)
    x = np.ones((1, 4), "float32")
    return loaded.layers[-1].factor, float(np.abs(np.asarray(loaded(x)) - np.asarray(model(x))).max()), said


lost, kept, held = reloaded(Scaled(5.0)), reloaded(Kept(5.0)), reloaded(Holder(5.0))
conclude(
    f"a factor of 5.0 is {lost[0]} after loading where get_config leaves it out (outputs off by {lost[1]}, "
    f"{lost[2]} warnings), {kept[0]} where it holds it; "
    f"within a layer that builds it anew the outputs are off by {held[1]}",
    lost[0] == 1.0 and lost[1] > 1 and lost[2] == 0 and kept[0] == 5.0 and kept[1] == held[1] == 0,
)
