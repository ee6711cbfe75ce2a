"""Models as the layers they are put together of, and how two of them differ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import dropwhile

from ckptlint.facts.runs import Run
from ckptlint.flow.assemblies import CHAIN, INPUTS, LAYER, is_symbolic
from ckptlint.flow.domain import ApiAtom, Const, Items, Location, Made, Object, Ref, Site, Value
from ckptlint.flow.events import Stored
from ckptlint.knowledge.catalog import Api
from ckptlint.knowledge.roles import Role

MAX_LAYERS = 400
"""Layers of one model that are compared; a larger one is unknown."""
UNKNOWN_SIZE = object()
"""A size that is no literal."""
LINEAR = "linear"
ACTIVATION = "activation"
SYNONYMS = {"swish": "silu", "hard_swish": "hard_silu"}
FUNCTION = "Activation"
"""Kind of a layer that only applies a function."""


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer: its kind ("" when that is not known), and what decides its weights or what it computes."""

    kind: str
    sizes: tuple[tuple[str, object], ...] = ()
    site: Site | None = None

    given: frozenset[str] = frozenset()
    """The sizes that do not stand at their default."""
    reshapes: bool = False
    """It only gives its input another shape."""

    @property
    def label(self) -> str:
        """As a user would write it."""
        known = [(name, value) for name, value in self.sizes if name in self.given and value is not UNKNOWN_SIZE]
        parts = [_said(v) if name == self.sizes[0][0] else f"{name}={_said(v)}" for name, v in known]
        return f"{self.kind}({', '.join(parts)})"

    def size(self, name: str) -> object:
        """A size by its parameter's name."""
        return dict(self.sizes).get(name, UNKNOWN_SIZE)


@dataclass(frozen=True, slots=True)
class Difference:
    """The first layer in which two architectures differ; None where one has ended."""

    position: int
    """Counted from 1, layers that do nothing at evaluation left out."""
    first: Layer | None
    second: Layer | None
    size: str = ""
    """The parameter that differs, when the kinds do not."""


class _Unclear(Exception):
    """Part of the model is not shown."""


def architecture_of(run: Run, stored: Stored) -> tuple[Layer, ...] | None:
    """The layers of a model as it was at an event, inputs first; None when they are not all shown."""
    inner = {ref.location: items for holder, items in stored.inner for ref in holder.refs()}
    try:
        layers = list(_of_model(run, stored.value, stored.items, inner))
    except _Unclear:
        return None
    # The data may have been given that shape before.
    layers = list(dropwhile(lambda layer: layer.reshapes, layers))
    return tuple(_folded(layers)) if 0 < len(layers) <= MAX_LAYERS else None


def _of_model(run: Run, value: Value, items: Items | None, inner: Mapping[Location, Items]) -> Iterator[Layer]:
    atom = value.single
    held = run.object_at(atom.location) if isinstance(atom, Ref) else None
    if held is None or held.api is None or held.model is not None or not is_symbolic(held.api):
        raise _Unclear
    if held.api.role is Role.CONTAINER:
        if items is None or items.kind != CHAIN or items.open or items.element is not None or items.maybe:
            raise _Unclear
        for entry in items.values():
            yield from _layer(run, entry, inner)
        return
    outputs = _arguments(held, "outputs")
    if held.api.role is not Role.MODULE_BASE or not outputs:
        raise _Unclear
    seen: set[Location] = set()
    for output in outputs:
        yield from _of_tensor(run, output, inner, seen, set())


def _of_tensor(
    run: Run, value: Value, inner: Mapping[Location, Items], seen: set[Location], above: set[Location]
) -> Iterator[Layer]:
    """The layers that lead to a symbolic tensor, each call once."""
    atom = value.single
    if not isinstance(atom, Ref) or atom.location in above or len(above) > MAX_LAYERS:
        raise _Unclear
    if atom.location in seen:
        return
    held = run.object_at(atom.location)
    if held is None or held.role is not Role.TENSOR or held.api is None or not is_symbolic(held.api):
        raise _Unclear
    seen.add(atom.location)
    here: set[Location] = {*above, atom.location}
    for given in _arguments(held, INPUTS):
        yield from _of_tensor(run, given, inner, seen, here)
    layer = held.argument(LAYER)
    if layer is not None:
        yield from _layer(run, layer, inner)


def _arguments(held: Object, name: str) -> list[Value]:
    return [value for other, value in held.arguments if other == name or other.startswith(f"{name}[")]


# ----------------------------------------------------------------------------------------------------- one layer


def _layer(run: Run, value: Value, inner: Mapping[Location, Items]) -> Iterator[Layer]:
    """A layer, or nothing when it does nothing at evaluation."""
    atom = value.single
    if isinstance(atom, ApiAtom):
        yield Layer(_kind(atom.name))
        return
    held = run.object_at(atom.location) if isinstance(atom, Ref) else None
    site = atom.location.site if isinstance(atom, Ref) and isinstance(atom.location, Made) else None
    if held is None or held.api is None or held.model is not None or held.role is Role.TENSOR:
        # An input stands in a chain like a layer.
        if held is None or held.role is not Role.TENSOR:
            yield Layer("", site=site)
        return
    if held.api.holds("idle", {}):
        return
    if held.api.role is not Role.LAYER or not is_symbolic(held.api):
        yield Layer("", site=site)
        return
    bound = dict(held.arguments)
    if "activation" in held.api.options:
        sizes_of_it = ((ACTIVATION, _activation(held.api, bound)),)
        yield Layer(FUNCTION, sizes_of_it, site, frozenset({ACTIVATION}))
        return
    sizes = []
    for name in _sizes(held.api):
        found = _size(run, held.api, name, bound, inner)
        if found is None:
            return
        sizes.append((name, found))
    yield Layer(_kind(held.api.name), tuple(sizes), site, frozenset(bound), bool(held.api.options.get("reshapes")))


