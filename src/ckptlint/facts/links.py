"""Which load reads what which save wrote, and what for.

A link is sure when both ends name the same file in one program, or when one run goes on from what it writes; it rests
on one assumption when only the model's class, or the keys, say so. Files from outside are never linked.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ckptlint.diagnostic import Assumption
from ckptlint.facts.brought_files import is_brought
from ckptlint.facts.checkpoints import Checkpoint
from ckptlint.facts.evaluated_files import comes_from, is_for_evaluation
from ckptlint.facts.file_paths import (
    file_name,
    is_literal_path,
    is_named,
    is_outside,
    is_whole,
    path_pattern,
    words_of_path,
)
from ckptlint.facts.key_words import is_progress
from ckptlint.facts.optimizers import held_in, overlap, touches
from ckptlint.facts.programs import programs_of
from ckptlint.facts.project import Facts, derives
from ckptlint.facts.runs import Run
from ckptlint.facts.schemas import Schema
from ckptlint.flow.classes import MODULE_ROLES
from ckptlint.flow.domain import ClassKey, Field, Location, Ran, Ref, Value, root_of
from ckptlint.flow.events import Fitted, Forward, KeyRead, Loaded, Opened, Restored, Update
from ckptlint.knowledge.roles import Role

RESUMING = frozenset("resume resuming resumed continue restart".split())
"""Words of a path that say that training goes on from the file."""
LATEST = frozenset("last latest recent".split())
"""Words that say so where the same run writes it."""
_TRAINING_STATE = frozenset({Role.OPTIMIZER, Role.SCHEDULER, Role.SCALER})
_SURE: frozenset[Assumption] = frozenset()
_ASSUMED = frozenset({Assumption.PATH_PATTERN})


@dataclass(frozen=True, slots=True)
class Link:
    """A load that reads what a save wrote."""

    save: Checkpoint
    load: Loaded
    run: Run
    """The run of the load; `save.run` may be another one."""
    purpose: str
    """"resume" (training goes on), "evaluate", "warm-start" (another training begins with it) or "unknown"."""
    assumptions: frozenset[Assumption]


@dataclass(frozen=True, slots=True)
class LinkedRead:
    """A key read from a loaded checkpoint, with the saves that wrote the file."""

    read: KeyRead
    run: Run
    saves: tuple[Checkpoint, ...]
    assumptions: frozenset[Assumption]
    path: tuple[str, ...] = ()
    """The keys that lead to the dict which is read, from the file's own dict down."""

    @property
    def schemas(self) -> list[Schema | None]:
        """What each save puts into the dict that is read; None where that is not seen."""
        return [save.schema.below(*self.path) if save.schema is not None else None for save in self.saves]


@dataclass(frozen=True, slots=True)
class LoadedUse:
    """What a run does with a file that it reads."""

    load: Loaded
    run: Run
    restored: tuple[Restored, ...]
    """Where objects get state from it."""
    reads: tuple[KeyRead, ...]
    """The keys read from it, at any depth."""
    is_opened: bool
    """Code that is not seen gets it, and may read any key or change it."""

    @property
    def places(self) -> frozenset[Location]:
        """Where what was read is."""
        return frozenset(ref.location for ref in self.load.made.refs())

    @property
    def models(self) -> frozenset[Location]:
        """The models that get their weights from it, or that it gives."""
        targets = [ref for event in self.restored for ref in event.target.refs()]
        into = self.load.into.value.refs()
        found = {ref.location for ref in (*targets, *into) if _may_be_model(self.run, ref)}
        for ref in self.load.made.refs():
            held = self.run.object_at(ref.location)
            if held is not None and held.role in MODULE_ROLES:
                found.add(ref.location)
        return frozenset(found)

    @property
    def words(self) -> frozenset[str]:
        """Words of its path."""
        return words_of_path(path_pattern(self.load.path))

    @property
    def reads_training_state(self) -> bool:
        """Whether progress, or the state of an optimizer or the like, is read back from it."""
        if any(isinstance(read.key, str) and is_progress(read.key) for read in self.reads):
            return True
        targets = [ref for event in self.restored for ref in event.target.refs()]
        held = [self.run.object_at(ref.location) for ref in (*targets, *self.load.into.value.refs())]
        return any(one is not None and one.role in _TRAINING_STATE for one in held)


@derives(LoadedUse)
def loaded_uses(facts: Facts) -> Iterator[LoadedUse]:
    """Every file that a run reads."""
    for run in facts.runs:
        for load in run.events:
            if not isinstance(load, Loaded):
                continue
            places = {ref.location for ref in load.made.refs()}
            reads = [e for e in run.events if isinstance(e, KeyRead) and _is_of(e.holder, places)]
            restored = [e for e in run.events if isinstance(e, Restored) and comes_from(e.value, places)]
            opened = any(isinstance(e, Opened) and places & {r.location for r in e.operand.refs()} for e in run.events)
            yield LoadedUse(load, run, tuple(restored), tuple(reads), opened)


