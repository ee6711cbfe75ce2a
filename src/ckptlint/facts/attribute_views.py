"""What the methods of a class do with its attributes: every write, every read, and which reads are exposed.

A read is exposed when the attribute may still hold what an earlier call left there: nothing of the same call has
written it before, the methods called through the object itself included.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from ckptlint.facts.classes import is_attribute, methods_of
from ckptlint.facts.escapes import GROWING
from ckptlint.facts.project import Facts
from ckptlint.flow.domain import ClassKey, FunctionKey
from ckptlint.flow.program import leaves, statements_of
from ckptlint.flow.written import operands_of, parts_of, walk
from ckptlint.semantics import model
from ckptlint.semantics.model import Operand, Place

OVERWRITING = frozenset("copy_ fill_ zero_ normal_ uniform_ set_ random_ bernoulli_ exponential_".split())
"""Methods that leave nothing of what was held."""
_KEEPING = frozenset("requires_grad_ detach_ retain_grad share_memory_ pin_memory_".split())
"""Methods with a trailing underscore that change no value."""
_STORAGE = frozenset({"data"})
"""Attributes that are the held thing itself."""
Guard = tuple[Operand, bool]
"""A test, and the side of it that something lies on."""


@dataclass(frozen=True, slots=True)
class Write:
    """One write of an attribute."""

    attribute: str
    method: FunctionKey
    statement: model.Statement
    at: Place
    """The attribute itself."""
    value: Operand | None
    """What is stored, or what it is changed by; None when that is no operand of its own."""
    kind: str
    """"set", "augment", "item" (a part is set), "call" (a method changes it), "given" (something may change it)."""
    word: str
    """The operator or method that changes it."""
    guards: tuple[Guard, ...]


@dataclass(frozen=True, slots=True)
class Read:
    """One read of an attribute."""

    attribute: str
    method: FunctionKey
    statement: model.Statement
    at: Place


@dataclass(slots=True)
class MethodView:
    """What one method does, as an object of one class runs it."""

    key: FunctionKey
    name: str
    writes: list[Write] = field(default_factory=list)
    """Its own, in order."""
    reads: list[Read] = field(default_factory=list)
    exposed: dict[str, list[Read]] = field(default_factory=dict)
    """By attribute, those of the methods it calls included."""
    definite: frozenset[str] = frozenset()
    """Attributes written for certain once it has run."""
    calls: list[tuple[FunctionKey, tuple[Guard, ...]]] = field(default_factory=list)
    """The methods it calls on the object itself, with the tests around the call."""
    unclear: set[str] = field(default_factory=set)
    """Attributes that nested functions write."""


class ClassView:
    """The methods of a class, its bases' included, as an object of it runs them; each is looked at when asked for."""

    def __init__(self, facts: Facts, key: ClassKey) -> None:
        self.facts = facts
        self.key = key
        self._views: dict[FunctionKey, MethodView] = {}

    def method(self, name: str) -> MethodView | None:
        """The method that a name means for an object of the class."""
        found = self.facts.analyzer.classes.method(self.key, name)
        return self.view(found) if found is not None else None

    def view(self, key: FunctionKey) -> MethodView:
        """One method, overridden ones included."""
        found = self._views.get(key)
        if found is None:
            function = self.facts.program.function(key)
            found = self._views[key] = MethodView(key, function.name)
            if function.parameters and function.model is not None:
                _Walk(self, found, function.parameters[0].name).run(function.body)
        return found

    def all(self) -> Iterator[MethodView]:
        """Every method of the class and of its bases."""
        for key in methods_of(self.facts, self.key):
            yield self.view(key)

    def reached(self, *names: str) -> list[MethodView]:
        """The methods of these names with all that they call on the object itself."""
        found: dict[FunctionKey, MethodView] = {}
        work = [view for view in map(self.method, names) if view is not None]
        while work:
            view = work.pop(0)
            if view.key not in found:
                found[view.key] = view
                work.extend(self.view(callee) for callee in sorted({callee for callee, _ in view.calls}))
        return list(found.values())

    def receiver(self, view: MethodView) -> str:
        """The name of the object itself within a method."""
        parameters = self.facts.program.function(view.key).parameters
        return parameters[0].name if parameters else ""

    def called(self, operand: Operand, view: MethodView, receiver: str) -> FunctionKey | None:
        """The method that a call `self.name(...)` or `super().name(...)` runs, when the project has it."""
        if not isinstance(operand, model.CallSite) or not isinstance(operand.func, model.Attribute):
            return None
        value, name = operand.func.value, operand.func.name
        if isinstance(value, model.Name) and value.id == receiver:
            return self.facts.analyzer.classes.method(self.key, name)
        if isinstance(value, model.CallSite) and isinstance(value.func, model.Name) and value.func.id == "super":
            owner = self.facts.program.function(view.key).model
            if owner is not None:
                return self.facts.analyzer.classes.method(self.key, name, ClassKey(view.key.path, owner))
        return None

    def property_of(self, name: str) -> FunctionKey | None:
        """The method behind an attribute that is a property."""
        found = self.facts.analyzer.classes.method(self.key, name)
        if found is None:
            return None
        decorators = self.facts.program.function(found).decorators
        return found if any(isinstance(d, model.Name) and d.id == "property" for d in decorators) else None