def _kind(name: str) -> str:
    return name.rsplit(".", 1)[-1]


def _sizes(api: Api) -> tuple[str, ...]:
    wanted = api.options.get("sizes", ())
    return (wanted,) if isinstance(wanted, str) else tuple(wanted) if isinstance(wanted, list | tuple) else ()


def _size(run: Run, api: Api, name: str, bound: Mapping[str, Value], inner: Mapping[Location, Items]) -> object | None:
    """A size to compare; None when it is a layer that does nothing at evaluation."""
    value = bound.get(name)
    if value is None:
        default = api.arguments({}, complete="**" not in bound).get(name, UNKNOWN_SIZE)
        return _plain(name, default)
    atom = value.single
    if isinstance(atom, Const):
        return _plain(name, atom.value)
    if isinstance(atom, ApiAtom):
        return _plain(name, _kind(atom.name))
    if isinstance(atom, Ref) and name == api.options.get("children"):
        layers = list(_layer(run, value, inner))
        if not layers:
            return None
        return layers[0] if layers[0].kind else UNKNOWN_SIZE
    return UNKNOWN_SIZE


def _plain(name: str, value: object) -> object:
    """A literal in the one form in which equal sizes are equal."""
    if name == ACTIVATION and value is None:
        return LINEAR
    if value is None:
        return UNKNOWN_SIZE
    if isinstance(value, str):
        return SYNONYMS.get(value.lower(), value.lower())
    if isinstance(value, list | tuple):
        parts = tuple(_plain("", part) for part in value)
        return parts[0] if parts and all(part == parts[0] for part in parts) else parts
    return value


def _activation(api: Api, bound: Mapping[str, Value]) -> object:
    """The function that an activation layer applies."""
    wanted = str(api.options["activation"])
    if wanted in api.params:
        atom = bound[wanted].single if wanted in bound else None
        if isinstance(atom, Const):
            return _plain(ACTIVATION, atom.value)
        return _plain(ACTIVATION, _kind(atom.name)) if isinstance(atom, ApiAtom) else UNKNOWN_SIZE
    return wanted if not set(bound) & {*api.params, "**"} else UNKNOWN_SIZE


def _folded(layers: list[Layer]) -> Iterator[Layer]:
    """An activation that follows a layer without one is that layer's: `Dense(8), ReLU()`."""
    before: Layer | None = None
    for layer in layers:
        if layer.kind == FUNCTION:
            if layer.size(ACTIVATION) == LINEAR:
                continue
            if before is not None and before.size(ACTIVATION) == LINEAR:
                sizes = tuple(
                    (name, layer.size(ACTIVATION) if name == ACTIVATION else value) for name, value in before.sizes
                )
                before = replace(before, sizes=sizes, given=before.given | {ACTIVATION})
                continue
        if before is not None:
            yield before
        before = layer
    if before is not None:
        yield before


# ----------------------------------------------------------------------------------------------------- two models


def difference(first: tuple[Layer, ...], second: tuple[Layer, ...]) -> Difference | None:
    """Where two models differ for certain; None when they are equal or it cannot be told.

    What one model applies to its end only (probabilities of logits) and a model that leaves out the other's head
    are no difference: both are made on purpose.
    """
    if len(first) != len(second) and _may_be_meant(first, second):
        return None
    last = min(len(first), len(second)) - 1
    for index, (a, b) in enumerate(zip(first, second, strict=False)):
        found = _differs(a, b, index == last and len(first) == len(second))
        if found is not None:
            return Difference(index + 1, a, b, found)
    if len(first) != len(second):
        position = last + 1
        return Difference(
            position + 1,
            first[position] if position < len(first) else None,
            second[position] if position < len(second) else None,
        )
    return None


def _may_be_meant(first: tuple[Layer, ...], second: tuple[Layer, ...]) -> bool:
    """Whether two models of other lengths, `second` built for the weights of `first`, may be so on purpose."""
    if not all(layer.kind for layer in (*first, *second)):
        return True
    longer, shorter = (first, second) if len(first) > len(second) else (second, first)
    pairs = list(zip(longer, shorter, strict=False))
    if len(longer) == len(shorter) + 1 and longer[-1].kind == FUNCTION:
        return all(_differs(a, b, False) is None for a, b in pairs)
    if longer is second or _differs(longer[-1], shorter[-1], False) is None:
        return False
    return all(_differs(a, b, True) is None for a, b in pairs)


def _differs(a: Layer, b: Layer, is_last: bool) -> str | None:
    """The parameter in which two layers differ for certain, "" for their kinds; None when they may be equal."""
    if not a.kind or not b.kind:
        return None
    if a.kind.lower() != b.kind.lower():
        return ""
    for name, value in a.sizes:
        other = b.size(name)
        if UNKNOWN_SIZE in (value, other):
            continue
        if isinstance(value, Layer) and isinstance(other, Layer):
            if _differs(value, other, False) is not None:
                return name
            continue
        if value == other or (is_last and name == ACTIVATION and LINEAR in (value, other)):
            continue
        return name
    return None


def _said(value: object) -> str:
    if isinstance(value, Layer):
        return value.label
    return f"'{value}'" if isinstance(value, str) else str(value)
