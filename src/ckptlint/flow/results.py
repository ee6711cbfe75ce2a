"""What calls give that change an object in place: nothing, or a report, but not the object."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ckptlint.flow.classes import MODULE_ROLES
from ckptlint.flow.domain import Object, Others, Ref, Value, derived, of_atom
from ckptlint.flow.events import UsedResult
from ckptlint.knowledge.catalog import Api
from ckptlint.knowledge.roles import Role
from ckptlint.semantics import model

if TYPE_CHECKING:
    from ckptlint.flow.calls import Calls

_OWNERS = MODULE_ROLES | {Role.OPTIMIZER, Role.SCHEDULER, Role.SCALER}
_OF_A_TUPLE = frozenset({"_asdict", "_replace", "index", "count"})


def result_of(c: Calls, api: Api, target: Value, op: model.CallSite) -> Value:
    """What a call gives that puts state into an object, or switches it: never that object."""
    atom = target.single
    if api.options.get("returns") == "self":
        return target
    if not isinstance(atom, Ref):
        return derived([])
    held = c.object_at(atom.location)
    assumed = held.assumed if held is not None else frozenset()
    if held is None or held.role is None:
        if held is not None and held.model is not None:
            return derived([])
        role, assumed = c.analyzer.use_of(c, atom.location), frozenset({"type-by-use"})
    else:
        role = held.role
        if held.model is not None and not c.classes.hierarchy(held.model).is_complete:
            return derived([])  # A base that is not seen may give the object back.
    if role not in _OWNERS:
        return derived([])
    return of_atom(c.make(op.at, held=Object(Role.RESTORE, api, None, (("of", target),), assumed)))


def without_results(c: Calls, value: Value, op: model.CallSite, method: str = "") -> Value:
    """A value that is called, or a method of which is, without such results; their use is recorded."""
    results = [
        ref for ref in value.refs() if (held := c.object_at(ref.location)) is not None and held.role is Role.RESTORE
    ]
    if not results or method in _OF_A_TUPLE:
        return value
    for ref in results:
        c.record(UsedResult(c.site(op.at), c.within, c.state.tests, of_atom(ref), method))
    others = value.atoms - set(results)
    return Value(others, value.open, value.origins) if others - {Others()} else value
