"""What an object makes for attributes of its own that a run never reads: of a pair of transforms the other one."""

from __future__ import annotations

from ckptlint.facts.places import call_at, statement_at
from ckptlint.facts.project import Facts
from ckptlint.flow.domain import ClassKey, FunctionKey
from ckptlint.flow.events import Event
from ckptlint.flow.program import statements_of
from ckptlint.flow.written import parts_of_statement
from ckptlint.semantics import model
from ckptlint.semantics.model import Function, Place


class UnreadAttributes:
    """Tells of one run's events; what is read of the objects of one call is looked up once."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.program = facts.program
        self._read: dict[tuple[str, Place], frozenset[str] | None] = {}

    def is_made_for_one(self, event: Event) -> bool:
        """Whether something is made in a constructor for an attribute that nobody reads."""
        site, within = event.site, event.within
        if not site.chain or len(site.chain) != len(within) - 1:
            return False
        function = self.program.function(within[-1])
        statement = statement_at(self.program, site.path, site.at)
        if function.name != "__init__" or function.model is None or not isinstance(statement, model.Bind):
            return False
        attributes = {_own(target, function) for target in statement.targets}
        if not attributes or None in attributes:
            return False
        read = self._read_of(site.chain[-1], within[-2], within[-1])
        return read is not None and attributes.isdisjoint(read)

    def _read_of(self, made: tuple[str, Place], caller: FunctionKey, init: FunctionKey) -> frozenset[str] | None:
        """The attributes that are read of the object made by a call; None when it may be any of them."""
        if made not in self._read:
            names = self._names_read(*made, self.program.function(caller))
            self._read[made] = self._with_sources(names, init) if names else None
        return self._read[made]

    def _names_read(self, path: str, at: Place, function: Function) -> set[str] | None:
        call, statement = call_at(self.program, path, at), statement_at(self.program, path, at)
        if call is None or statement is None:
            return None
        for operand in parts_of_statement(statement):
            if isinstance(operand, model.Attribute) and operand.value is call:
                return {operand.name}
        if not isinstance(statement, model.Bind) or statement.value is not call or len(statement.targets) != 1:
            return None
        target = statement.targets[0]
        return self._reads_of_name(path, function, target.id) if isinstance(target, model.Name) else None

    def _reads_of_name(self, path: str, function: Function, name: str) -> set[str] | None:
        record = self.program.record(path)
        if record is None or any(f is not function and name in f.mentions for f in record.functions):
            return None
        found: set[str] = set()
        for statement in statements_of(function.body):
            asked = {id(target) for target in statement.targets} if isinstance(statement, model.Bind) else set()
            for operand in parts_of_statement(statement):
                if isinstance(operand, model.Attribute) and _is_name(operand.value, name):
                    asked.add(id(operand.value))
                    found.add(operand.name)
                elif _is_name(operand, name) and id(operand) not in asked:
                    return None
        return found

    def _with_sources(self, names: set[str], init: FunctionKey) -> frozenset[str] | None:
        """The attributes with those that they are made from; None where one is code of the class."""
        owner = self.program.function(init).model
        assert owner is not None
        order = self.facts.analyzer.classes.hierarchy(ClassKey(init.path, owner)).order
        records = [(self.program.record(base.path), base.number) for base in order]
        methods = [(r, r.functions[i]) for r, n in records if r is not None for i in r.classes[n].methods.values()]
        found = set(names)
        while True:
            if any(function.name in found for _, function in methods):
                return None
            before = len(found)
            for _, function in methods:
                for statement in statements_of(function.body):
                    if isinstance(statement, model.Bind) and any(_own(t, function) in found for t in statement.targets):
                        sources = _own_names(statement, function)
                        if sources is None:
                            return None
                        found |= sources
            if len(found) == before:
                return frozenset(found)


def _own_names(statement: model.Bind, function: Function) -> set[str] | None:
    """Attributes of the object itself that a statement mentions; None when it hands on the object."""
    found: set[str] = set()
    asked: set[int] = set()
    receiver = function.parameters[0].name
    for operand in parts_of_statement(statement):
        own = _own(operand, function)
        if own is not None and isinstance(operand, model.Attribute):
            found.add(own)
            asked.add(id(operand.value))
        elif isinstance(operand, model.FunctionRef) or (_is_name(operand, receiver) and id(operand) not in asked):
            return None
    return found


def _own(operand: model.Operand, function: Function) -> str | None:
    if not isinstance(operand, model.Attribute) or not function.parameters:
        return None
    return operand.name if _is_name(operand.value, function.parameters[0].name) else None


def _is_name(operand: model.Operand, name: str) -> bool:
    return isinstance(operand, model.Name) and operand.id == name
