"""Parameters without the batch statistics beside them: a loaded model normalises with those it begins with."""

from __future__ import annotations

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx, serialization
from flax.training import train_state
from toy import conclude

draw = np.random.default_rng(0)
X = jnp.array(draw.normal(size=(400, 8)) * 3 + 4)
Y = (X[:, 0] > 4).astype(int)


class Linen(nn.Module):
    """Normalises between two layers."""

    @nn.compact
    def __call__(self, x: jax.Array, train: bool = False) -> jax.Array:
        """Two scores a sample."""
        x = nn.Dense(16)(x)
        x = nn.relu(nn.BatchNorm(use_running_average=not train, momentum=0.9)(x))
        return nn.Dense(2)(x)


def trained() -> dict[str, jax.Array]:
    """All variables after 150 steps."""
    model = Linen()
    variables = model.init(jax.random.key(0), X[:2])
    params, stats = variables["params"], variables["batch_stats"]
    tx = optax.adam(1e-2)
    state = tx.init(params)

    @jax.jit
    def step(params, stats, state):  # type: ignore[no-untyped-def]
        def loss(params):  # type: ignore[no-untyped-def]
            out, new = model.apply({"params": params, "batch_stats": stats}, X, train=True, mutable=["batch_stats"])
            return optax.softmax_cross_entropy_with_integer_labels(out, Y).mean(), new

        grads, new = jax.grad(loss, has_aux=True)(params)
        change, state = tx.update(grads, state)
        return optax.apply_updates(params, change), new["batch_stats"], state

    for _ in range(150):
        params, stats, state = step(params, stats, state)
    return {"params": params, "batch_stats": stats}


def accuracy(variables: dict[str, jax.Array]) -> float:
    """Percent of the samples."""
    return 100 * float((Linen().apply(variables, X).argmax(1) == Y).mean())


class Nnx(nnx.Module):
    """The same in the other library."""

    def __init__(self, rngs: nnx.Rngs) -> None:
        self.first = nnx.Linear(8, 16, rngs=rngs)
        self.norm = nnx.BatchNorm(16, rngs=rngs)

    def __call__(self, x: jax.Array) -> jax.Array:
        """Normalised features."""
        return self.norm(self.first(x))


def reloaded(model: Nnx, *filters: object) -> float:
    """How far the outputs of a new model are off that got what the filters pick."""
    other = Nnx(nnx.Rngs(1))
    nnx.update(other, nnx.state(model, *filters))
    other.eval()
    return float(jnp.abs(model(X) - other(X)).max())


variables, fresh = trained(), Linen().init(jax.random.key(1), X[:2])
params = serialization.from_bytes(fresh["params"], serialization.to_bytes(variables["params"]))
whole = accuracy(serialization.from_bytes(fresh, serialization.to_bytes(variables)))
alone = accuracy({"params": params, "batch_stats": fresh["batch_stats"]})
plain = train_state.TrainState.create(apply_fn=Linen().apply, params=variables["params"], tx=optax.adam(1e-2))
holds = "batch_stats" in serialization.to_state_dict(plain)
net = Nnx(nnx.Rngs(0))
for _ in range(20):
    net(X)
net.eval()
picked, full = reloaded(net, nnx.Param), reloaded(net)
conclude(
    f"accuracy {whole:.1f} % with the statistics saved, {alone:.1f} % with the parameters alone; a plain TrainState "
    f"{'holds' if holds else 'does not hold'} them; nnx.state(model, nnx.Param) leaves outputs off by {picked:.2f}, "
    f"the whole state by {full:.1f}",
    whole > 95 and alone < whole - 15 and not holds and picked > 0.5 and full == 0,
)
