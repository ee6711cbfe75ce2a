"""What an expression that is saved is put together of, as far as the file writes it down."""

from __future__ import annotations

from dataclasses import dataclass

from ckptlint.facts.project import Facts
from ckptlint.facts.written_calls import MAX_HOPS, Written, bindings, named, texts_of
from ckptlint.flow.domain import ApiAtom
from ckptlint.flow.written import words_of, written
from ckptlint.semantics import model
from ckptlint.semantics.model import CallSite, Operand

PARAMETERS = "params"
PASSING_WORDS = frozenset(
    "get unreplicate unfreeze freeze unbox unshard gather numpy array asarray dict copy cast tree map pure".split()
)
"""Words of calls that give back what they are given, in another form."""
OTHER_FIELDS = frozenset("step opt_state epoch tx rng key dropout_rng metrics loss config".split())
"""Names of what is saved beside parameters and is no part of the model."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part: parameters, other values, an object by name, or what a filter picks."""

    kind: str
    """"params", "other", "name", "filter"."""
    owner: str | None = None
    """What the parameters are read from, as written."""
    name: str | None = None
    mentions: frozenset[str] = frozenset()
    call: CallSite | None = None


def parts_stored(facts: Facts, save: Written, operand: Operand, depth: int = 0) -> list[Part] | None:
    """The parts of a stored expression; None when one of them cannot be told."""
    if depth > MAX_HOPS * 2:
        return None
    if isinstance(operand, model.Literal):
        return [Part("other")]
    if isinstance(operand, model.Attribute):
        return [_attribute(operand)]
    if isinstance(operand, model.Index) and len(operand.items) == 1:
        key = operand.items[0]
        if isinstance(key, model.Literal) and isinstance(key.value, str):
            kind = PARAMETERS if key.value == PARAMETERS else "other"
            return [Part(kind, written(operand.value), None, frozenset({key.value}) - {PARAMETERS})]
        return None
    if isinstance(operand, model.Mapping):
        return _mapping(facts, save, operand, depth)
    if isinstance(operand, model.Sequence):
        return _all(facts, save, operand.items, depth)
    if isinstance(operand, CallSite):
        return _call(facts, save, operand, depth)
    if isinstance(operand, model.Name):
        return _name(facts, save, operand, depth)
    return None


def _attribute(operand: model.Attribute) -> Part:
    if operand.name == PARAMETERS:
        return Part(PARAMETERS, written(operand.value))
    if operand.name in OTHER_FIELDS:
        return Part("other")
    return Part("name", written(operand.value), None, frozenset({operand.name}))


def _all(facts: Facts, save: Written, items: list[Operand], depth: int) -> list[Part] | None:
    found: list[Part] = []
    for item in items:
        parts = parts_stored(facts, save, item, depth + 1)
        if parts is None:
            return None
        found.extend(parts)
    return found


def _mapping(facts: Facts, save: Written, operand: model.Mapping, depth: int) -> list[Part] | None:
    found: list[Part] = []
    for item in operand.items:
        if not isinstance(item.key, model.Literal) or not isinstance(item.key.value, str):
            return None
        if item.key.value in OTHER_FIELDS:
            continue
        parts = parts_stored(facts, save, item.value, depth + 1)
        if parts is None:
            return None
        key = frozenset({item.key.value}) - {PARAMETERS}
        found.extend(Part(p.kind, p.owner, p.name, p.mentions | key, p.call) for p in parts)
    return found or [Part("other")]


def _call(facts: Facts, save: Written, operand: CallSite, depth: int) -> list[Part] | None:
    atom = named(facts, save.record, save.function, operand.func)
    api = facts.program.catalog.api(atom.name) if isinstance(atom, ApiAtom) else None
    if api is not None and "filters" in api.options:
        return [Part("filter", call=operand)] if _picks(facts, save, operand) else None
    if api is not None and "packs" in api.options and operand.args:
        return parts_stored(facts, save, operand.args[0].value, depth + 1)
    name = operand.func.name if isinstance(operand.func, model.Attribute) else getattr(operand.func, "id", "")
    if not isinstance(atom, ApiAtom | None) or not words_of(name) & PASSING_WORDS:
        return None
    given = [a.value for a in operand.args if not isinstance(a.value, model.FunctionRef)]
    given = [value for value in given if not isinstance(named(facts, save.record, save.function, value), ApiAtom)]
    return parts_stored(facts, save, given[0], depth + 1) if len(given) == 1 else None


def _picks(facts: Facts, save: Written, call: CallSite) -> bool:
    """Whether the one filter of a call picks the parameters only."""
    if len(call.args) != 2:
        return False
    atom = named(facts, save.record, save.function, call.args[1].value)
    api = facts.program.catalog.api(atom.name) if isinstance(atom, ApiAtom) else None
    return api is not None and "parameters" in texts_of(api.options.get("picks"))


def _name(facts: Facts, save: Written, operand: model.Name, depth: int) -> list[Part] | None:
    if any(parameter.name == operand.id for parameter in save.function.parameters):
        return None
    found = list(bindings(save.function, operand.id))
    if not found and save.function.index:
        return None
    if len(found) == 1 and found[0] is not None:
        value = found[0]
        unpacked = _call(facts, save, value, depth + 1) if isinstance(value, CallSite) else None
        if unpacked is not None:
            return unpacked
        if not isinstance(value, CallSite):
            return parts_stored(facts, save, value, depth + 1)
    if PARAMETERS in words_of(operand.id) and operand.id.endswith(PARAMETERS):
        return [Part(PARAMETERS, None, operand.id)]
    return [Part("name", None, operand.id)]
