"""Saves that hold a model's parameters and leave out the statistics that it keeps beside them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from ckptlint.diagnostic import Assumption
from ckptlint.facts.classes import records_where
from ckptlint.facts.project import Facts, derives
from ckptlint.facts.stored_parts import Part, parts_stored
from ckptlint.facts.written_calls import (
    Written,
    api_of,
    argument,
    bindings,
    made_by,
    named,
    source_of,
    span_of,
    statement_of,
    texts_of,
    written_calls,
)
from ckptlint.flow.domain import ApiAtom, ClassAtom, ClassKey
from ckptlint.flow.program import statements_of
from ckptlint.flow.written import operands_of, walk, words_of, written
from ckptlint.knowledge.catalog import Api, Catalog
from ckptlint.knowledge.roles import Role
from ckptlint.semantics import model
from ckptlint.semantics.model import CallSite, Function, Operand, Record
from ckptlint.text import Span

SAVING_WORDS = frozenset("save saves saver checkpoint checkpointer ckpt dump write export serialize pack".split())
PARAMETERS = "params"


@dataclass(frozen=True, slots=True)
class UnsavedCollection:
    """A save of parameters without the statistics beside them."""

    what: str
    """What is saved, as written."""
    collection: str
    kind: str
    """"parameters", "state" (an object without a field for them), "filter"."""
    at: Span
    statement: Span
    evidence: Span
    """Where the statistics are seen, or the model that has them is made."""
    assumptions: frozenset[Assumption]


@derives(UnsavedCollection)
def unsaved_collections(facts: Facts) -> Iterator[UnsavedCollection]:
    """Every such save of the project, tests left out."""
    found = _collections(facts.program.catalog)
    if not found:
        return
    packers = "|".join(sorted(found.packers))
    pattern = re.compile(rf"\b(?:{packers})\(|\.save\(".encode())
    packages = tuple(name.encode() for name in sorted(found.packages))
    for record in records_where(facts, lambda data: any(p in data for p in packages) and pattern.search(data)):
        saves = list(_saves(facts, record))
        for save, stored in saves:
            yield from _of_save(facts, save, stored, saves, found.names)


@dataclass(frozen=True, slots=True)
class _Collections:
    names: frozenset[str]
    packers: frozenset[str]
    packages: frozenset[str]

    def __bool__(self) -> bool:
        return bool(self.names)


@lru_cache(maxsize=4)
def _collections(catalog: Catalog) -> _Collections:
    rows = [(name, row) for name, row in catalog if "collection" in row]
    frameworks = {str(row.get("framework", "")) for _, row in rows}
    packers = {
        name.rpartition(".")[2]
        for name, row in catalog
        if "packs" in row or (row["role"] == Role.SAVE.value and "value" in row and "on" not in row)
    }
    return _Collections(
        frozenset(str(row["collection"]) for _, row in rows),
        frozenset(name for name in packers if name.isidentifier()),
        frozenset(name.partition(".")[0] for name, _ in rows) | frozenset(f for f in frameworks if f),
    )


def _saves(facts: Facts, record: Record) -> Iterator[tuple[Written, Operand]]:
    """Every call of a file that writes a value, or packs one to be written, with the value."""
    for found in written_calls(record):
        api = api_of(facts, record, found.function, found.call.func)
        if api is None:
            continue
        stored: Operand | None = None
        if "packs" in api.options:
            stored = argument(api, found.call, "packs")
        elif api.role is Role.SAVE and "value" in api.options:
            stored = argument(api, found.call, "value")
            if stored is None:
                # What is saved may be wrapped in an object that says how.
                told = next((a.value for a in found.call.args if a.keyword == "args"), None)
                stored = told.args[0].value if isinstance(told, CallSite) and told.args else None
        if stored is not None:
            yield found, stored


def _of_save(
    facts: Facts, save: Written, stored: Operand, saves: list[tuple[Written, Operand]], names: frozenset[str]
) -> Iterator[UnsavedCollection]:
    parts = parts_stored(facts, save, stored)
    if parts is None or any(part.mentions & names for part in parts):
        return
    holders = [part for part in parts if part.kind == PARAMETERS]
    if len(holders) == 1:
        if any(part.kind not in (PARAMETERS, "other") for part in parts):
            return
        evidence = _statistics_beside(save, holders[0], names)
        if evidence is not None and not _is_saved_elsewhere(facts, save, saves, names, holders[0].owner):
            collection, at = evidence
            assumed = _asked_for(facts.program.data(save.record.path), collection)
            at_span = facts.span(save.record.path, at)
            yield _fact(facts, save, stored, collection, "parameters", at_span, assumed)
        return
    if len(parts) != 1:
        return
    if parts[0].kind == "filter" and parts[0].call is not None:
        yield from _of_filter(facts, save, stored, parts[0].call, saves)
    elif parts[0].kind == "name":
        yield from _of_state(facts, save, stored, parts[0], saves, names)


def _fact(
    facts: Facts,
    save: Written,
    stored: Operand,
    collection: str,
    kind: str,
    evidence: Span,
    assumptions: frozenset[Assumption] = frozenset(),
) -> UnsavedCollection:
    return UnsavedCollection(
        written(stored), collection, kind, span_of(facts, save), statement_of(facts, save), evidence, assumptions
    )


def _asked_for(data: bytes, collection: str) -> frozenset[Assumption]:
    """What is taken for granted where a file asks whether there are statistics: it runs models without, too."""
    tests = (
        rf"hasattr\([^)]*{collection}",
        rf"{collection}['\"\])]* (?:is|in|if|else) ",
        rf"get\(\s*['\"]{collection}",
    )
    is_asked = re.search("|".join(tests).encode(), data) is not None
    return frozenset({Assumption.BRANCH_CORRELATION} if is_asked else ())


def _statistics_beside(save: Written, part: Part, names: frozenset[str]) -> tuple[str, model.Place] | None:
    """Where the statistics are read from what the parameters are read from; for bare names, bound beside them."""
    for function in save.record.functions:
        if part.owner is None and function.index != save.function.index:
            continue
        for found in _mentions(function):
            if part.owner is not None:
                base, key = found
                name = key if base is not None and written(base) == part.owner else ""
                if name in names and base is not None:
                    return name, base.at
    if part.owner is None and part.name is not None:
        bound = sorted(name for name in save.function.bound if name in names)
        if bound and any(value is None for value in bindings(save.function, part.name)):
            return bound[0], save.function.at
    return None


def _mentions(function: Function) -> Iterator[tuple[Operand | None, str]]:
    """(base, name) of every `base.name` and `base["name"]` of a function."""

    for statement in statements_of(function.body):
        for top in operands_of(statement):
            for operand in walk(top):
                if isinstance(operand, model.Attribute):
                    yield operand.value, operand.name
                elif isinstance(operand, model.Index) and len(operand.items) == 1:
                    key = operand.items[0]
                    if isinstance(key, model.Literal) and isinstance(key.value, str):
                        yield operand.value, key.value


def _is_saved_elsewhere(
    facts: Facts, save: Written, saves: list[tuple[Written, Operand]], names: frozenset[str], owner: str | None
) -> bool:
    """Whether another call may save the statistics: it holds them, or something that is not read here."""
    packed = {id(found.call) for found, _ in saves}
    for other, stored in saves:
        if other.call is save.call:
            continue
        parts = parts_stored(facts, other, stored)
        if parts is None or any(part.mentions & names or part.kind == "name" for part in parts):
            return True
    for found in written_calls(save.record):
        func = found.call.func
        called = func.name if isinstance(func, model.Attribute) else func.id if isinstance(func, model.Name) else ""
        if id(found.call) in packed or not words_of(called) & SAVING_WORDS:
            continue
        for given in found.call.args:
            if any(id(part) in packed for part in walk(given.value)):
                continue
            for part in walk(given.value):
                text = written(part) if isinstance(part, model.Name | model.Attribute) else ""
                if text and (text == owner or text.rpartition(".")[2] in names):
                    return True
                if isinstance(part, model.Literal) and part.value in names:
                    return True
    return False


# ------------------------------------------------------------------------------------------------- picked by filter


def _of_filter(
    facts: Facts, save: Written, stored: Operand, call: CallSite, saves: list[tuple[Written, Operand]]
) -> Iterator[UnsavedCollection]:
    """`state(model, Param)` of a model that holds statistics."""
    key = _class_of(facts, save, call.args[0].value) if call.args else None
    collection = _collection_of(facts, key[0]) if key is not None else None
    if key is None or collection is None:
        return
    for other, _ in saves:
        if other.call is not save.call and other.function.index == save.function.index:
            return  # What one file leaves out another may hold.
    if collection in {name for function in save.record.functions for name in function.mentions}:
        return
    yield _fact(facts, save, stored, collection, "filter", facts.span(save.record.path, key[1]))


def _class_of(facts: Facts, save: Written, operand: Operand) -> tuple[ClassKey, model.Place] | None:
    """The class of the project that an object is of, with where that is seen."""
    made = made_by(save.record, save.function, operand)
    atom = named(facts, save.record, save.function, made.func) if made is not None else None
    if isinstance(atom, ClassAtom) and made is not None:
        return atom.key, made.at
    if isinstance(operand, model.Name):
        for parameter in save.function.parameters:
            if parameter.name == operand.id and parameter.annotation is not None:
                of = facts.program.resolve(save.record.path, parameter.annotation)
                return (of.key, parameter.at) if isinstance(of, ClassAtom) else None
    return None


def _collection_of(facts: Facts, key: ClassKey) -> str | None:
    """What the statistics of a model of this class are called; None when it is not sure to have any."""
    trait = facts.modules.of_class(key, "buffers")
    if not trait.settles or trait.is_conditional:
        return None
    frameworks = {api.name.rpartition(".")[0] for api in facts.analyzer.classes.hierarchy(key).apis}
    for name, row in facts.program.catalog:
        if "collection" in row and name.rpartition(".")[0] in frameworks and name.endswith(f".{trait.layer}"):
            return str(row["collection"])
    return None


# ------------------------------------------------------------------------------------- an object without the field


def _of_state(
    facts: Facts,
    save: Written,
    stored: Operand,
    part: Part,
    saves: list[tuple[Written, Operand]],
    names: frozenset[str],
) -> Iterator[UnsavedCollection]:
    """A whole state whose class has no field for the statistics."""
    if part.name is None:
        return
    found = [value for value in bindings(save.function, part.name) if isinstance(value, CallSite)]
    made = [value for value in found if _fields(facts, save, value) is not None]
    if len(made) != 1:
        return
    row = _fields(facts, save, made[0])
    if row is None or names & {*row[0], *(a.keyword or "" for a in made[0].args)}:
        return
    given = {a.keyword: a.value for a in made[0].args if a.keyword is not None}
    run, params = given.get("apply_fn"), given.get(PARAMETERS)
    if not isinstance(run, model.Attribute) or params is None or not _is_part(save, params):
        return
    key = _class_of(facts, save, run.value)
    collection = _collection_of(facts, key[0]) if key is not None else None
    if key is None or collection is None or _is_saved_elsewhere(facts, save, saves, names, None):
        return
    yield _fact(facts, save, stored, collection, "state", facts.span(save.record.path, made[0].at))


def _fields(facts: Facts, save: Written, call: CallSite) -> tuple[tuple[str, ...], Api] | None:
    """The fields of the state that a call makes, those of the project's own class included."""
    atom = named(facts, save.record, save.function, call.func)
    api = facts.program.catalog.api(atom.name) if isinstance(atom, ApiAtom) else None
    if api is not None and "fields" in api.options:
        return texts_of(api.options["fields"]), api
    if not isinstance(call.func, model.Attribute):
        return None
    owner = named(facts, save.record, save.function, call.func.value)
    if not isinstance(owner, ClassAtom):
        return None
    own: list[str] = []
    hierarchy = facts.analyzer.classes.hierarchy(owner.key)
    for base in hierarchy.order:
        held = facts.program.class_model(base)
        if call.func.name in held.methods:
            return None
        for statement in held.body:
            if isinstance(statement, model.Bind):
                own.extend(t.id for t in statement.targets if isinstance(t, model.Name))
    for name in hierarchy.external:
        base_api = facts.program.catalog.api(f"{name}.{call.func.name}")
        if base_api is not None and "fields" in base_api.options and len(hierarchy.external) == 1:
            return (*texts_of(base_api.options["fields"]), *own), base_api
    return None


def _is_part(save: Written, params: Operand) -> bool:
    """Whether what is given is the parameters alone, and not all variables."""
    source = source_of(save.record, save.function, params) or params
    if isinstance(source, model.Index) and len(source.items) == 1:
        key = source.items[0]
        return isinstance(key, model.Literal) and key.value == PARAMETERS
    if isinstance(source, CallSite) and isinstance(source.func, model.Attribute) and source.func.name == "pop":
        return bool(source.args) and isinstance(source.args[0].value, model.Literal)
    return False
