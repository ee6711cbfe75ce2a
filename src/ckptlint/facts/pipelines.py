"""Pipelines of transforms: their steps in order, and what these do to the values, size and colours of an image."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from ckptlint.facts.project import Facts
from ckptlint.facts.runs import Run
from ckptlint.flow.domain import (
    ApiAtom,
    Const,
    Field,
    FunctionAtom,
    FunctionKey,
    Global,
    Location,
    Made,
    Object,
    Ref,
    Value,
    constant,
    of_atom,
)
from ckptlint.flow.events import Built
from ckptlint.flow.frame import Context
from ckptlint.flow.summaries import Summary
from ckptlint.knowledge.catalog import MISSING, Api
from ckptlint.knowledge.roles import Role

MAX_DEPTH = 8
"""Pipelines within pipelines that are followed; one that holds itself ends here."""
UNKNOWN_KIND = "unknown"
"""Kind of a step without a row."""
MIXED_KIND = "mixed"
"""Kind of a random choice among other steps."""
RANDOM_NAMES = frozenset("random randint rand randn uniform choice shuffle getrandbits normal".split())
"""Names that the code of a project's own random transform mentions."""


@dataclass(frozen=True, slots=True)
class Step:
    """One transform of a pipeline."""

    location: Made | None
    name: str
    """What it is called, without its module."""
    kind: str
    """As its row says, or UNKNOWN_KIND or MIXED_KIND."""
    api: Api | None = None
    arguments: tuple[tuple[str, Value], ...] = ()
    """Bound arguments, literal defaults included."""
    random: bool | None = False
    """None when that turns on an argument that is not known."""
    is_certain: bool = True
    """It is there on every path."""
    value: Value | None = None
    """Of a step that is not known: the alternatives that it may be."""

    def given(self, key: str) -> list[Value]:
        """The arguments that its row's key names."""
        return self.api.given(key, dict(self.arguments)) if self.api is not None else []

    def literal(self, key: str) -> object:
        """The literal of the argument that its row's key names; MISSING when it is not known."""
        values = [value.constant() for value in self.given(key)]
        if len(values) == 1 and values[0] is not None:
            return values[0].value
        return tuple(v.value for v in values if v is not None) if len(values) > 1 and all(values) else MISSING

    def holds(self, key: str) -> bool | None:
        """Whether the condition in its row's key holds."""
        if self.api is None:
            return None
        literals = {name: known.value if (known := v.constant()) is not None else MISSING for name, v in self.arguments}
        return self.api.holds(key, literals)

    def option(self, key: str) -> str:
        """What its row says under a key."""
        return str(self.api.options.get(key, "")) if self.api is not None else ""

    def does_as(self, other: Step) -> bool:
        """Whether two steps are known to do the same."""
        if self.location is not None and self.location == other.location:
            return True
        if self.value is not None and self.value.atoms and not self.value.open and self.value == other.value:
            return True
        is_same = (self.name, self.kind, self.arguments) == (other.name, other.kind, other.arguments)
        return bool(self.name) and is_same and not any(value.open for _, value in self.arguments)


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Transforms that are applied one after the other."""

    location: Made
    steps: tuple[Step, ...]
    name: str


@dataclass(frozen=True, slots=True)
class Scope:
    """What a run, or a module's own code, says of the objects that it makes."""

    summary: Summary
    built: Mapping[Location, Built]

    def object_of(self, value: Value) -> tuple[Made, Object] | None:
        """The one object made here that a value is."""
        atom = value.single
        if not isinstance(atom, Ref) or not isinstance(atom.location, Made):
            return None
        held = self.summary.objects.get(atom.location)
        return (atom.location, held) if held is not None else None

    def literal(self, value: Value) -> Value:
        """A list or tuple of literals as one constant; anything else as it is."""
        atom = value.single
        items = self.summary.items.get(atom.location) if isinstance(atom, Ref) else None
        if items is None or items.open or items.element is not None or items.kind not in ("list", "tuple"):
            return value
        parts = [part.constant() for part in items.values()]
        known = [part.value for part in parts if part is not None]
        return of_atom(Const(items.kind, tuple(known))) if len(known) == len(parts) else value


