"""Flags of a model that say whether its first call has set parameters from the data yet."""

from __future__ import annotations

import re

from ckptlint.facts.attribute_updates import Update
from ckptlint.facts.attribute_values import Values
from ckptlint.facts.attribute_views import ClassView, MethodView, Write
from ckptlint.facts.classes import is_attribute
from ckptlint.facts.project import Facts
from ckptlint.facts.unsaved_state import HeldState
from ckptlint.flow.domain import FunctionKey
from ckptlint.flow.written import walk
from ckptlint.semantics import model
from ckptlint.semantics.model import Operand

_STORING = frozenset({"copy_", "set_"})


def initializing(facts: Facts, state: HeldState, updates: list[Update]) -> Update | None:
    """The write that turns such a flag, once and for good, in a method that sets parameters while it is not turned."""
    turned = [u for u in updates if _is_turn(state, u.write)]
    if not turned or len(turned) < len(updates):
        return None
    for update in turned:
        method = update.write.method
        if method not in state.reached:
            return None
        view = state.views.view(method)
        if not _is_tested(state, update.write, view):
            return None
        if any(_sets_parameter(facts, state.views, write) for write in view.writes):
            return update
    return None


def _is_turn(state: HeldState, write: Write) -> bool:
    first = Values(state.views, state.write.method).of(state.write.value) if state.write.value is not None else None
    value = write.value
    is_flag = isinstance(value, model.Literal) and isinstance(value.value, bool)
    made = state.write.value
    is_other = isinstance(made, model.Literal) and isinstance(value, model.Literal) and made.value is not value.value
    return write.kind == "set" and is_flag and is_other and first is not None


def _is_tested(state: HeldState, write: Write, view: MethodView) -> bool:
    """Whether the method, or the write in it, runs only while the flag is not turned."""
    if _decides(state, write.guards, view.key):
        return True
    calls = [
        (other.key, guards)
        for other in (state.views.view(key) for key in sorted(state.reached))
        for callee, guards in other.calls
        if callee == view.key
    ]
    return bool(calls) and all(_decides(state, guards, key) for key, guards in calls)


def _decides(state: HeldState, guards: tuple[tuple[Operand, bool], ...], key: FunctionKey) -> bool:
    receiver = state.views.receiver(state.views.view(key))
    return any(is_attribute(part, receiver, state.attribute) for test, _ in guards for part in walk(test))


def _sets_parameter(facts: Facts, views: ClassView, write: Write) -> bool:
    """Whether a parameter or buffer gets values that are not made of its own."""
    receiver = views.receiver(views.view(write.method))
    if write.value is None or any(is_attribute(part, receiver, write.attribute) for part in walk(write.value)):
        return False
    if write.kind == "call" and write.word not in _STORING:
        return False
    if write.kind not in ("set", "call"):
        return False
    made = [w for view in views.all() for w in view.writes if w.attribute == write.attribute and w is not write]
    if any(Values(views, w.method).registers(w.value) for w in made):
        return True
    name = re.escape(write.attribute.encode())
    pattern = re.compile(rb"register_(?:buffer|parameter)\(\s*[\"']%b[\"']" % name)
    return any(
        pattern.search(facts.program.data(key.path)) for key in facts.analyzer.classes.hierarchy(views.key).order
    )
