"""Modules that a model's constructor makes and keeps where nothing registers them, containers apart."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ckptlint.facts.classes import (
    is_attribute,
    methods_of,
    module_classes_where,
    name_of_class,
    registers_attributes_only,
)
from ckptlint.facts.containers import OWN_ACCOUNT
from ckptlint.facts.project import Facts, derives
from ckptlint.facts.vocabulary import REFERENCE_WORDS, TRAINING_ONLY_WORDS
from ckptlint.flow.classes import MODULE_ROLES
from ckptlint.flow.domain import ApiAtom, ClassAtom, ClassKey
from ckptlint.flow.program import statements_of
from ckptlint.flow.written import last_word, operands_of, parts_of, walk, words_of, written
from ckptlint.knowledge.roles import Role
from ckptlint.semantics import model
from ckptlint.semantics.model import Function, Operand, Record, Statement
from ckptlint.text import Span

FREEZING = frozenset("requires_grad requires_grad_ eval freeze no_grad".split())
"""Names that say a module is not meant to be trained or saved."""
MAX_ROWS = 60
"""Rows of a constructor looked at for a module before its base is set up."""


@dataclass(frozen=True, slots=True)
class HiddenModule:
    """A module that an attribute of a model reaches, and the model does not know of."""

    model: str
    attribute: str
    """As written, with the receiver: `self.apply`."""
    how: str
    """"partial", "lambda", "__dict__", "before"."""
    module: str
    """The class of what is hidden."""
    is_named: bool
    """The attribute's name is written out."""
    span: Span
    made: Span
    statement: Span


@derives(HiddenModule)
def hidden_modules(facts: Facts) -> Iterator[HiddenModule]:
    """Every such module, once a place."""
    for record, key in module_classes_where(facts, _may_hide):
        number = facts.program.class_model(key).methods.get("__init__")
        if number is None or not registers_attributes_only(facts, key):
            continue
        function = record.functions[number]
        if function.parameters:
            yield from _Constructor(facts, key, record, function).found()


_HELD = re.compile(
    rb"^[ \t]+(?:self\.\w+[ \t]*(?::[^=\n]+)?=[ \t]*(?:(?:\w+\.)?partial\(|lambda\b)|self\.__dict__\[)", re.MULTILINE
)
_LITERALS = (b"partial(", b"lambda", b"__dict__[")
_INIT = re.compile(rb"def __init__\([^)]*\)[^:\n]*:")
_BASE_INIT = re.compile(rb"\.__init__\(")
_MADE_FIRST = re.compile(rb"^[ \t]+self\.\w+[ \t]*(?::[^=\n]+)?=[ \t]*(?:\w+\.)*[A-Z]\w*\(", re.MULTILINE)


def _may_hide(data: bytes) -> bool:
    """Whether a file's text keeps something in one of these ways."""
    if b"class " not in data:
        return False
    if any(literal in data for literal in _LITERALS) and _HELD.search(data):
        return True
    for match in _INIT.finditer(data):
        base = _BASE_INIT.search(data, match.end(), match.end() + MAX_ROWS * 80)
        if base is not None and _MADE_FIRST.search(data, match.end(), base.start()):
            return True
    return False


