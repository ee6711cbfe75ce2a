"""Class hierarchies over files: who inherits what, and which library class stands at the end."""

from __future__ import annotations

from dataclasses import dataclass

from ckptlint.flow.domain import ApiAtom, ClassAtom, ClassKey, FunctionKey
from ckptlint.flow.program import UNRESOLVED, Program
from ckptlint.knowledge.catalog import Api
from ckptlint.knowledge.roles import Role
from ckptlint.semantics import model

MODULE_ROLES = frozenset({Role.MODULE_BASE, Role.LAYER, Role.CONTAINER, Role.MODEL, Role.WRAPPER})
"""Roles of library classes whose instances are models."""


@dataclass(frozen=True, slots=True)
class Hierarchy:
    """A class with its project bases in lookup order, and the library classes above them."""

    order: tuple[ClassKey, ...]
    external: tuple[str, ...]
    """Qualified names of library bases; those that start with UNRESOLVED could not be found."""
    apis: tuple[Api, ...]
    """The rows of the library bases that have one."""

    @property
    def is_module(self) -> bool:
        """Whether instances are models."""
        return any(api.role in MODULE_ROLES for api in self.apis)

    @property
    def is_complete(self) -> bool:
        """Whether every base is either of the project or a known library class."""
        return len(self.apis) == len(self.external)


class Classes:
    """Hierarchies, looked up once each."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self._hierarchies: dict[ClassKey, Hierarchy] = {}

    def hierarchy(self, key: ClassKey) -> Hierarchy:
        """The bases of a class; a cycle ends where it closes."""
        found = self._hierarchies.get(key)
        if found is None:
            order: list[ClassKey] = []
            external: list[str] = []
            self._collect(key, order, external, set())
            apis = tuple(api for api in (self.program.catalog.api(name) for name in external) if api is not None)
            found = self._hierarchies[key] = Hierarchy(tuple(order), tuple(external), apis)
        return found

    def _collect(self, key: ClassKey, order: list[ClassKey], external: list[str], seen: set[ClassKey]) -> None:
        if key in seen:
            return
        seen.add(key)
        order.append(key)
        held = self.program.class_model(key)
        for base in held.bases:
            atom = self.program.resolve(key.path, base)
            if isinstance(atom, ClassAtom):
                self._collect(atom.key, order, external, seen)
            elif isinstance(atom, ApiAtom):
                if atom.name not in IGNORED_BASES and atom.name not in external:
                    external.append(atom.name)
            else:
                external.append(f"{UNRESOLVED}{_written(base)}")

    def method(self, key: ClassKey, name: str, after: ClassKey | None = None) -> FunctionKey | None:
        """The project function that a method name means; with `after`, as `super()` in that class sees it."""
        order = self.hierarchy(key).order
        if after is not None:
            order = order[order.index(after) + 1 :] if after in order else ()
        for base in order:
            methods = self.program.class_model(base).methods
            if name in methods:
                return FunctionKey(base.path, methods[name])
        return None

    def attribute(self, key: ClassKey, name: str) -> tuple[ClassKey, model.Operand] | None:
        """The default a class body gives an attribute, with the class that gives it."""
        for base in self.hierarchy(key).order:
            for statement in self.program.class_model(base).body:
                if isinstance(statement, model.Bind) and statement.value is not None:
                    for target in statement.targets:
                        if isinstance(target, model.Name) and target.id == name:
                            return base, statement.value
        return None


IGNORED_BASES = frozenset(
    {
        "builtins.object",
        "abc.ABC",
        "typing.Generic",
        "typing.Protocol",
        "typing_extensions.Protocol",
        "enum.Enum",
    }
)


def _written(operand: model.Operand) -> str:
    if isinstance(operand, model.Name):
        return operand.id
    if isinstance(operand, model.Attribute):
        return f"{_written(operand.value)}.{operand.name}"
    return "<expression>"