@derives(Link)
def links(facts: Facts) -> Iterator[Link]:
    """Every pair of a load and a save that wrote the file, or may have."""
    programs = programs_of(facts)
    saves = facts.of(Checkpoint)
    for use in facts.of(LoadedUse):
        group = programs.get(use.run.key.path)
        candidates = [s for s in saves if programs.get(s.run.key.path) == group and _may_go_together(facts, use, s)]
        if is_brought(facts, use.load):
            continue
        for save, assumptions in _linked(use, candidates):
            yield Link(save, use.load, use.run, purpose_of_link(facts, use, save), assumptions)


@derives(LinkedRead)
def linked_reads(facts: Facts) -> Iterator[LinkedRead]:
    """Every key read from a loaded checkpoint whose saves are known."""
    programs = programs_of(facts)
    links_of: dict[int, list[Link]] = {}
    for link in facts.of(Link):
        links_of.setdefault(id(link.load), []).append(link)
    for use in facts.of(LoadedUse):
        linked = links_of.get(id(use.load), [])
        if not linked or use.is_opened:  # Code that is not seen may have put the key in.
            continue
        saves = [link.save for link in linked]
        if any(link.assumptions for link in linked) and not _is_same_file(use.load, saves):
            group = programs.get(use.run.key.path)
            others = [s for s in facts.of(Checkpoint) if programs.get(s.run.key.path) == group and s not in saves]
            saves.extend(s for s in others if _is_unclear(s) and may_be_named(use.load, s))
        assumptions = frozenset[Assumption]().union(*(link.assumptions for link in linked))
        for read in use.reads:
            atom = read.holder.single
            path = _way(atom.location, use.places) if isinstance(atom, Ref) else None
            if path is not None:
                yield LinkedRead(read, use.run, tuple(saves), assumptions, path)


def _way(location: Location, places: frozenset[Location]) -> tuple[str, ...] | None:
    """The keys from one of these places to a location; None when something else than keys lies between."""
    keys: list[str] = []
    while location not in places:
        if not isinstance(location, Field) or not location.name.startswith('["'):
            return None
        keys.insert(0, location.name[2:-2])
        location = location.base
    return tuple(keys)


# ------------------------------------------------------------------------------------------------------ linking


def _may_go_together(facts: Facts, use: LoadedUse, save: Checkpoint) -> bool:
    """Whether a load can read what a save writes: in the same format, and not by the method of another class."""
    catalog = facts.program.catalog
    rows = (catalog.api(use.load.api), catalog.api(save.event.api))
    formats = {str(row.options["format"]) for row in rows if row is not None and "format" in row.options}
    if len(formats) > 1:
        return False
    writer, reader = save.event.within[-1], use.load.within[-1]
    written, read = facts.program.function(writer), facts.program.function(reader)
    receiver = use.run.receiver_class if len(use.load.within) == 1 else None
    if receiver is None and read.model is not None:
        receiver = ClassKey(reader.path, read.model)
    if receiver is None or written.model is None:
        return True
    own = facts.analyzer.classes.method(receiver, written.name)
    return own is None or own == writer


def _linked(use: LoadedUse, saves: list[Checkpoint]) -> list[tuple[Checkpoint, frozenset[Assumption]]]:
    load = use.load
    if load.outside or is_outside(load):
        return []
    pattern = path_pattern(load.path)
    equal = [s for s in saves if s.pattern == pattern] if is_whole(pattern) else []
    if pattern is not None and len(pattern) == 1 and not is_named(pattern):
        # Two parameters of one name: only a pair of helpers, or what the file holds, says that they are one path.
        equal = [s for s in equal if s.event.site.path == load.site.path or _holds_same(use, s)]
    if equal and pattern is not None:
        # A hole that is a bare name is any function's own: it may hold something else in each.
        return [(s, _SURE if is_named(pattern) or _goes_on_from(use, s) else _ASSUMED) for s in equal]
    if is_whole(pattern) and is_literal_path(pattern):
        return []  # A literal file that nobody here writes comes from outside.
    saves = [s for s in saves if may_be_named(load, s)]
    found = [s for s in saves if _holds_same_model(use, s)]
    if not found:
        found = [s for s in saves if _holds_same_keys(use, s)]
    return [(s, _SURE if _goes_on_from(use, s) else _ASSUMED) for s in found]


def _holds_same(use: LoadedUse, save: Checkpoint) -> bool:
    return _holds_same_model(use, save) or _holds_same_keys(use, save)


def _holds_same_keys(use: LoadedUse, save: Checkpoint) -> bool:
    """What reads two of a file's keys or more, in the program that writes them, reads that file."""
    return save.schema is not None and len({read.key for read in use.reads}.intersection(save.schema.keys)) >= 2


