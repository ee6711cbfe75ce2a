"""The classes of models that a project defines, those no run builds included."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from ckptlint.facts.project import Facts, derives
from ckptlint.facts.slices import is_test_file
from ckptlint.flow.classes import MODULE_ROLES
from ckptlint.flow.domain import ClassKey, FunctionKey
from ckptlint.flow.program import statements_of
from ckptlint.flow.written import parts_of
from ckptlint.knowledge.catalog import Catalog
from ckptlint.knowledge.roles import Role
from ckptlint.semantics import model
from ckptlint.semantics.model import Function, Record

MAX_RECEIVERS = 4
"""Classes below one without a forward of its own that it is looked at in."""
HEAD = 1500
"""Characters at the beginning of a file in which it says what it was generated from."""
_GENERATED = re.compile(rb"\bgenerated from (?:[^\s/]+/)*(\w+\.py)\b")


@dataclass(frozen=True, slots=True)
class ClassFile:
    """A file whose classes are those that run: it is no test, and no other file is generated from it."""

    path: str


@derives(ClassFile)
def class_files(facts: Facts) -> Iterator[ClassFile]:
    """Each of the project, by path."""
    program = facts.program
    templates: set[str] = set()
    for path in program.files:
        said = _GENERATED.search(program.data(path)[:HEAD])
        if said is not None:
            templates.add(posixpath.join(posixpath.dirname(path), said.group(1).decode()))
    for path in sorted(program.files - templates):
        if not is_test_file(program.root, path):
            yield ClassFile(path)


def texts(facts: Facts) -> Iterator[tuple[str, bytes]]:
    """The files whose classes run, with their bytes."""
    for file in facts.of(ClassFile):
        yield file.path, facts.program.data(file.path)


def records_of(facts: Facts, paths: Iterable[str]) -> list[Record]:
    """The records of files, those that cannot be read left out."""
    records = [facts.program.record(path) for path in paths]
    return [record for record in records if record is not None]


def records_where(facts: Facts, holds: Callable[[bytes], object]) -> list[Record]:
    """The records of the files, tests left out, whose bytes pass: a look at the text is cheaper than a record."""
    return records_of(facts, [path for path, data in texts(facts) if holds(data)])


def module_classes_where(facts: Facts, holds: Callable[[bytes], object]) -> Iterator[tuple[Record, ClassKey]]:
    """The classes of models in these files, with the records they stand in."""
    for record in records_where(facts, holds):
        for key in module_classes(facts, record):
            yield record, key


def module_classes(facts: Facts, record: Record) -> Iterator[ClassKey]:
    """The classes of models in a file."""
    for held in record.classes:
        key = ClassKey(record.path, held.index)
        if facts.analyzer.classes.hierarchy(key).is_module:
            yield key


def registers_attributes_only(facts: Facts, key: ClassKey) -> bool:
    """Whether a class is of a framework that registers modules only where they are attributes themselves."""
    frameworks = _registering_attributes(facts.program.catalog)
    apis = [api for api in facts.analyzer.classes.hierarchy(key).apis if api.role in MODULE_ROLES]
    return bool(apis) and all(api.options.get("framework") in frameworks for api in apis)


@lru_cache(maxsize=4)
def _registering_attributes(catalog: Catalog) -> frozenset[object]:
    rows = [row for _, row in catalog if row["role"] == Role.MODULE_BASE.value]
    plain = {row.get("framework") for row in rows if row.get("tracks_containers") is False}
    return frozenset(plain - {row.get("framework") for row in rows if row.get("tracks_containers")})


def name_of_class(facts: Facts, key: ClassKey) -> str:
    """A class as its file names it."""
    return facts.program.class_model(key).name


def owner_of(record: Record, function: Function) -> Function:
    """The method or top-level function that a nested one belongs to."""
    while function.model is None and function.outer:
        function = record.functions[function.outer]
    return function


def owner_of_key(facts: Facts, key: FunctionKey) -> FunctionKey:
    """The same by key."""
    record = facts.program.record(key.path)
    return FunctionKey(key.path, owner_of(record, record.functions[key.number]).index) if record is not None else key


def methods_of(facts: Facts, key: ClassKey) -> Iterator[FunctionKey]:
    """The methods of a class and of its bases in the project, overridden ones included."""
    for base in facts.analyzer.classes.hierarchy(key).order:
        for _, index in sorted(facts.program.class_model(base).methods.items()):
            yield FunctionKey(base.path, index)


def subclasses_of(facts: Facts, key: ClassKey) -> list[ClassKey]:
    """The classes below one, among the files that were read."""
    found: list[ClassKey] = []
    for record in facts.program.loaded():
        for held in record.classes:
            other = ClassKey(record.path, held.index)
            if other != key and held.bases and key in facts.analyzer.classes.hierarchy(other).order:
                found.append(other)
    return found


def forward_of(facts: Facts, key: ClassKey) -> FunctionKey | None:
    """The method that a call of an instance runs, when the project defines it."""
    hierarchy = facts.analyzer.classes.hierarchy(key)
    name = next((str(api.options["forward"]) for api in hierarchy.apis if "forward" in api.options), "forward")
    return facts.analyzer.classes.method(key, name)


def is_reassigned(facts: Facts, key: ClassKey, attribute: str) -> bool:
    """Whether a method other than the constructor sets an attribute."""
    for method in methods_of(facts, key):
        function = facts.program.function(method)
        if function.name != "__init__" and attribute in function.mentions and sets(function, attribute):
            return True
    return False


def sets(function: Function, attribute: str) -> bool:
    """Whether a method assigns `self.<attribute>`."""
    receiver = function.parameters[0].name if function.parameters else ""
    for statement in statements_of(function.body):
        targets: list[model.Operand] = []
        if isinstance(statement, model.Bind):
            targets = [*statement.targets]
        elif isinstance(statement, model.Augment):
            targets = [statement.target]
        while targets:
            target = targets.pop()
            if isinstance(target, model.Sequence):
                targets.extend(parts_of(target))
            elif is_attribute(target, receiver, attribute):
                return True
    return False


def is_attribute(operand: model.Operand, receiver: str, name: str) -> bool:
    """Whether an operand is `receiver.name`."""
    return (
        isinstance(operand, model.Attribute)
        and operand.name == name
        and isinstance(operand.value, model.Name)
        and operand.value.id == receiver
    )