class Pipelines:
    """The pipelines of one run, those that modules keep in globals included."""

    def __init__(self, facts: Facts, run: Run) -> None:
        self.facts = facts
        self._scope = _scope_of(run.summary)
        self._modules: dict[str, Scope] = {}

    def of(self, value: Value) -> Pipeline | None:
        """The one pipeline that a value is; None for anything else."""
        value, scope = self._follow(value, self._scope)
        found = scope.object_of(value)
        if found is None or found[0] not in scope.built or found[1].api is None:
            return None
        return Pipeline(found[0], tuple(self._steps(value, scope, True, 0)), _last(found[1].api.name))

    def is_transform(self, value: Value) -> bool:
        """Whether a value may be a library's transform."""
        value, scope = self._follow(value, self._scope)
        held = [scope.summary.objects.get(ref.location) for ref in value.refs()]
        return any(known is not None and known.role is Role.TRANSFORM for known in held)

    def _follow(self, value: Value, scope: Scope) -> tuple[Value, Scope]:
        """A module's global as that module leaves it, and where that is known."""
        atom = value.single
        location = atom.location if isinstance(atom, Ref) else None
        if isinstance(location, Global) and location.name != "*":
            module = self._modules.get(location.path)
            if module is None:
                body = Context(FunctionKey(location.path, 0))
                module = self._modules[location.path] = _scope_of(self.facts.analyzer.summary(body))
            found = module.summary.names.get(location.name)
            return (value, scope) if found is None or found == value else self._follow(found, module)
        if isinstance(location, Field) and location.name.startswith('["'):
            holder, module = self._follow(of_atom(Ref(location.base)), scope)
            refs = holder.refs()
            items = module.summary.items.get(refs[0].location) if len(refs) == 1 else None
            entry = items.get(location.name[2:-2]) if items is not None and not items.open else None
            return (value, scope) if entry is None else self._follow(entry, module)
        return value, scope

    def _steps(self, value: Value, scope: Scope, is_certain: bool, depth: int) -> Iterator[Step]:
        value, scope = self._follow(value, scope)
        atom = value.single
        if isinstance(atom, Const) and atom.value is None:
            return
        found = scope.object_of(value)
        if found is None:
            yield Step(None, _called(self.facts, value), UNKNOWN_KIND, is_certain=is_certain, value=value)
            return
        location, held = found
        if held.role is not Role.TRANSFORM or held.api is None:
            yield _own(self.facts, location, held, is_certain)
            return
        literals, arguments = self._arguments(held, scope)
        random = held.api.holds("random", literals)
        kind = str(held.api.options.get("kind", "other"))
        step = Step(location, _last(held.api.name), kind, held.api, arguments, random, is_certain)
        built = scope.built.get(location)
        if kind != "compose":
            yield step
        elif random is not False or built is None or depth > MAX_DEPTH:
            yield replace(step, kind=MIXED_KIND)
        else:
            yield from self._children(built, location, scope, is_certain, depth)

    def _children(self, built: Built, location: Made, scope: Scope, is_certain: bool, depth: int) -> Iterator[Step]:
        items = built.parts.items
        if items is None or items.open or items.element is not None or items.kind not in ("list", "tuple"):
            yield Step(location, "", UNKNOWN_KIND, is_certain=False)
            return
        for key, entry in items.entries:
            yield from self._steps(entry, scope, is_certain and key not in items.maybe, depth + 1)

    def _arguments(self, held: Object, scope: Scope) -> tuple[Mapping[str, object], tuple[tuple[str, Value], ...]]:
        assert held.api is not None
        found: dict[str, Value] = {}
        for name, given in held.arguments:
            value, where = self._follow(given, scope)
            found[name] = where.literal(value)
        defaults = held.api.options.get("defaults")
        if isinstance(defaults, Mapping) and "**" not in found:
            found = {**{name: _constant(default) for name, default in defaults.items()}, **found}
        literals = {n: known.value if (known := v.constant()) is not None else MISSING for n, v in found.items()}
        return literals, tuple(sorted(found.items()))


def _scope_of(summary: Summary) -> Scope:
    built = {
        ref.location: event
        for event in summary.events
        if isinstance(event, Built) and event.role is Role.TRANSFORM
        for ref in event.made.refs()
    }
    return Scope(summary, built)


def _own(facts: Facts, location: Made, held: Object, is_certain: bool) -> Step:
    """A transform of the project: what it does is not known, but whether it may draw is."""
    if held.model is None:
        return Step(location, "", UNKNOWN_KIND, is_certain=is_certain)
    classes, program = facts.analyzer.classes, facts.program
    methods = [classes.method(held.model, name) for name in ("__call__", "forward", "get_params", "transform")]
    mentioned = {word for key in methods if key is not None for word in program.function(key).mentions}
    random = None if mentioned & RANDOM_NAMES else False
    name = program.class_model(held.model).name
    return Step(location, name, UNKNOWN_KIND, None, held.arguments, random, is_certain)


def _called(facts: Facts, value: Value) -> str:
    atom = value.single
    if isinstance(atom, FunctionAtom):
        function = facts.program.function(atom.key)
        return "" if function.is_lambda else function.name
    return atom.name if isinstance(atom, ApiAtom) else ""


def _constant(value: object) -> Value:
    return constant(tuple(value)) if isinstance(value, list) else constant(value)


def _last(name: str) -> str:
    return name.rsplit(".", 1)[-1]
