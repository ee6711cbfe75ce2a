"""Which objects of which runs are one model: by identity, by the attribute that holds it, and through checkpoints."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from ckptlint.diagnostic import Assumption
from ckptlint.facts.checkpoints import path_pattern, programs_of
from ckptlint.facts.project import Facts
from ckptlint.facts.runs import Run
from ckptlint.flow.domain import ClassKey, Field, FunctionKey, Global, Location, Parameter, Value, root_of
from ckptlint.flow.events import Loaded, Restored, Saved
from ckptlint.knowledge.roles import Role

Files = dict[Location, set[tuple[str, ...]]]
NONE: frozenset[Assumption] = frozenset()


@dataclass(frozen=True, slots=True)
class Identity:
    """One way of telling that two objects are the same model, and what is taken for granted by it."""

    name: tuple[object, ...]
    assumptions: frozenset[Assumption] = NONE


class Lineage:
    """The identities of the models of every run."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._programs = programs_of(facts)
        self._files: dict[tuple[FunctionKey, ClassKey | None], tuple[Files, Files]] = {}

    def of(self, run: Run, value: Value, is_training: bool = False) -> frozenset[Identity]:
        """Every identity of the model that a value is; none when it may be one of several.

        A model that learns is no longer the one in the file that it began with.
        """
        refs = value.refs()
        if len(refs) != 1:
            return frozenset()
        location = refs[0].location
        found = {Identity(("object", run.key, run.receiver_class, location))}
        if isinstance(location, Global):
            found.add(Identity(("global", location.path, location.name)))
        base = location.base if isinstance(location, Field) else None
        if isinstance(base, Parameter) and isinstance(location, Field) and base == self._receiver(run):
            owner = ("attribute", run.receiver_class, location.name)
            found.add(Identity(owner, frozenset({Assumption.CALLER_UNSEEN})))
        group = self._programs.get(run.key.path, -1)
        saved, loaded = self._files_at(run)
        for pattern in saved.get(location, set()) | (loaded.get(location, set()) if not is_training else set()):
            holes = any(piece.startswith("{") for piece in pattern)
            found.add(Identity(("file", group, pattern), frozenset({Assumption.PATH_PATTERN} if holes else ())))
        return frozenset(found)

    def _receiver(self, run: Run) -> Parameter | None:
        function = self._facts.program.function(run.key)
        return Parameter(function.parameters[0].name) if run.receiver_class and function.parameters else None

    def _files_at(self, run: Run) -> tuple[Files, Files]:
        """The files that each model of a run is saved to, and that it comes from."""
        key = (run.key, run.receiver_class)
        found = self._files.get(key)
        if found is None:
            found = self._files[key] = _files_of(run)
        return found


def shared(a: frozenset[Identity], b: frozenset[Identity]) -> frozenset[Assumption] | None:
    """What is taken for granted when two objects are held to be one model; None when nothing says they are."""
    names = {identity.name: identity.assumptions for identity in a}
    both = [names[identity.name] | identity.assumptions for identity in b if identity.name in names]
    return min(both, key=len) if both else None


def _files_of(run: Run) -> tuple[Files, Files]:
    saved: Files = defaultdict(set)
    found: Files = defaultdict(set)
    loads: dict[Location, tuple[str, ...]] = {}
    for event in run.events:
        if isinstance(event, Saved):
            pattern = _known(path_pattern(event.path))
            stored = event.stored
            for value in (stored.value, *(stored.items.values() if stored.items is not None else ())):
                for location in _saved(run, value) if pattern is not None else ():
                    saved[location].add(pattern or ())
        elif isinstance(event, Loaded):
            pattern = _known(path_pattern(event.path))
            for ref in (*event.made.refs(), *event.into.value.refs()) if pattern is not None else ():
                loads[ref.location] = pattern or ()
                found[ref.location].add(pattern or ())
    for event in run.events:
        if isinstance(event, Restored):
            files = {loads[root] for ref in event.value.refs() if (root := root_of(ref.location)) in loads}
            for ref in event.target.refs():
                found[ref.location] |= files
    return saved, found


def _saved(run: Run, value: Value) -> list[Location]:
    """The models that a saved value is, or is the state of."""
    found: list[Location] = []
    for ref, held in run.objects(value):
        owner = held.argument("of") if held is not None and held.role is Role.SNAPSHOT else None
        found.extend(r.location for r in owner.refs()) if owner is not None else found.append(ref.location)
    return found


def _known(pattern: tuple[str, ...] | None) -> tuple[str, ...] | None:
    return None if pattern is None or any(piece.startswith("{?") for piece in pattern) else pattern
