"""Whether what a model's constructor puts into a container may be registered somewhere else as well.

Values say where an object is kept; they don't say what code that is not seen does with it. So every use of the
container, and of what it holds, in the functions that build it must be one that is known to register nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ckptlint.facts.classes import is_attribute
from ckptlint.facts.project import Facts
from ckptlint.flow.classes import MODULE_ROLES
from ckptlint.flow.domain import ApiAtom, ClassAtom, ClassKey, FunctionAtom, FunctionKey
from ckptlint.flow.program import statements_of
from ckptlint.flow.written import operands_of, parts_of, root_name, walk
from ckptlint.knowledge.roles import Role
from ckptlint.semantics import model
from ckptlint.semantics.model import Function, Operand, Place

REGISTERING = frozenset(
    "add_module register_module register_parameter setattr __setattr__ _modules _parameters __dict__".split()
)
"""Names whose mention says that modules may be registered by hand."""
GROWING = frozenset("append extend insert add update setdefault appendleft".split())
SEEING = frozenset(
    "len print isinstance issubclass type id repr str bool hash any all sum min max range next getattr hasattr".split()
)
"""Builtins that keep nothing of what they are given and give nothing of it back but an item."""
PASSING = frozenset("list tuple set dict enumerate zip reversed iter sorted filter map next getattr".split())
"""Builtins that give what they are given."""
_KNOWN = MODULE_ROLES | {
    *(Role.IDENTITY, Role.HARMLESS, Role.TENSOR, Role.FREEZE, Role.COPY, Role.FUNCTIONAL, Role.OPTIMIZER),
    *(Role.MODE_SWITCH, Role.SNAPSHOT, Role.AVERAGE),
}


class Uses:
    """What one function does with an attribute, or with what is made at some places in it."""

    def __init__(self, facts: Facts, key: FunctionKey, owner: ClassKey, attribute: str, places: set[Place]) -> None:
        self.facts = facts
        self.key = key
        self.owner = owner
        self.function: Function = facts.program.function(key)
        self.attribute = attribute
        is_method = self.function.model is not None and bool(self.function.parameters)
        self.receiver = self.function.parameters[0].name if is_method else ""
        self.places = places
        self.names: set[str] = set()
        self._spread()

    # ------------------------------------------------------------------------------------------------ following

    def _spread(self) -> None:
        """Find the local names that hold the container, or something of it."""
        size = -1
        while size != len(self.names):
            size = len(self.names)
            for statement in statements_of(self.function.body):
                for targets, value in self._bound(statement):
                    if self.carries(value):
                        self._take(targets)
                for operand in self._all(statement):
                    grown = _grown(operand)
                    if grown is not None and isinstance(operand, model.CallSite) and self._given(operand):
                        self._take([grown])

    def _bound(self, statement: model.Statement) -> Iterator[tuple[list[Operand], Operand]]:
        """Targets of a statement and of its comprehensions, with what they are bound to or to an item of."""
        if isinstance(statement, model.Bind) and statement.value is not None:
            yield statement.targets, statement.value
        elif isinstance(statement, model.Augment):
            yield [statement.target], statement.value
        elif isinstance(statement, model.Loop) and statement.target is not None:
            yield [statement.target], statement.iter
        for operand in self._all(statement):
            if isinstance(operand, model.Comprehension):
                yield from (([generator.target], generator.iter) for generator in operand.generators)

    def _take(self, targets: Iterable[Operand]) -> None:
        for target in targets:
            if isinstance(target, model.Name):
                self.names.add(target.id)
            elif isinstance(target, model.Sequence | model.Star):
                self._take(parts_of(target))
            elif isinstance(target, model.Index):
                self._take([target.value])

    def carries(self, operand: Operand) -> bool:
        """Whether an operand gives the container or something that it holds."""
        if operand.at in self.places and not isinstance(operand, model.Name | model.Attribute):
            return True
        if isinstance(operand, model.Name):
            return operand.id in self.names
        if isinstance(operand, model.Attribute):
            return is_attribute(operand, self.receiver, self.attribute)
        if isinstance(operand, model.CallSite):
            if isinstance(operand.func, model.Attribute):
                return self.carries(operand.func.value)
            return isinstance(operand.func, model.Name) and operand.func.id in PASSING and self._given(operand)
        if isinstance(operand, model.Index | model.Star | model.Await | model.Walrus | model.Comprehension):
            return self.carries(operand.value)
        if isinstance(operand, model.Choice):
            return self.carries(operand.body) or self.carries(operand.orelse)
        if isinstance(operand, model.Mapping):
            return any(self.carries(item.value) for item in operand.items)
        if isinstance(operand, model.Sequence | model.Logic | model.Binary):
            return any(self.carries(part) for part in parts_of(operand))
        return False

    def _given(self, call: model.CallSite) -> bool:
        return any(self.carries(argument.value) for argument in call.args)

    def _all(self, statement: model.Statement) -> Iterator[Operand]:
        for top in operands_of(statement):
            yield from walk(top)

    # ------------------------------------------------------------------------------------------------- judging

    def escapes(self) -> bool:
        """Whether the function hands it, or an item, to anything that may register or keep it."""
        for statement in statements_of(self.function.body):
            for targets, value in self._bound(statement):
                is_added = isinstance(statement, model.Augment)
                if self.carries(value) and any(self._is_elsewhere(target, is_added) for target in targets):
                    return True
            for operand in self._all(statement):
                if isinstance(operand, model.Yield) and operand.value is not None and self.carries(operand.value):
                    return True
                if isinstance(operand, model.CallSite) and self._given(operand) and not self._is_harmless(operand):
                    return True
        return False

    def registers(self) -> bool:
        """Whether the function gives the attribute to a container of modules, or keeps it under another name."""
        for statement in statements_of(self.function.body):
            targets = statement.targets if isinstance(statement, model.Bind) and statement.value is not None else []
            if any(is_attribute(target, self.receiver, self.attribute) for target in targets):
                return True
            for operand in self._all(statement):
                if isinstance(operand, model.CallSite) and self._given(operand) and self._role(operand) in MODULE_ROLES:
                    return True
        return False

    def _is_elsewhere(self, target: Operand, is_added: bool) -> bool:
        if isinstance(target, model.Attribute):
            if is_added and not self.carries(target):
                return True
            return root_name(target) != self.receiver or not isinstance(target.value, model.Name)
        if isinstance(target, model.Index):
            held = target.value
            return isinstance(held, model.Attribute) and not self.carries(held) and not self._is_display(held)
        return False

    def _is_harmless(self, call: model.CallSite) -> bool:
        func = call.func
        if isinstance(func, model.Name) and func.id in SEEING | PASSING:
            return True
        if isinstance(func, model.Attribute):
            if _grown(call) is not None:
                return self._is_plain(func.value)
            if self.carries(func.value):
                return True
            if isinstance(func.value, model.Name) and func.value.id == self.receiver:
                return self.facts.analyzer.classes.method(self.owner, func.name) is not None
        atom = self.facts.program.resolve(self.key.path, func)
        if isinstance(atom, ApiAtom):
            return self._role(call) in _KNOWN
        if isinstance(atom, ClassAtom):
            return self.facts.analyzer.classes.hierarchy(atom.key).is_module
        return isinstance(atom, FunctionAtom) and not self.facts.program.function(atom.key).mentions & REGISTERING

    def _is_plain(self, receiver: Operand) -> bool:
        """Whether what grows is no container that registers: the attribute itself, or a name for a display."""
        if is_attribute(receiver, self.receiver, self.attribute):
            return True
        if isinstance(receiver, model.Index):
            return self._is_plain(receiver.value)
        if isinstance(receiver, model.Attribute):
            return self._is_display(receiver)
        if not isinstance(receiver, model.Name):
            return False
        for statement in statements_of(self.function.body):
            if isinstance(statement, model.Bind) and statement.value is not None:
                names = [t.id for t in statement.targets if isinstance(t, model.Name)]
                if receiver.id in names and isinstance(statement.value, model.CallSite):
                    func = statement.value.func
                    if not (isinstance(func, model.Name) and func.id in PASSING):
                        return False
        return True

    def _is_display(self, operand: model.Attribute) -> bool:
        """Whether another attribute of the same model holds a list or dict display and nothing else here."""
        bound = [
            statement.value
            for statement in statements_of(self.function.body)
            if isinstance(statement, model.Bind) and statement.value is not None
            for target in statement.targets
            if is_attribute(target, self.receiver, operand.name)
        ]
        is_own = is_attribute(operand, self.receiver, operand.name)
        return is_own and bool(bound) and all(isinstance(v, model.Sequence | model.Mapping) for v in bound)

    def _role(self, call: model.CallSite) -> Role | None:
        atom = self.facts.program.resolve(self.key.path, call.func)
        if isinstance(atom, ClassAtom):
            return Role.MODEL if self.facts.analyzer.classes.hierarchy(atom.key).is_module else None
        api = self.facts.program.catalog.api(atom.name) if isinstance(atom, ApiAtom) else None
        return api.role if api is not None else None


def _grown(operand: Operand) -> Operand | None:
    """What a call like `layers.append(layer)` puts something into."""
    if isinstance(operand, model.CallSite) and isinstance(operand.func, model.Attribute):
        return operand.func.value if operand.func.name in GROWING else None
    return None
