"""How a class uses what its attributes hold: called, handed on, or asked by its methods alone."""

from __future__ import annotations

from collections.abc import Iterator

from ckptlint.flow.analyzer import Analyzer
from ckptlint.flow.domain import ClassKey
from ckptlint.flow.program import statements_of
from ckptlint.flow.written import operands_of, parts_of
from ckptlint.knowledge.roles import Role
from ckptlint.semantics import model
from ckptlint.semantics.model import Function, Record

_RUNS = frozenset({"forward", "__call__"})
_EVERY_PART = frozenset({"children", "named_children", "_modules", "__dict__"})


def only_asked(analyzer: Analyzer, key: ClassKey) -> frozenset[str]:
    """Attributes of which a class and its bases use methods alone, none of them one that models have."""
    uses = _Uses(analyzer)
    for base in analyzer.classes.hierarchy(key).order:
        record = analyzer.program.record(base.path)
        for function, receiver in _functions(record, base.number) if record is not None else ():
            uses.look(function, receiver)
    return frozenset() if uses.is_any_part else frozenset(uses.asked - uses.parts)


def only_kept(analyzer: Analyzer, key: ClassKey) -> frozenset[str]:
    """Attributes that a class and its bases set and never use: no forward pass runs them.

    Empty when the class's own code does not tell: another's forward, or one that runs every part.
    """
    hierarchy = analyzer.classes.hierarchy(key)
    if not hierarchy.is_complete or not any(analyzer.classes.method(key, name) is not None for name in _RUNS):
        return frozenset()
    uses = _Uses(analyzer)
    for base in hierarchy.order:
        record = analyzer.program.record(base.path)
        for function, receiver in _functions(record, base.number) if record is not None else ():
            uses.look(function, receiver)
    return frozenset() if uses.is_any_part or uses.is_given_away else frozenset(uses.bound - uses.used)


def _functions(record: Record, owner: int) -> Iterator[tuple[Function, str]]:
    """The methods of a class and the functions within them, with the name of the object itself."""
    receivers: dict[int, str] = {}
    for function in record.functions:
        names = [parameter.name for parameter in function.parameters]
        if function.model == owner and names:
            receivers[function.index] = names[0]
        elif function.model is None and function.outer in receivers and receivers[function.outer] not in names:
            receivers[function.index] = receivers[function.outer]
        if function.index in receivers:
            yield function, receivers[function.index]


class _Uses:
    def __init__(self, analyzer: Analyzer) -> None:
        self.catalog = analyzer.program.catalog
        self.receiver = ""
        self.asked: set[str] = set()
        self.parts: set[str] = set()
        self.bound: set[str] = set()
        self.used: set[str] = set()
        self.is_given_away = False
        self.is_any_part = False

    def look(self, function: Function, receiver: str) -> None:
        self.receiver = receiver
        for statement in statements_of(function.body):
            for operand in operands_of(statement):
                is_target = isinstance(statement, model.Bind) and any(operand is t for t in statement.targets)
                is_test = isinstance(statement, model.Branch)
                if is_target and (name := self._own(operand)) is not None:
                    self.bound.add(name)
                else:
                    self._use(operand, is_part=not is_target and not is_test)

    def _use(self, operand: model.Operand, is_part: bool = True) -> None:
        """An operand; without `is_part` it is only bound or tested."""
        name = self._own(operand)
        if name is not None:
            self.is_any_part |= name in _EVERY_PART
            self.used.add(name)
            if is_part:
                self.parts.add(name)
        elif isinstance(operand, model.Attribute) and (name := self._own(operand.value)) is not None:
            self.used.add(name)
            if operand.name in _RUNS or self.catalog.method(Role.MODEL, operand.name) is not None:
                self.parts.add(name)
        elif isinstance(operand, model.CallSite):
            if isinstance(operand.func, model.Attribute) and (name := self._own(operand.func.value)) is not None:
                self.asked.add(name)
            is_looked_up = isinstance(operand.func, model.Name) and operand.func.id in ("getattr", "vars")
            self.is_any_part |= is_looked_up and any(self._is_self(a.value) for a in operand.args)
            self.is_given_away |= not _begins(operand) and any(self._is_self(a.value) for a in operand.args)
            for part in parts_of(operand):
                self._use(part)
        else:
            self.is_given_away |= not isinstance(operand, model.Name) and any(map(self._is_self, parts_of(operand)))
            if isinstance(operand, model.Compare) or (isinstance(operand, model.Unary) and operand.operator == "not"):
                is_part = False
            elif not isinstance(operand, model.Sequence | model.Logic):
                is_part = True
            for part in parts_of(operand):
                self._use(part, is_part)

    def _own(self, operand: model.Operand) -> str | None:
        """The name of an attribute of the object itself."""
        is_own = isinstance(operand, model.Attribute) and self._is_self(operand.value)
        return operand.name if is_own and isinstance(operand, model.Attribute) else None

    def _is_self(self, operand: model.Operand) -> bool:
        return isinstance(operand, model.Name) and operand.id == self.receiver


def _begins(call: model.CallSite) -> bool:
    """`super(Net, self)`, `Base.__init__(self)`."""
    if isinstance(call.func, model.Name):
        return call.func.id == "super"
    return isinstance(call.func, model.Attribute) and call.func.name == "__init__"
