"""Calls that train, evaluate or predict as a whole: what they run, and the mode they leave models in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from ckptlint.flow.domain import (
    UNKNOWN,
    UNKNOWN_MODE,
    FunctionAtom,
    FunctionKey,
    Location,
    Made,
    ModeDef,
    Object,
    Ref,
    Value,
    derived,
    join_all,
    of_atom,
    ordered,
)
from ckptlint.flow.events import Fitted, Saved, Switched
from ckptlint.flow.frame import Context
from ckptlint.flow.sharing import weights_changed
from ckptlint.knowledge.catalog import Api
from ckptlint.knowledge.roles import Role
from ckptlint.semantics import model
from ckptlint.semantics.model import Function, Place

if TYPE_CHECKING:
    from ckptlint.flow.calls import Arguments, Calls

Bound = dict[str, Value]

HANDLER = "<handler>"
"""What the names begin with under which a trainer keeps the functions that it calls while it runs."""


def keep_handler(c: Calls, receiver: Value, handler: Value, at: Place) -> None:
    """A trainer will call a function while it runs."""
    for ref in receiver.refs():
        held = c.object_at(ref.location)
        if held is not None and held.role is Role.TRAINER and ref.location in c.objects:
            kept = (*held.arguments, (f"{HANDLER}{at}", handler))
            c.objects[ref.location] = replace(held, arguments=tuple(dict(kept).items()))


def decorated_handler(c: Calls, function: Function, handler: Value) -> None:
    """A function that a decorator gives to a trainer: `@trainer.on(event)`."""
    for decorator in function.decorators:
        func = decorator.func if isinstance(decorator, model.CallSite) else decorator
        if not isinstance(func, model.Attribute):
            continue
        receiver = c.evaluate(func.value)
        for ref in receiver.refs():
            held = c.object_at(ref.location)
            owner = held.api.name if held is not None and held.api is not None else ""
            row = c.catalog.method(Role.TRAINER, func.name, owner)
            if row is not None and row.options.get("kind") == "handler":
                keep_handler(c, of_atom(ref), handler, function.at)


def fitted(c: Calls, api: Api, receiver: Value | None, bound: Bound, a: Arguments, op: model.CallSite) -> Value:
    """A call of the role fit: its models were switched by the framework, and are left as the row says."""
    values = api.given("model", bound) if "model" in api.options else []
    if receiver is not None:
        values.append(receiver)
        values.extend(_held_by(c, receiver))
    kind = str(api.options.get("kind", "fit"))
    data = c.expanded(derived(api.given("data", bound)))
    path = join_all(api.given("path", bound)) if api.given("path", bound) else UNKNOWN
    for value in values:
        _leave(c, api, value, op)
        if kind == "fit":
            weights_changed(c, c.site(op.at))
        c.record(Fitted(c.site(op.at), c.within, c.state.tests, value, kind, data, path))
        for made, writer, row in _writers(c, api, bound):
            where = join_all(row.given("path", dict(writer.arguments)))
            c.record(Saved(made.site, c.within, c.state.tests, c.stored(value), where, row.name))
    return derived([v for v in (receiver, *a.values()) if v is not None])


def _held_by(c: Calls, receiver: Value) -> Iterator[Value]:
    """The models a trainer was made with, after what it runs of the project's own has been followed."""
    for ref in receiver.refs():
        held = c.object_at(ref.location)
        if held is None or held.api is None:
            continue
        given = dict(held.arguments)
        handlers = [value for name, value in held.arguments if name.startswith(HANDLER)]
        for value in (*handlers, *held.api.given("runs", given)):
            for atom in ordered(value.atoms):
                if isinstance(atom, FunctionAtom):
                    c.perhaps_call(atom)
        if held.role is Role.TRAINER and held.model is not None:
            # The project's own constructor hands them on, under whatever name.
            yield from (of_atom(r) for _, value in held.arguments for r in value.refs() if c.is_model(r))
        else:
            yield from held.api.given("model", dict(held.arguments))


def _leave(c: Calls, api: Api, value: Value, op: model.CallSite) -> None:
    mode = api.options.get("leaves", "unknown")
    if mode == "same" and not any(_has_switching_hook(c, ref) for ref in value.refs()):
        # Other hooks, of callbacks, may have switched all the same.
        _assume_unseen(c, value, set())
    elif mode in ("train", "eval"):
        c.set_modes(value, frozenset({ModeDef(str(mode), c.site(op.at))}))
    else:
        c.set_modes(value, UNKNOWN_MODE)


def _has_switching_hook(c: Calls, ref: Ref) -> bool:
    """Whether a method of the project's own, which the framework may call, switches the mode."""
    held = c.object_at(ref.location)
    if held is None or held.model is None:
        return False
    for base in c.classes.hierarchy(held.model).order:
        for number in c.program.class_model(base).methods.values():
            summary = c.analyzer.summary(Context(FunctionKey(base.path, number), held.model))
            if any(isinstance(event, Switched) for event in summary.events):
                return True
    return False


def _assume_unseen(c: Calls, value: Value, seen: set[Location]) -> None:
    c.assume(value, "external-callee")
    for part in (p for ref in value.refs() for p in c.parts_of(ref.location)):
        if part not in seen:
            seen.add(part)
            _assume_unseen(c, of_atom(Ref(part)), seen)


def _writers(c: Calls, api: Api, bound: Bound) -> Iterator[tuple[Made, Object, Api]]:
    """The objects among those given that save while a fit runs, with where they were made."""
    for value in api.given("writers", bound):
        atom = value.single
        items = c.state.items.get(atom.location) if isinstance(atom, Ref) else None
        for entry in items.values() if items is not None else [value]:
            for ref in entry.refs():
                held = c.object_at(ref.location)
                if isinstance(ref.location, Made) and held is not None and held.role is Role.SAVE and held.api:
                    yield ref.location, held, held.api
