"""Class methods of libraries that give a model of the project's class they are called on."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ckptlint.flow.domain import ApiAtom, ClassKey, Value
from ckptlint.knowledge.catalog import Api
from ckptlint.knowledge.roles import Role

if TYPE_CHECKING:
    from ckptlint.flow.calls import Calls


def maker_of_class(c: Calls, key: ClassKey, name: str, found: Value) -> Api | None:
    """The row of `Net.load_from_checkpoint`; None when the project defines it, or when it makes no model.

    `found` is what the attribute of the class is.
    """
    atom = found.single
    hierarchy = c.classes.hierarchy(key)
    if not isinstance(atom, ApiAtom) or not hierarchy.is_module:
        return None
    base = hierarchy.apis[0]
    row = c.catalog.api(atom.name) or c.catalog.method(base.role, name, base.name)
    if row is None or (row.role is not Role.MODEL and row.options.get("returns") != "model"):
        return None
    return row


def of_class(c: Calls, key: ClassKey, made: Value) -> Value:
    """The models just made, as instances of a class."""
    for ref in made.refs():
        held = c.object_at(ref.location)
        if held is not None:
            # What reads a file says nothing of the object's further methods: its class does.
            is_load = held.api is None or held.api.role is not Role.MODEL
            api = c.classes.hierarchy(key).apis[0] if is_load else held.api
            c.objects[ref.location] = replace(held, model=key, api=api)
    return made
