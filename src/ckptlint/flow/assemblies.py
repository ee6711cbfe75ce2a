"""Models put together of layers: chains that grow, and graphs of calls on tensors that hold no data yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ckptlint.flow.domain import (
    NONE,
    UNKNOWN,
    UNKNOWN_MODE,
    ApiAtom,
    Items,
    Made,
    Object,
    Ref,
    Value,
    derived,
    of_atom,
    origins_of_atoms,
    root_of,
)
from ckptlint.knowledge.catalog import Api
from ckptlint.knowledge.roles import Role
from ckptlint.semantics import model

if TYPE_CHECKING:
    from ckptlint.flow.calls import Arguments, Calls

CHAIN = "chain"
"""Kind of the items of a model that is its layers in order."""
LAYER = "<layer>"
"""Argument of a symbolic tensor: the layer that gives it."""
INPUTS = "<inputs>"
"""Argument of a symbolic tensor: what that layer was called on; several are `<inputs>[0]`, `<inputs>[1]` …"""


def is_symbolic(api: Api) -> bool:
    """Whether what an API gives takes part in such a graph."""
    return bool(api.options.get("symbolic"))


def settled(c: Calls, bound: dict[str, Value], a: Arguments) -> tuple[tuple[str, Value], ...]:
    """Bound arguments to keep: sequences of literals as constants, and `**` where more were given than is seen."""
    found: dict[str, Value] = {}
    for name, value in bound.items():
        known = c.literal(value)
        found[name] = of_atom(known) if known is not None else value
    if a.open:
        found.setdefault("**", UNKNOWN)
    return tuple(found.items())


def assembled(c: Calls, api: Api, bound: dict[str, Value], a: Arguments, op: model.CallSite) -> Value:
    """A layer, a model or a symbolic tensor, with what it was made of."""
    arguments = dict(settled(c, bound, a))
    for name in _names(api, "graph"):
        value = arguments.pop(name, None)
        if value is not None:
            arguments |= _spread(c, name, value)
    inputs = api.given("of", bound) if api.role is Role.TENSOR else []
    if inputs:
        tensor = _tensor(c, of_atom(ApiAtom(api.name)), inputs[0], op)
        return tensor if tensor is not None else derived(a.values())
    ref = c.make(op.at, held=Object(api.role, api, None, tuple(arguments.items())))
    if api.role is not Role.TENSOR:
        # Such a model has no mode of its own: each call says whether it trains.
        c.state.switch_mode(ref.location, UNKNOWN_MODE)
    if api.options.get("form") == CHAIN:
        c.state.items[ref.location] = _chain(c, api.given("children", bound), a.open)
    return of_atom(ref)


def symbolic_call(c: Calls, ref: Ref, held: Object, a: Arguments, op: model.CallSite) -> Value | None:
    """What a layer gives for symbolic tensors; None when it may be given data."""
    given = [*a.positional[:1], *([a.keywords["inputs"]] if "inputs" in a.keywords else [])]
    if len(given) != 1 or held.api is None or not is_symbolic(held.api):
        return None
    return _tensor(c, of_atom(ref), given[0], op)


def _tensor(c: Calls, layer: Value, given: Value, op: model.CallSite) -> Value | None:
    """What a layer gives for inputs; None when they are not known to be symbolic tensors."""
    inputs = _spread(c, INPUTS, given)
    apis = [_api_of_tensor(c, value) for value in inputs.values()]
    if not apis or None in apis:
        return None
    # All tensors share the row of the first: what a function is given does not differ by the layer before.
    made = c.make(op.at, held=Object(Role.TENSOR, apis[0], None, ((LAYER, layer), *inputs.items())))
    return Value(frozenset({made}), False, derived([layer, given]).origins)


def chain_method(c: Calls, ref: Ref, content: Items, name: str, a: Arguments) -> Value | None:
    """What `add` and `pop` do to a chain of layers."""
    if name == "add" and len(a.positional) == 1:
        added = a.positional[0]
        here = origins_of_atoms(atom for value in content.values() for atom in value.atoms)
        if origins_of_atoms(added.atoms) & here or not added.atoms:
            # A loop adds what one call makes again and again.
            c.state.items[ref.location] = content._replace(open=True)
        else:
            entries = (*content.entries, (len(content.entries), added))
            c.state.items[ref.location] = content._replace(entries=entries)
        return NONE
    if name == "pop":
        c.state.items[ref.location] = content._replace(entries=content.entries[:-1])
        return NONE
    return None


def chain_of_given(c: Calls, ref: Ref, held: Object | None, a: Arguments) -> None:
    """Something is added to, or taken from, what may be a chain that the caller gave."""
    if isinstance(root_of(ref.location), Made) or (held is not None and held.api is None):
        return
    is_chain = held is not None and held.api is not None and is_symbolic(held.api)
    if is_chain or (held is None and len(a.positional) == 1 and a.positional[0].refs()):
        c.state.items[ref.location] = Items("delta", open=True)


def _names(api: Api, key: str) -> tuple[str, ...]:
    wanted = api.options.get(key, ())
    return (wanted,) if isinstance(wanted, str) else tuple(wanted) if isinstance(wanted, list | tuple) else ()


def _chain(c: Calls, given: list[Value], is_open: bool) -> Items:
    if not given:
        return Items(CHAIN, open=is_open)
    atom = given[0].single
    content = c.state.items.get(atom.location) if isinstance(atom, Ref) else None
    if content is None or content.kind not in ("list", "tuple"):
        return Items(CHAIN, open=given[0] != NONE or is_open)
    return content._replace(kind=CHAIN, open=content.open or is_open, places=())


def _spread(c: Calls, name: str, value: Value) -> dict[str, Value]:
    """A value under its name, or the entries of a list under theirs; unknown when it may hold others."""
    atom = value.single
    content = c.state.items.get(atom.location) if isinstance(atom, Ref) else None
    if content is None or content.kind not in ("list", "tuple"):
        return {name: value}
    if content.open or content.element is not None or content.maybe or not content.entries:
        return {name: UNKNOWN}
    if len(content.entries) == 1:
        return {name: content.entries[0][1]}
    return {f"{name}[{index}]": entry for index, (_, entry) in enumerate(content.entries)}


def _api_of_tensor(c: Calls, value: Value) -> Api | None:
    """The row of the symbolic tensors that a value is; None when it may be anything else."""
    refs = value.refs()
    if not refs or value.open or len(refs) != len(value.atoms):
        return None
    found: Api | None = None
    for ref in refs:
        held = c.object_at(ref.location)
        if held is None or held.role is not Role.TENSOR or held.api is None or not is_symbolic(held.api):
            return None
        found = held.api
    return found
