"""Models that are told their mode by an argument of the call: `model(x, training=True)`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ckptlint.flow.classes import MODULE_ROLES
from ckptlint.flow.domain import Const, ModeDef, Ref, Value, of_atom, root_of
from ckptlint.flow.events import Told
from ckptlint.flow.operands import truth_of
from ckptlint.flow.written import written
from ckptlint.knowledge.catalog import Api
from ckptlint.semantics import model

if TYPE_CHECKING:
    from ckptlint.flow.calls import Arguments, Calls


def told(c: Calls, ref: Ref, arguments: Arguments, operand: model.CallSite, method: str = "") -> None:
    """Record what a call of a model says of its mode; an argument that is handed on counts where it was given."""
    for flag, value in _flags(c, ref, arguments, method):
        atom = value.single
        is_own = c.self_location is not None and root_of(ref.location) == c.self_location
        is_own = is_own and c.self_class is not None and c.classes.hierarchy(c.self_class).is_module
        if isinstance(atom, Const) or (isinstance(atom, Ref) and not is_own):
            c.record(
                Told(
                    c.site(operand.at),
                    c.within,
                    c.state.tests,
                    of_atom(ref),
                    flag,
                    value,
                    tuple(c.loops),
                    written(operand.func),
                    method,
                    is_own,
                    c.is_synthetic(arguments),
                    c.stored(of_atom(ref)),
                )
            )


def _flags(c: Calls, ref: Ref, arguments: Arguments, method: str) -> Iterator[tuple[str, Value]]:
    known = c.catalog.mode_flags
    if arguments.keywords and not known.keys().isdisjoint(arguments.keywords):
        yield from ((name, value) for name, value in arguments.keywords.items() if name in known)
    skipped = 1 if method else 0
    held = c.object_at(ref.location)
    if held is None or held.model is None or held.role not in MODULE_ROLES or len(arguments.positional) < 2 + skipped:
        return
    hierarchy = c.classes.hierarchy(held.model)
    name = next((str(api.options["forward"]) for api in hierarchy.apis if "forward" in api.options), None)
    key = c.classes.method(held.model, name) if name is not None else None
    parameters = c.program.function(key).parameters[1:] if key is not None else []
    for parameter, value in zip(parameters, arguments.positional[skipped:], strict=False):
        if parameter.kind == "any" and parameter.name in known:
            yield parameter.name, value


def mode_of_attributes(c: Calls, api: Api, bound: dict[str, Value], operand: model.CallSite) -> ModeDef | None:
    """The mode that setting flags of layers leaves a model in; None when no flag is set."""
    flags = api.options.get("off")
    names = [flags] if isinstance(flags, str) else list(flags) if isinstance(flags, list) else []
    given = [bound[name] for name in names if name in bound]
    if not given:
        return None
    truths = {truth_of(value, c.catalog) for value in given}
    if len(given) < len(names) or len(truths) > 1 or None in truths:
        return ModeDef("unknown")
    return ModeDef("eval" if True in truths else "train", c.site(operand.at))
