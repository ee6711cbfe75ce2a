"""Models that one method of a class makes and trains and another one runs, with nothing between them but their user.

`fit` and `predict` of an estimator are called one after the other by code that is not there. What the class itself
leaves its model in is then what reaches the second, as long as nothing that is seen could switch it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ckptlint.facts.project import Facts, derives
from ckptlint.facts.runs import Run
from ckptlint.flow.domain import ApiAtom, ClassKey, Const, Field, Made, ModeSet, Object, Parameter, Ref, Value
from ckptlint.flow.events import Forward, Switched, Update
from ckptlint.flow.program import UNRESOLVED
from ckptlint.flow.written import root_name
from ckptlint.knowledge.roles import Role
from ckptlint.semantics import model
from ckptlint.semantics.model import Function, Record

_SELF = Parameter("self")


@dataclass(frozen=True, slots=True)
class KeptModel:
    """An attribute that holds a model whenever a method of the class has finished, in train mode."""

    owner: ClassKey
    name: str
    run: Run
    """The one that makes and trains it."""
    made: Made
    held: Object
    modes: ModeSet


@derives(KeptModel)
def kept_models(facts: Facts) -> Iterator[KeptModel]:
    """Every attribute of a class that is no model itself, of which the class's own methods show all this."""
    by_class: dict[ClassKey, list[Run]] = {}
    for run in facts.runs:
        if run.receiver_class is not None:
            by_class.setdefault(run.receiver_class, []).append(run)
    for owner, runs in by_class.items():
        hierarchy = facts.analyzer.classes.hierarchy(owner)
        trains = any(isinstance(event, Update) for run in runs for event in run.events)
        if not trains or len(runs) < 2 or hierarchy.is_module or not hierarchy.is_complete:
            continue
        if any(isinstance(e, Switched) and e.mode == "eval" for run in runs for e in run.events):
            continue
        found = _made_by(facts, owner, runs)
        if found and not _may_switch(facts, owner, {kept.name for kept in found}):
            yield from found


def kept_model_of(facts: Facts, run: Run, event: Forward) -> KeptModel | None:
    """The model that another method of the class left for the one in which a forward call lies."""
    refs = event.operand.refs()
    if run.receiver_class is None or run.is_entry or len(refs) != 1 or event.operand.open:
        return None
    location = refs[0].location
    if not isinstance(location, Field) or location.base != _SELF or any(d.kind != "entry" for d in event.modes):
        return None
    if _is_wrapped(facts, facts.program.function(run.key), run.key.path):
        return None
    for kept in facts.of(KeptModel):
        if kept.owner == run.receiver_class and kept.name == location.name and kept.run.key != run.key:
            return kept
    return None


def _made_by(facts: Facts, owner: ClassKey, runs: list[Run]) -> list[KeptModel]:
    """Attributes that exactly one run fills with a model it trains."""
    found: dict[str, KeptModel | None] = {}
    for run in runs:
        trained = {
            ref.location for e in run.events if isinstance(e, Forward) and e.gradients for ref in e.operand.refs()
        }
        learns = any(isinstance(event, Update) for event in run.events)
        for name, value in run.summary.fields.of(_SELF).items():
            if _is_nothing(value):
                continue
            kept = _kept(facts, owner, run, name, value) if learns else None
            is_trained = kept is not None and kept.made in trained
            found[name] = kept if is_trained and name not in found else None
    return [kept for kept in found.values() if kept is not None]


def _kept(facts: Facts, owner: ClassKey, run: Run, name: str, value: Value) -> KeptModel | None:
    atom = value.single
    if not isinstance(atom, Ref) or not isinstance(atom.location, Made):
        return None
    held = run.object_at(atom.location)
    modes = run.summary.modes.get(atom.location, frozenset())
    if held is None or not facts.is_model(held) or not modes or not all(d.trains for d in modes):
        return None
    return KeptModel(owner, name, run, atom.location, held, _without_loops(modes))


def _without_loops(modes: ModeSet) -> ModeSet:
    return frozenset(definition._replace(crossed=False) for definition in modes)


def _is_nothing(value: Value) -> bool:
    atom = value.single
    return isinstance(atom, Const) and atom.value is None


def _may_switch(facts: Facts, owner: ClassKey, names: set[str]) -> bool:
    """Whether the class, or any code that names one of the attributes, has a word for switching to eval mode."""
    switching = _switch_words(facts)
    hierarchy = facts.analyzer.classes.hierarchy(owner)
    for key in hierarchy.order:
        record = facts.program.record(key.path)
        if record is None or any(f.mentions & switching for f in _methods(record, key.number)):
            return True
    return any(
        function.mentions & switching and function.mentions & names
        for record in facts.program.loaded()
        for function in record.functions
    )


def _switch_words(facts: Facts) -> set[str]:
    literals = facts.program.catalog.triggers({Role.MODE_SWITCH})
    return {words[-1] for one in literals if (words := re.findall(r"[A-Za-z_]\w*", one.decode()))}


def _methods(record: Record, number: int) -> Iterator[Function]:
    """The methods of a class, with the functions within them."""
    own = {f.index for f in record.functions if f.model == number}
    for function in record.functions:
        if function.index in own or (function.outer or 0) in own:
            own.add(function.index)
            yield function


def _is_wrapped(facts: Facts, function: Function, path: str) -> bool:
    """Whether a decorator that may switch modes stands before a function: one that is not seen."""
    switching = _switch_words(facts)
    for decorator in function.decorators:
        called = decorator.func if isinstance(decorator, model.CallSite) else decorator
        name = root_name(called)
        atom = facts.program.resolve(path, called) if name is not None else None
        if isinstance(atom, ApiAtom) and not atom.name.startswith(UNRESOLVED):
            continue
        key = getattr(atom, "key", None)
        record = facts.program.record(key.path) if key is not None else None
        if record is None or key is None:
            return True
        wrapped = {key.number}
        for inner in record.functions:
            if inner.index in wrapped or (inner.outer or 0) in wrapped:
                wrapped.add(inner.index)
                if inner.mentions & switching:
                    return True
    return False
