"""What a project writes to files beside weights: an index that is stored can be read back as it was."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ckptlint.facts.project import Facts, derives
from ckptlint.facts.runs import Run
from ckptlint.flow.domain import ClassKey, Location, Made, Value
from ckptlint.flow.events import Indexed, Saved
from ckptlint.flow.program import statements_of
from ckptlint.flow.written import operands_of, walk, words_of, written
from ckptlint.semantics import model

STORING_WORDS = frozenset(
    (
        "save saves dump dumps write writes writelines writerow writerows export pickle serialize store savez savetxt"
    ).split()
)
_STORING_NAMES = frozenset("to_csv to_json to_pickle to_file to_parquet write_text torch_save register_buffer".split())
_STORED_OPTIONS = frozenset({"id2label", "label2id"})
"""Options that become part of a model's stored configuration."""


@dataclass(frozen=True, slots=True)
class StoredNames:
    """Names of variables and attributes that calls which store something are given, in the whole project."""

    names: frozenset[str]


def is_stored(facts: Facts, run: Run, event: Indexed, target: str) -> bool:
    """Whether an index, or what it numbers, is written to a file."""
    names = facts.of(StoredNames)[0].names
    iterated = _written_at(facts, event)
    if any(name.rpartition(".")[2] in names for name in (target, iterated) if name):
        return True
    wanted = {event.site.base}
    if event.order is not None:
        wanted.add((event.order.path, event.order.at))
        if event.order.listed is not None:
            wanted.add(event.order.listed)
    innermost = event.within[-1]
    owner = facts.program.function(innermost).model
    for saved in run.events:
        if not isinstance(saved, Saved):
            continue
        for location in _locations(saved):
            if isinstance(location, Made) and location.site.base in wanted:
                return True
            held = run.object_at(location)
            if held is not None and owner is not None and held.model == ClassKey(innermost.path, owner):
                return True  # The object that holds the index is stored whole.
    return False


def _locations(saved: Saved) -> Iterator[Location]:
    values: list[Value] = [saved.stored.value]
    for items in (saved.stored.items, *(inner for _, inner in saved.stored.inner)):
        values.extend(items.values() if items is not None else ())
    for value in values:
        yield from (ref.location for ref in value.refs())


def _written_at(facts: Facts, event: Indexed) -> str:
    text = facts.text(facts.span(event.site.path, event.iterated))
    return text if text.replace(".", "").replace("_", "").isalnum() else ""


@derives(StoredNames)
def stored_names(facts: Facts) -> Iterator[StoredNames]:
    """The one fact of this kind."""
    names: set[str] = set()
    parts: dict[str, set[str]] = {}
    for record in facts.program.loaded():
        for function in record.functions:
            for statement in statements_of(function.body):
                for top in operands_of(statement):
                    for operand in walk(top):
                        if isinstance(operand, model.CallSite):
                            names |= _given_to_store(operand)
                if isinstance(statement, model.Bind) and _is_dict(statement.value):
                    assert statement.value is not None
                    for target in statement.targets:
                        parts.setdefault(_last(target), set()).update(_names(statement.value))
                if isinstance(statement, model.Bind) and statement.value is not None:
                    for target in statement.targets:
                        if isinstance(target, model.Index):
                            parts.setdefault(_last(target.value), set()).update(_names(statement.value))
    # `state = {"vocab": vocab}; torch.save(state, path)`
    for name in list(names):
        names |= parts.get(name, set())
    yield StoredNames(frozenset(names - {"", "self", "os", "path", "args"}))


def _given_to_store(call: model.CallSite) -> set[str]:
    name = _last(call.func)
    if words_of(name) & STORING_WORDS or name in _STORING_NAMES:
        found = {part for argument in call.args for part in _names(argument.value)}
        if isinstance(call.func, model.Attribute):
            found |= _names(call.func.value)
        return found
    return {part for a in call.args if a.keyword in _STORED_OPTIONS for part in _names(a.value)}


def _is_dict(operand: model.Operand | None) -> bool:
    return isinstance(operand, model.Mapping) or (
        isinstance(operand, model.CallSite) and written(operand.func) == "dict"
    )


def _last(operand: model.Operand) -> str:
    return written(operand).rpartition(".")[2]


def _names(operand: model.Operand) -> set[str]:
    found = {part.id for part in walk(operand) if isinstance(part, model.Name)}
    return found | {part.name for part in walk(operand) if isinstance(part, model.Attribute)}