def _holds_same_model(use: LoadedUse, save: Checkpoint) -> bool:
    if save.run is use.run and _overlaps(use, save):
        return True
    return bool(save.models & classes_of(use.run, use.models))


def _goes_on_from(use: LoadedUse, save: Checkpoint) -> bool:
    """Whether one run writes the file and goes on from it, whatever the path is called where it is read."""
    if save.run is not use.run or _is_later(use, save) or not _overlaps(use, save):
        return False
    return use.reads_training_state or bool(use.words & (RESUMING | LATEST))


def _overlaps(use: LoadedUse, save: Checkpoint) -> bool:
    """Whether the state of a model is saved that the load restores."""
    states = held_in(save.run, save.event.holds).states
    return any(overlap(a, b) for a in use.models for b in states)


def may_be_named(load: Loaded, save: Checkpoint) -> bool:
    """Whether the file names of a load and a save agree, as far as both are seen."""
    name = file_name(path_pattern(load.path))
    return name is None or file_name(save.pattern) in (None, name)


def _is_same_file(load: Loaded, saves: list[Checkpoint]) -> bool:
    pattern = path_pattern(load.path)
    return any(save.pattern == pattern for save in saves) and is_whole(pattern)


def _is_unclear(save: Checkpoint) -> bool:
    """Whether a save may hold anything."""
    return not save.models and save.schema is None and not save.is_plain_state


def _is_of(holder: Value, places: set[Location]) -> bool:
    return any(root_of(ref.location) in places for ref in holder.refs())


def _may_be_model(run: Run, ref: Ref) -> bool:
    held = run.object_at(ref.location)
    return held is None or held.role is None or held.role in MODULE_ROLES


def classes_of(run: Run, models: frozenset[Location]) -> frozenset[ClassKey]:
    """The project's classes of models."""
    held = [run.object_at(location) for location in models]
    return frozenset(one.model for one in held if one is not None and one.model is not None)


# ------------------------------------------------------------------------------------------------------ purpose


def purpose_of_link(facts: Facts, use: LoadedUse, save: Checkpoint) -> str:
    """ "resume", "evaluate", "warm-start" or "unknown", as in Link."""
    run, models = use.run, use.models
    if is_for_evaluation(facts.program, use.load):
        return "evaluate"
    trained = {o.site for e in run.events if isinstance(e, Update) for o in e.operand.origins if isinstance(o, Ran)}
    places = set(use.places)
    trains = evaluates = False
    for event in run.after(use.load):
        if isinstance(event, Forward) and _is_run_with(event, places, models):
            trains |= event.site in trained
            evaluates |= event.site not in trained
        elif isinstance(event, Fitted) and touches(event.operand, models):
            trains |= event.kind == "fit"
            evaluates |= event.kind != "fit"
    is_own = save.run.key == run.key and bool(use.restored) and use.reads_training_state
    is_trained = any(isinstance(e, Update) or (isinstance(e, Fitted) and e.kind == "fit") for e in run.events)
    if trains or (is_own and is_trained):
        return _purpose_of_training(facts, use, save)
    if evaluates or (run.is_entry and models and not is_trained):
        return "evaluate"
    return "resume" if models and use.reads_training_state else "unknown"


def _purpose_of_training(facts: Facts, use: LoadedUse, save: Checkpoint) -> str:
    if save.run is use.run and _is_later(use, save):
        return "warm-start"  # What a run wrote itself and takes back in begins another phase of it.
    if not use.reads_training_state and not use.words & RESUMING and _is_resumed_elsewhere(facts, use):
        return "warm-start"
    if save.run.key == use.run.key or use.reads_training_state or use.words & RESUMING:
        return "resume"
    return "warm-start" if save.run.is_entry and use.run.is_entry else "unknown"


def _is_resumed_elsewhere(facts: Facts, use: LoadedUse) -> bool:
    """Whether the same run has another load for resuming: this one brings weights only."""
    others = [o for o in facts.of(LoadedUse) if o.run is use.run and o.load.site.base != use.load.site.base]
    return any(o.restored and o.reads_training_state and _shares_model(o, use) for o in others)


def _shares_model(a: LoadedUse, b: LoadedUse) -> bool:
    return any(overlap(x, y) for x in a.models for y in b.models)


def _is_later(use: LoadedUse, save: Checkpoint) -> bool:
    """Whether the load comes after the save in the order in which they were met."""
    first = next((e for e in use.run.events if e is use.load or e is save.event), None)
    return first is save.event


def _is_run_with(forward: Forward, places: set[Location], models: frozenset[Location]) -> bool:
    # What a load overwrites in place does not show in the origins of the weights.
    return comes_from(forward.weights, places) or touches(forward.operand, models)