class _Walk:
    """One walk over a method's body in the order it runs."""

    def __init__(self, views: ClassView, view: MethodView, receiver: str) -> None:
        self.views = views
        self.view = view
        self.receiver = receiver
        self.statement: model.Statement | None = None
        self.guards: tuple[Guard, ...] = ()
        self.behind: dict[str, set[str]] = {}
        """Per local name the attributes that what it holds is computed from."""

    def run(self, body: list[model.Statement]) -> None:
        self.returned: list[frozenset[str]] = []
        end = self._block(body, frozenset())
        ends = [*self.returned, *([end] if end is not None else [])]
        self.view.definite = frozenset.intersection(*ends) if ends else frozenset()

    def _block(self, body: list[model.Statement], written: frozenset[str]) -> frozenset[str] | None:
        """What is written for certain behind a block; None when it is never left by its end."""
        outer = self.guards
        held: frozenset[str] | None = written
        for statement in body:
            if held is None:
                break
            self.statement = statement
            held = self._one(statement, held)
        self.guards = outer
        return held

    def _one(self, statement: model.Statement, written: frozenset[str]) -> frozenset[str] | None:
        if isinstance(statement, model.Branch):
            written = self._read(statement.test, written)
            guards = self.guards
            self.guards = (*guards, (statement.test, True))
            body = self._block(statement.body, written)
            self.guards = (*guards, (statement.test, False))
            orelse = self._block(statement.orelse, written)
            self.guards = guards
            if leaves(statement.body) and not statement.orelse:
                self.guards = (*guards, (statement.test, False))  # Until the end of the block around it.
            return _both(body, orelse)
        if isinstance(statement, model.Loop):
            written = self._read(statement.iter, written)
            self._block(statement.body, written)
            return _both(written, self._block(statement.orelse, written))
        if isinstance(statement, model.Try):
            body = self._block([*statement.body, *statement.orelse], written)
            ends = [body, *(self._block(handler.body, written) for handler in statement.handlers)]
            held: frozenset[str] | None = None
            for end in ends:
                held = _both(held, end)
            final = self._block(statement.final, held if held is not None else written)
            return final if held is not None else None
        if isinstance(statement, model.Region):
            for item in statement.items:
                written = self._read(item.value, written)
            return self._block(statement.body, written)
        if isinstance(statement, model.Match):
            written = self._read(statement.subject, written)
            held = written
            for case in statement.cases:
                held = _both(held, self._block(case.body, written))
            return held
        if isinstance(statement, model.Define):
            self._nested(statement)
            return written
        if isinstance(statement, model.Bind):
            if statement.value is not None:
                written = self._read(statement.value, written)
                for target in statement.targets:
                    written = self._target(target, statement.value, written)
                    if isinstance(target, model.Name):
                        self.behind.setdefault(target.id, set()).update(self._origins(statement.value))
            return written
        if isinstance(statement, model.Augment):
            written = self._read(statement.value, written)
            written = self._read(statement.target, written)
            name, _ = self._held(statement.target)
            if name is not None:
                self._write(name, statement.target, statement.value, "augment", statement.operator)
            return written
        for operand in operands_of(statement):
            written = self._read(operand, written)
        if isinstance(statement, model.Return):
            self.returned.append(written)
        return None if isinstance(statement, model.Return | model.Raise) else written

    def _target(self, target: Operand, value: Operand | None, written: frozenset[str]) -> frozenset[str]:
        if isinstance(target, model.Sequence | model.Star):
            is_paired = (
                isinstance(target, model.Sequence)
                and isinstance(value, model.Sequence)
                and len(target.items) == len(value.items)
            )
            for index, part in enumerate(parts_of(target)):
                inner = value.items[index] if is_paired and isinstance(value, model.Sequence) else None
                written = self._target(part, inner, written)
            return written
        name, is_whole = self._held(target)
        if name is None:
            return self._read(target, written) if isinstance(target, model.Attribute | model.Index) else written
        if isinstance(target, model.Index):
            for item in target.items:
                written = self._read(item, written)
        self._write(name, target, value, "set" if is_whole else "item", "=")
        return written | {name.name} if is_whole and not self._comes_from(value, name.name) else written

    def _comes_from(self, value: Operand | None, attribute: str) -> bool:
        """Whether a value is made of what the attribute held: then what an earlier call left lives on in it."""
        return value is not None and (
            any(is_attribute(part, self.receiver, attribute) for part in walk(value))
            or attribute in self._origins(value)
        )

    def _origins(self, value: Operand) -> set[str]:
        """The attributes that a value is computed from; none for what a layer or method of the object gives."""
        found: set[str] = set()
        for part in walk(value):
            func = part.func if isinstance(part, model.CallSite) else None
            if isinstance(func, model.Attribute) and is_attribute(func, self.receiver, func.name):
                return set()
            if isinstance(part, model.Attribute) and is_attribute(part, self.receiver, part.name):
                found.add(part.name)
            elif isinstance(part, model.Name):
                found |= self.behind.get(part.id, set())
        return found

    def _held(self, operand: Operand) -> tuple[model.Attribute | None, bool]:
        """The attribute of the object that an operand is or is a part of, and whether it is the whole of it."""
        is_whole = True
        while True:
            if isinstance(operand, model.Index):
                is_whole = False
                operand = operand.value
            elif isinstance(operand, model.Attribute) and is_attribute(operand, self.receiver, operand.name):
                return operand, is_whole
            elif isinstance(operand, model.Attribute) and operand.name in _STORAGE:
                operand = operand.value
            elif isinstance(operand, model.CallSite) and isinstance(operand.func, model.Attribute):
                if not _changes(operand.func.name):
                    return None, False
                operand = operand.func.value
            else:
                return None, False

    def _read(self, operand: Operand, written: frozenset[str]) -> frozenset[str]:
        """Everything that evaluating an operand reads, in order, and what its calls write."""
        if isinstance(operand, model.Attribute) and is_attribute(operand, self.receiver, operand.name):
            behind = self.views.property_of(operand.name)
            if behind is not None:
                return self._call(behind, written)
            self._note(operand, written)
            return written
        if isinstance(operand, model.FunctionRef):
            return written
        if isinstance(operand, model.Choice):
            written = self._read(operand.test, written)
            return self._read(operand.body, written) & self._read(operand.orelse, written)
        if isinstance(operand, model.CallSite):
            return self._read_call(operand, written)
        for part in parts_of(operand):
            written = self._read(part, written)
        return written

    def _read_call(self, call: model.CallSite, written: frozenset[str]) -> frozenset[str]:
        callee = self.views.called(call, self.view, self.receiver)
        if isinstance(call.func, model.Attribute):
            name, is_whole = self._held(call.func.value)
            word = call.func.name
            for argument in call.args:
                written = self._read(argument.value, written)
            if name is not None and (_changes(word) or word in GROWING):
                if word not in OVERWRITING or not is_whole:
                    self._read(call.func.value, written)
                value = call.args[0].value if call.args else None
                self._write(name, call.func.value, value, "call", word)
                return written | {name.name} if is_whole and word in OVERWRITING else written
            if callee is None:
                written = self._read(call.func.value, written)
            if word.endswith("_") and call.args:
                first, _ = self._held(call.args[0].value)
                if first is not None:
                    self._write(first, call.args[0].value, None, "given", word)
        else:
            written = self._read(call.func, written)
            for argument in call.args:
                written = self._read(argument.value, written)
        for argument in call.args:
            held, _ = self._held(argument.value)
            if argument.keyword == "out" and held is not None:
                self._write(held, argument.value, None, "given", "out")
        return self._call(callee, written) if callee is not None else written

    def _call(self, callee: FunctionKey, written: frozenset[str]) -> frozenset[str]:
        self.view.calls.append((callee, self.guards))
        other = self.views.view(callee)
        for attribute, reads in other.exposed.items():
            if attribute not in written:
                held = self.view.exposed.setdefault(attribute, [])
                held.extend(read for read in reads if read not in held)
        return written | other.definite

    def _note(self, operand: model.Attribute, written: frozenset[str]) -> None:
        assert self.statement is not None
        read = Read(operand.name, self.view.key, self.statement, operand.at)
        self.view.reads.append(read)
        if operand.name not in written:
            self.view.exposed.setdefault(operand.name, []).append(read)

    def _write(self, name: model.Attribute, at: Operand, value: Operand | None, kind: str, word: str) -> None:
        assert self.statement is not None
        self.view.writes.append(Write(name.name, self.view.key, self.statement, at.at, value, kind, word, self.guards))

    def _nested(self, statement: model.Define) -> None:
        record = self.views.facts.program.record(self.view.key.path)
        if statement.function is None or record is None:
            return
        for inner in statements_of(record.functions[statement.function].body):
            for operand in operands_of(inner):
                for part in walk(operand):
                    if isinstance(part, model.Attribute) and is_attribute(part, self.receiver, part.name):
                        self.view.unclear.add(part.name)


def _changes(word: str) -> bool:
    """Whether a method of this name changes a tensor in place, and gives it back."""
    return word.endswith("_") and not word.endswith("__") and word not in _KEEPING


def _both(one: frozenset[str] | None, other: frozenset[str] | None) -> frozenset[str] | None:
    if one is None or other is None:
        return other if one is None else one
    return one & other
