"""Layers that only the constructors of other layers and models build: no config of theirs is read."""

from __future__ import annotations

from collections.abc import Iterator

from ckptlint.facts.classes import owner_of, records_where, subclasses_of
from ckptlint.facts.project import Facts
from ckptlint.flow.domain import ClassAtom, ClassKey
from ckptlint.flow.program import statements_of
from ckptlint.flow.written import operands_of, walk
from ckptlint.semantics import model
from ckptlint.semantics.model import Function, Record, Statement

CONFIG = "get_config"
BUILDING = frozenset({"__init__", "build", "call"})
"""Methods by which a layer that is rebuilt from its own config makes its parts anew."""


def is_built_inside_only(facts: Facts, key: ClassKey) -> bool:
    """Whether a class, or one below it, is built somewhere, and only by layers and models that hold it.

    Saving writes the config of the outermost layer; loading calls its constructor, which builds the inner ones.
    """
    family = {key, *subclasses_of(facts, key)}
    names = {facts.program.class_model(member).name for member in family}
    calls = [f"{name}(".encode() for name in names]
    is_built = False
    for record in records_where(facts, lambda data: any(call in data for call in calls)):
        for function in record.functions:
            if names & function.calls:
                for statement in _building(facts, record, function, family):
                    if not _is_rebuilt(facts, record, function, statement, family):
                        return False
                    is_built = True
    return is_built


def _building(facts: Facts, record: Record, function: Function, family: set[ClassKey]) -> Iterator[Statement]:
    """The statements in which a function builds one of some classes."""
    for statement in statements_of(function.body):
        for top in operands_of(statement):
            for operand in walk(top):
                if isinstance(operand, model.CallSite) and isinstance(operand.func, model.Name | model.Attribute):
                    atom = facts.program.resolve(record.path, operand.func)
                    if isinstance(atom, ClassAtom) and atom.key in family:
                        yield statement


def _is_rebuilt(facts: Facts, record: Record, function: Function, statement: Statement, family: set[ClassKey]) -> bool:
    """Whether the holder builds the part anew when it is loaded, and keeps no config of it in its own."""
    method = owner_of(record, function)
    if method.model is None or method.name not in BUILDING:
        return False
    holder = ClassKey(record.path, method.model)
    if holder in family or not facts.analyzer.classes.hierarchy(holder).is_module:
        return False
    config = facts.analyzer.classes.method(holder, CONFIG)
    if config is None:
        return True
    told = facts.program.function(config).mentions
    targets = statement.targets if isinstance(statement, model.Bind) else []
    names = {target.name for target in targets if isinstance(target, model.Attribute)}
    return not names & told
