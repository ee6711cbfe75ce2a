"""Attributes of a model's class that come in eval mode with their weights."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from ckptlint.facts.modules import Trait
from ckptlint.facts.project import Facts
from ckptlint.flow.domain import ApiAtom, ClassAtom, ClassKey, FunctionKey, Site
from ckptlint.flow.program import statements_of
from ckptlint.flow.written import operands_of, walk, words_of, written
from ckptlint.knowledge.catalog import MISSING
from ckptlint.knowledge.roles import Role
from ckptlint.semantics import model
from ckptlint.semantics.model import Function

MAX_NESTING = 2
"""Classes followed inward from the model that is trained."""
SWITCHING = frozenset({"train", "eval"})
"""Methods that, called or defined by a class, say that it takes care of the modes itself."""
FREEZING_WORDS = frozenset("freeze frozen freezing unfreeze grad detach inference".split())
"""Words of names that say that a class may train only some of its parts (`requires_grad`, `no_grad`, `freeze`)."""


@dataclass(frozen=True, slots=True)
class LoadedPart:
    """An attribute that every assignment loads in eval mode."""

    name: str
    """The attribute, or the dotted way to it."""
    site: Site
    statement: model.Place
    sensitive: Trait
    receiver: str
    """What the constructor calls the object."""


def loaded_parts(
    facts: Facts, key: ClassKey, arguments: tuple[tuple[str, object], ...], depth: int = 0
) -> list[LoadedPart]:
    """The parts of a class that are trained in eval mode unless its user switches it; none when that is not sure."""
    hierarchy = facts.analyzer.classes.hierarchy(key)
    functions = list(_methods(facts, key))
    if not hierarchy.is_complete or any(_takes_care(function) for _, function in functions):
        return []
    found: dict[str, list[LoadedPart]] = {}
    others: set[str] = set()
    used = frozenset[str]().union(*(f.calls for _, f in functions if f.name != "__init__"))
    for owner, function in functions:
        for statement, name, call in _assigned(function):
            is_own = owner.path == key.path and function.model == key.number
            given = dict(arguments) if is_own and depth == 0 else {}
            parts = _of_call(facts, owner.path, function, statement, name, call, given, depth)
            if parts and function.name == "__init__" and name in used:
                found.setdefault(name, []).extend(parts)
            else:
                others.add(name)
    return [part for name, parts in found.items() if name not in others for part in parts]


def hands_out_parameters(facts: Facts, key: ClassKey) -> bool:
    """Whether a method asks for the parameters of the whole object, as one that makes an optimizer does."""
    catalog = facts.program.catalog
    for _, function in _methods(facts, key):
        receiver = function.parameters[0].name if function.parameters else ""
        for statement in statements_of(function.body):
            for operand in (o for top in operands_of(statement) for o in walk(top)):
                if not isinstance(operand, model.CallSite) or not isinstance(operand.func, model.Attribute):
                    continue
                api = catalog.method(Role.MODEL, operand.func.name)
                lists_parameters = api is not None and "parameters" in str(api.options.get("kind"))
                if lists_parameters and written(operand.func.value) == receiver:
                    return True
    return False


def _methods(facts: Facts, key: ClassKey) -> Iterator[tuple[FunctionKey, Function]]:
    for base in facts.analyzer.classes.hierarchy(key).order:
        for index in facts.program.class_model(base).methods.values():
            function = FunctionKey(base.path, index)
            yield function, facts.program.function(function)


def _takes_care(function: Function) -> bool:
    if function.name in SWITCHING or function.calls & SWITCHING:
        return True
    return any(words_of(name) & FREEZING_WORDS for name in function.mentions)


def _assigned(function: Function) -> Iterator[tuple[model.Bind, str, model.Operand | None]]:
    """(statement, attribute, value) of what a method sets on its object."""
    receiver = function.parameters[0].name if function.parameters else ""
    for statement in statements_of(function.body):
        if not isinstance(statement, model.Bind):
            continue
        for target in statement.targets:
            if isinstance(target, model.Attribute) and written(target.value) == receiver:
                yield statement, target.name, statement.value


def _of_call(
    facts: Facts,
    path: str,
    function: Function,
    statement: model.Bind,
    name: str,
    value: model.Operand | None,
    given: Mapping[str, object],
    depth: int,
) -> list[LoadedPart]:
    call = _unmoved(facts, value)
    atom = facts.program.resolve(path, call.func) if call is not None else None
    if call is None:
        return []
    if isinstance(atom, ClassAtom) and depth < MAX_NESTING:
        parts = loaded_parts(facts, atom.key, (), depth + 1)
        return [replace(part, name=f"{name}.{part.name}") for part in parts]
    api = facts.program.catalog.api(atom.name) if isinstance(atom, ApiAtom) else None
    if api is None or api.role is not Role.MODEL or api.options.get("mode") != "eval":
        return []
    # An argument that is not seen may be given all the same: its default says nothing.
    known = {**{p.name: MISSING for p in function.parameters}, **given}
    trait = facts.modules.of_call(path, call, "sensitive", function, known)
    return [LoadedPart(name, Site(path, call.at), statement.at, trait, function.parameters[0].name)]


def _unmoved(facts: Facts, value: model.Operand | None) -> model.CallSite | None:
    """The call that makes what `.to(device)` and the like give back."""
    while isinstance(value, model.CallSite):
        inner = value.func.value if isinstance(value.func, model.Attribute) else None
        if not isinstance(inner, model.CallSite) or not isinstance(value.func, model.Attribute):
            return value
        api = facts.program.catalog.method(Role.MODEL, value.func.name)
        if api is None or api.role is not Role.IDENTITY:
            return None
        value = inner
    return None
