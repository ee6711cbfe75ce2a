"""Pipelines of transforms: their steps in order, and what these do to the values, size and colours of an image."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from ckptlint.facts.project import Facts
from ckptlint.facts.runs import Run
from ckptlint.flow.domain import ApiAtom, Const, FunctionAtom, Made, Object, Ref, Value, constant
from ckptlint.flow.events import Built
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
        is_same = (self.name, self.kind, self.arguments) == (other.name, other.kind, other.arguments)
        return bool(self.name) and is_same and not any(value.open for _, value in self.arguments)


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Transforms that are applied one after the other."""

    location: Made
    steps: tuple[Step, ...]
    name: str


class Pipelines:
    """The pipelines of one run."""

    def __init__(self, facts: Facts, run: Run) -> None:
        self.facts = facts
        self.run = run
        self._built = {
            ref.location: event
            for event in run.events
            if isinstance(event, Built) and event.role is Role.TRANSFORM
            for ref in event.made.refs()
        }

    def of(self, value: Value) -> Pipeline | None:
        """The one pipeline that a value is; None for anything else."""
        atom = value.single
        if not isinstance(atom, Ref) or not isinstance(atom.location, Made) or atom.location not in self._built:
            return None
        held = self.run.object_at(atom.location)
        if held is None or held.role is not Role.TRANSFORM or held.api is None:
            return None
        return Pipeline(atom.location, tuple(self._steps(value, True, 0)), _last(held.api.name))

    def _steps(self, value: Value, is_certain: bool, depth: int) -> Iterator[Step]:
        atom = value.single
        if isinstance(atom, Const) and atom.value is None:
            return
        location = atom.location if isinstance(atom, Ref) and isinstance(atom.location, Made) else None
        held = self.run.object_at(location) if location is not None else None
        if held is None or location is None:
            yield Step(location, _called(self.facts, value), UNKNOWN_KIND, is_certain=is_certain)
            return
        if held.role is not Role.TRANSFORM or held.api is None:
            yield _own(self.facts, location, held, is_certain)
            return
        literals, arguments = _arguments(held)
        random = held.api.holds("random", literals)
        kind = str(held.api.options.get("kind", "other"))
        step = Step(location, _last(held.api.name), kind, held.api, arguments, random, is_certain)
        built = self._built.get(location)
        if kind != "compose":
            yield step
        elif random is not False or built is None or depth > MAX_DEPTH:
            yield replace(step, kind=MIXED_KIND)
        else:
            yield from self._children(built, location, is_certain, depth)

    def _children(self, built: Built, location: Made, is_certain: bool, depth: int) -> Iterator[Step]:
        items = built.parts.items
        if items is None or items.open or items.element is not None or items.kind not in ("list", "tuple"):
            yield Step(location, "", UNKNOWN_KIND, is_certain=False)
            return
        for key, entry in items.entries:
            yield from self._steps(entry, is_certain and key not in items.maybe, depth + 1)


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


def _arguments(held: Object) -> tuple[Mapping[str, object], tuple[tuple[str, Value], ...]]:
    assert held.api is not None
    found = dict(held.arguments)
    defaults = held.api.options.get("defaults")
    if isinstance(defaults, Mapping) and "**" not in found:
        found = {**{name: _constant(default) for name, default in defaults.items()}, **found}
    literals: dict[str, object] = {}
    for name, value in found.items():
        known = value.constant()
        literals[name] = known.value if known is not None else MISSING
    return literals, tuple(sorted(found.items()))


def _constant(value: object) -> Value:
    return constant(tuple(value)) if isinstance(value, list) else constant(value)


def _last(name: str) -> str:
    return name.rsplit(".", 1)[-1]