class _Constructor:
    """One `__init__`: what it makes, and where it puts that."""

    def __init__(self, facts: Facts, key: ClassKey, record: Record, function: Function) -> None:
        self.facts = facts
        self.key = key
        self.record = record
        self.function = function
        self.receiver = function.parameters[0].name
        self.statements = list(statements_of(function.body))

    def found(self) -> Iterator[HiddenModule]:
        functions = [self.facts.program.function(method) for method in methods_of(self.facts, self.key)]
        if any(f.name in ("__setattr__", "__new__") for f in functions):
            return
        yield from self._before_base()
        if any(f.name in OWN_ACCOUNT for f in functions):
            return
        for statement in self.statements:
            if isinstance(statement, model.Bind) and statement.value is not None and len(statement.targets) == 1:
                found = self._kept(statement, statement.targets[0], statement.value)
                if found is not None:
                    yield found

    # -------------------------------------------------------------------------------------- before the base is set up

    def _before_base(self) -> Iterator[HiddenModule]:
        if not self.facts.analyzer.classes.hierarchy(self.key).is_complete:
            return
        made: list[tuple[model.Bind, model.Attribute, model.CallSite]] = []
        for statement in self.function.body:
            calls = [p for top in operands_of(statement) for p in walk(top) if isinstance(p, model.CallSite)]
            if any(isinstance(call.func, model.Attribute) and call.func.name == "__init__" for call in calls):
                for bind, target, call in made:
                    yield self._hidden(bind, written(target), "before", call, bind.at)
                return
            if any(self._may_set_up(call) for call in calls) or not isinstance(
                statement, model.Bind | model.Evaluate | model.Assert | model.Branch
            ):
                return
            if isinstance(statement, model.Branch):
                if any(isinstance(s, model.Return) or self._sets_up(s) for s in statements_of([statement])):
                    return
                continue
            if isinstance(statement, model.Bind) and isinstance(statement.value, model.CallSite):
                own = [t for t in statement.targets if isinstance(t, model.Attribute) and self._is_self(t.value)]
                if own and self._class_of(statement.value):
                    made.append((statement, own[0], statement.value))

    def _sets_up(self, statement: Statement) -> bool:
        calls = [p for top in operands_of(statement) for p in walk(top) if isinstance(p, model.CallSite)]
        return any(
            self._may_set_up(call) or (isinstance(call.func, model.Attribute) and call.func.name == "__init__")
            for call in calls
        )

    def _may_set_up(self, call: model.CallSite) -> bool:
        """Whether a call is given the object itself, and so may call the base's constructor."""
        if isinstance(call.func, model.Attribute) and (self._is_self(call.func.value) or _is_super(call.func.value)):
            return call.func.name != "__init__"
        return any(self._is_self(argument.value) for argument in call.args)

    # ------------------------------------------------------------------------------------------------ out of sight

    def _kept(self, statement: model.Bind, target: Operand, value: Operand) -> HiddenModule | None:
        if isinstance(target, model.Index):
            return self._in_dict(statement, target, value)
        if not isinstance(target, model.Attribute) or not self._is_self(target.value):
            return None
        if words_of(target.name) & REFERENCE_WORDS or last_word(target.name) in TRAINING_ONLY_WORDS:
            return None
        if self._is_run_here(target.name):
            return None  # It makes something, which then holds the module.
        if isinstance(value, model.CallSite) and self._is_partial(value):
            for argument in value.args:
                call = self._made(argument.value, value)
                if call is not None:
                    return self._hidden(statement, written(target), "partial", call, value.at)
        if isinstance(value, model.FunctionRef):
            for name in self._read_in(self.record.functions[value.function]):
                call = self._made(name, value)
                if call is not None:
                    return self._hidden(statement, written(target), "lambda", call, value.at)
        return None

    def _in_dict(self, statement: model.Bind, target: model.Index, value: Operand) -> HiddenModule | None:
        if not is_attribute(target.value, self.receiver, "__dict__") or len(target.items) != 1:
            return None
        item = target.items[0]
        name = written(item) if isinstance(item, model.Literal) else ""
        texts_in = [str(p.value) for p in walk(item) if isinstance(p, model.Literal)]
        words = words_of(" ".join(texts_in))
        numbers = self.facts.program.class_model(self.key).methods.values()
        if words & REFERENCE_WORDS or any(self.record.functions[n].mentions & FREEZING for n in numbers):
            return None
        call = self._made(value, statement)
        if call is None:
            return None
        attribute = f"{self.receiver}.__dict__[{name or '…'}]"
        return self._hidden(statement, attribute, "__dict__", call, value.at, isinstance(item, model.Literal))

    def _hidden(
        self,
        statement: model.Bind,
        attribute: str,
        how: str,
        call: model.CallSite,
        at: model.Place,
        is_named: bool = True,
    ) -> HiddenModule:
        path = self.record.path
        return HiddenModule(
            name_of_class(self.facts, self.key),
            attribute,
            how,
            self._class_of(call) or "",
            is_named,
            self.facts.span(path, at),
            self.facts.span(path, call.at),
            self.facts.span(path, statement.at),
        )

    def _made(self, operand: Operand, keeper: Operand | Statement) -> model.CallSite | None:
        """The call that makes the module an operand is, when nothing but `keeper` holds that."""
        if isinstance(operand, model.CallSite):
            return operand if self._has_state(operand) else None
        if not isinstance(operand, model.Name):
            return None
        binds = [
            s for s in self.statements if isinstance(s, model.Bind) and any(written(t) == operand.id for t in s.targets)
        ]
        if len(binds) != 1 or len(binds[0].targets) != 1 or not isinstance(binds[0].value, model.CallSite):
            return None
        if not self._has_state(binds[0].value) or self._is_used(operand.id, keeper):
            return None
        return binds[0].value

    def _is_used(self, name: str, keeper: Operand | Statement) -> bool:
        """Whether anything else gets hold of what a name holds, or says that it is not to be trained."""
        keeping = keeper.function if isinstance(keeper, model.FunctionRef) else None
        for other in self.record.functions:
            if other.outer == self.function.index and other.index != keeping and name in other.mentions:
                return True
        return any(
            self._hands_on(top, name, keeper)
            for statement in self.statements
            if statement is not keeper
            for top in operands_of(statement)
            if not (isinstance(statement, model.Bind) and any(top is target for target in statement.targets))
        )

    def _hands_on(self, operand: Operand, name: str, keeper: Operand | Statement) -> bool:
        if operand is keeper:
            return False
        if isinstance(operand, model.Name):
            return operand.id == name
        if isinstance(operand, model.Attribute) and isinstance(operand.value, model.Name):
            # Its weights may be looked at and filled; to hold all of them, or to freeze them, is something else.
            return operand.value.id == name and operand.name in _GIVING | FREEZING
        return any(self._hands_on(part, name, keeper) for part in parts_of(operand))

    def _read_in(self, function: Function) -> list[model.Name]:
        """The local names of the constructor that a lambda reads."""
        own = {parameter.name for parameter in function.parameters}
        found = [
            part
            for statement in statements_of(function.body)
            for top in operands_of(statement)
            for part in walk(top)
            if isinstance(part, model.Name)
        ]
        return [part for part in found if part.id not in own and part.id in self.function.bound]

    # ----------------------------------------------------------------------------------------------- what it is

    def _is_self(self, operand: Operand) -> bool:
        return isinstance(operand, model.Name) and operand.id == self.receiver

    def _is_partial(self, call: model.CallSite) -> bool:
        if not isinstance(call.func, model.Name | model.Attribute):
            return False
        atom = self.facts.program.resolve(self.record.path, call.func)
        api = self.facts.program.catalog.api(atom.name) if isinstance(atom, ApiAtom) else None
        if api is None or api.role is not Role.TRANSPARENT or api.options.get("kind") != "partial":
            return False
        made = (
            call.args[0].value if call.args and isinstance(call.args[0].value, model.Name | model.Attribute) else None
        )
        target = self.facts.program.resolve(self.record.path, made) if made is not None else None
        if isinstance(target, ApiAtom):
            held = self.facts.program.catalog.api(target.name)
            return held is None or held.role not in MODULE_ROLES
        return not isinstance(target, ClassAtom)  # A class keeps what it is given.

    def _is_run_here(self, name: str) -> bool:
        """Whether the constructor calls what it keeps under a name."""
        calls = (
            part
            for statement in self.statements
            for top in operands_of(statement)
            for part in walk(top)
            if isinstance(part, model.CallSite)
        )
        return any(is_attribute(call.func, self.receiver, name) for call in calls)

    def _class_of(self, call: model.CallSite) -> str | None:
        """The class of module that a call makes."""
        if not isinstance(call.func, model.Name | model.Attribute):
            return None
        atom = self.facts.program.resolve(self.record.path, call.func)
        if isinstance(atom, ClassAtom):
            is_module = registers_attributes_only(self.facts, atom.key)
            return name_of_class(self.facts, atom.key) if is_module else None
        api = self.facts.program.catalog.api(atom.name) if isinstance(atom, ApiAtom) else None
        if api is None or api.role not in MODULE_ROLES or api.role is Role.WRAPPER:
            return None
        return api.name.rpartition(".")[2]

    def _has_state(self, call: model.CallSite) -> bool:
        if self._class_of(call) is None:
            return False
        return any(
            self.facts.modules.of_call(self.record.path, call, trait).holds
            for trait in ("parameters", "buffers", "sensitive")
        )


_GIVING = frozenset("parameters named_parameters state_dict load_state_dict modules children".split())


def _is_super(operand: Operand) -> bool:
    return isinstance(operand, model.CallSite) and written(operand.func) == "super"
