"""`self.train` where `self.training` is meant: the method itself, which is always true."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ckptlint.facts.classes import is_attribute, methods_of, module_classes, records_of, sets, subclasses_of, texts
from ckptlint.facts.project import Facts, derives
from ckptlint.flow.calls import MODEL_WORDS
from ckptlint.flow.domain import ClassKey
from ckptlint.flow.program import statements_of
from ckptlint.flow.written import last_word, operands_of, walk
from ckptlint.knowledge.roles import Role
from ckptlint.semantics import model
from ckptlint.semantics.model import Function, Operand
from ckptlint.text import Span

_METHODS = ("train", "eval")
_NAMED = re.compile(rb"\bself\.(?:train|eval)\b(?![\w.(]|[ \t]*=[^=])")
_SET = re.compile(rb"\b(\w+)(?:\[\w+\])?\.(?:train|eval)[ \t]*=[^=]")
_BY_NAME = re.compile(rb"attr\w*\([^()\n]*[\"'](?:train|eval)[\"']|def __getattr")
"""Code that may give a module another attribute of that name."""


@dataclass(frozen=True, slots=True)
class MethodAsFlag:
    """A method that switches the mode is asked, or handed on, as if it told the mode."""

    written: str
    receiver: str
    method: str
    model: str
    span: Span
    statement: Span


@derives(MethodAsFlag)
def methods_as_flags(facts: Facts) -> Iterator[MethodAsFlag]:
    """Every such place in the methods of models."""
    paths = [path for path, data in texts(facts) if _NAMED.search(data) and not _BY_NAME.search(data)]
    if not paths or any(_sets_on_a_model(data) for _, data in texts(facts)):
        return
    for record in records_of(facts, paths):
        for key in module_classes(facts, record):
            held = facts.program.class_model(key)
            names = [name for name in _METHODS if _is_the_library_s_own(facts, key, name)]
            for index in held.methods.values() if names else ():
                function = record.functions[index]
                for operand in _asked(function):
                    receiver = function.parameters[0].name if function.parameters else ""
                    for name in names:
                        if is_attribute(operand, receiver, name):
                            written = f"{receiver}.{name}"
                            span = facts.span(record.path, operand.at)
                            yield MethodAsFlag(written, receiver, name, held.name, span, span)


def _sets_on_a_model(data: bytes) -> bool:
    return any(last_word(match.group(1).decode()) in MODEL_WORDS for match in _SET.finditer(data))


def _is_the_library_s_own(facts: Facts, key: ClassKey, name: str) -> bool:
    """Whether the attribute of that name is the method of the library's class, in the whole family."""
    hierarchy = facts.analyzer.classes.hierarchy(key)
    catalog = facts.program.catalog
    switches = [catalog.method(Role.MODEL, name, api.name) for api in hierarchy.apis]
    if not hierarchy.is_complete or not all(api is not None and api.role is Role.MODE_SWITCH for api in switches):
        return False
    for member in (*hierarchy.order, *subclasses_of(facts, key)):
        held = facts.program.class_model(member)
        if name in held.methods or any(_binds(statement, name) for statement in held.body):
            return False
    family = (key, *subclasses_of(facts, key))
    methods = {method for member in family for method in methods_of(facts, member)}
    return not any(sets(facts.program.function(method), name) for method in methods)


def _binds(statement: model.Statement, name: str) -> bool:
    return isinstance(statement, model.Bind) and any(
        isinstance(target, model.Name) and target.id == name for target in statement.targets
    )


def _asked(function: Function) -> Iterator[Operand]:
    """Operands of a method that are taken as true or false."""
    for statement in statements_of(function.body):
        if isinstance(statement, model.Branch):
            yield statement.test
        for top in operands_of(statement):
            for operand in walk(top):
                if isinstance(operand, model.Choice):
                    yield operand.test
                elif isinstance(operand, model.Logic):
                    yield from operand.values
                elif isinstance(operand, model.Unary) and operand.operator == "not":
                    yield operand.value
                elif isinstance(operand, model.CallSite):
                    yield from (argument.value for argument in operand.args if argument.keyword == "training")
