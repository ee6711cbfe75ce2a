"""What checkpoints hold, where they are read again, and which reads belong to which saves."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass

from ckptlint.diagnostic import Assumption
from ckptlint.facts.imports import imported_files
from ckptlint.facts.project import Facts, derives
from ckptlint.facts.runs import Run
from ckptlint.flow.domain import (
    ApiAtom,
    ClassKey,
    Const,
    Field,
    Items,
    Made,
    MethodAtom,
    More,
    Object,
    Ran,
    Ref,
    Site,
    Text,
    Value,
    root_of,
    text_of,
)
from ckptlint.flow.events import KeyRead, Loaded, Opened, Restored, Saved
from ckptlint.flow.written import words_of
from ckptlint.knowledge.roles import Role

ADAPTER_WORDS = ("lora", "adapter", "peft")
"""Parts of a filter's text that say only an adapter is meant to be saved."""


@dataclass(frozen=True, slots=True)
class Schema:
    """The keys of a saved dict, with the places where they are given."""

    keys: tuple[str, ...]
    places: tuple[tuple[str, Site], ...]
    is_open: bool


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """One save of one run."""

    event: Saved
    run: Run
    schema: Schema | None
    """None when what is saved is no dict that the project shows."""
    pattern: tuple[str, ...] | None
    """The path as literal pieces and named holes (`{name}`); None when nothing of it is known."""
    models: frozenset[ClassKey]
    """Classes of the models whose state it holds."""
    is_plain_state: bool
    """The file holds a state dict and nothing else."""


@dataclass(frozen=True, slots=True)
class StoredParameters:
    """Parameters are saved where a state dict belongs."""

    at: Site
    """The stored expression."""
    call: Site
    """The call that gives the parameters."""
    kind: str
    """"generator", "list", "dict"."""
    is_named: bool
    is_filtered_state: bool
    """A state dict filtered by `requires_grad`, which keeps nothing."""
    is_partial: bool
    """Only some of the parameters are meant (`requires_grad`, adapters)."""
    model: Object | None
    checkpoint: Checkpoint


@dataclass(frozen=True, slots=True)
class UncalledStateDict:
    """`state_dict` without a call is saved or restored."""

    at: Site
    written: str
    restored: bool


@dataclass(frozen=True, slots=True)
class LinkedRead:
    """A key read from a loaded checkpoint, with the saves that wrote the file."""

    read: KeyRead
    run: Run
    saves: tuple[Checkpoint, ...]
    assumptions: frozenset[Assumption]


@derives(Checkpoint)
def checkpoints(facts: Facts) -> Iterator[Checkpoint]:
    """Every save, as each run does it."""
    for run in facts.runs:
        for event in run.events:
            if isinstance(event, Saved):
                stored = event.stored
                yield Checkpoint(
                    event,
                    run,
                    _schema(stored.items) if not stored.value.open and len(stored.value.atoms) == 1 else None,
                    path_pattern(event.path),
                    frozenset(_saved_models(run, stored.value, stored.items)),
                    any(held is not None and held.role is Role.SNAPSHOT for _, held in run.objects(stored.value)),
                )


def _schema(items: Items | None) -> Schema | None:
    if items is None or items.kind != "dict":
        return None
    keys = tuple(k for k, _ in items.entries if isinstance(k, str))
    places = tuple((k, s) for k, s in items.places if isinstance(k, str))
    return Schema(keys, places, items.open or items.element is not None)


def _saved_models(run: Run, value: Value, items: Items | None) -> Iterator[ClassKey]:
    values = [value, *(items.values() if items is not None else [])]
    for entry in values:
        for _, held in run.objects(entry):
            if held is None or held.role is not Role.SNAPSHOT:
                continue
            owner = held.argument("of")
            for _, model in run.objects(owner) if owner is not None else []:
                if model is not None and model.model is not None:
                    yield model.model


def path_pattern(path: Value) -> tuple[str, ...] | None:
    """A path as comparable pieces; None when it is one unnamed hole."""
    atom = path.single
    if isinstance(atom, Const) and isinstance(atom.value, str):
        return (posixpath.normpath(atom.value),)
    if isinstance(atom, Ref) and not isinstance(root_of(atom.location), Made):
        return (f"{{{text_of(atom.location)}}}",)
    if isinstance(atom, ApiAtom):
        return (f"{{{atom.name}}}",)
    if isinstance(atom, Text):
        pieces: list[str] = []
        for piece in atom.pieces:
            if isinstance(piece, Value):
                inner = path_pattern(piece)
                pieces.extend(inner if inner is not None else ("{?}",))
            elif isinstance(piece, tuple):
                pieces.append(f"{{{piece[0]}}}" if piece[1] else piece[0])
        return tuple(pieces)
    return None


# --------------------------------------------------------------------------------------------- parameters saved


@derives(StoredParameters)
def stored_parameters(facts: Facts) -> Iterator[StoredParameters]:
    """Parameters among what is saved, one level deep."""
    for checkpoint in facts.of(Checkpoint):
        stored = checkpoint.event.stored
        inner = {ref.location: items for holder, items in stored.inner for ref in holder.refs()}
        seen = [(stored.value, stored.items)]
        for entry in stored.items.values() if stored.items is not None else []:
            refs = entry.refs()
            content = inner.get(refs[0].location) if len(refs) == 1 else None
            seen.append((entry, content))
        for value, items in seen:
            found = _parameters_in(checkpoint, value, items)
            if found is not None:
                yield found


def _parameters_in(checkpoint: Checkpoint, value: Value, items: Items | None) -> StoredParameters | None:
    run = checkpoint.run
    atom = value.single
    if not isinstance(atom, Ref) or not isinstance(atom.location, Made):
        return None
    held = run.object_at(atom.location)
    if held is not None and held.role is Role.SNAPSHOT and held.api is not None:
        kind = str(held.api.options.get("kind", ""))
        if kind not in ("parameters", "named_parameters"):
            return None
        site = atom.location.site
        return StoredParameters(
            site, site, "generator", kind == "named_parameters", False, False, _owner(run, held), checkpoint
        )
    if items is None or items.element is None or items.entries or not items.whole:
        return None
    found = _snapshot_behind(run, items.element)
    if found is None:
        return None
    location, snapshot = found
    kind = str(snapshot.api.options.get("kind", "")) if snapshot.api is not None else ""
    filters = " ".join(items.filters)
    is_state = kind == "state_dict"
    if is_state and ("requires_grad" not in filters or _may_be_attached(snapshot)):
        return None
    if not is_state and kind not in ("parameters", "named_parameters"):
        return None
    is_partial = bool(items.filters) and not is_state
    if any(word in filters.lower() for word in ADAPTER_WORDS):
        return None
    shape = "dict" if items.kind == "dict" else "list"
    return StoredParameters(
        atom.location.site,
        location.site,
        shape,
        kind == "named_parameters",
        is_state,
        is_partial,
        _owner(run, snapshot),
        checkpoint,
    )


def _may_be_attached(snapshot: Object) -> bool:
    """Whether a state may hold the parameters themselves: `keep_vars=True`."""
    attached = snapshot.argument("attached")
    atom = attached.single if attached is not None else None
    return attached is not None and not (isinstance(atom, Const) and atom.value is False)


def _snapshot_behind(run: Run, value: Value) -> tuple[Made, Object] | None:
    """The snapshot call whose items a value is, followed through methods of tensors."""
    if any(isinstance(origin, Ran | More) for origin in value.origins):
        return None  # What a model gave: of its parameters it may have taken the device.
    origins = [*(r.location for r in value.refs()), *value.origins]
    for origin in origins:
        location = origin
        while isinstance(location, Field):
            location = location.base
        if isinstance(location, Made):
            held = run.object_at(location)
            if held is not None and held.role is Role.SNAPSHOT:
                return location, held
    return None


def _owner(run: Run, snapshot: Object) -> Object | None:
    owner = snapshot.argument("of")
    if owner is None:
        return None
    objects = [held for _, held in run.objects(owner) if held is not None]
    return objects[0] if len(objects) == 1 else None


@derives(UncalledStateDict)
def uncalled_state_dicts(facts: Facts) -> Iterator[UncalledStateDict]:
    """`x.state_dict` where `x.state_dict()` is meant."""
    for run in facts.runs:
        for event in run.events:
            if isinstance(event, Saved):
                items = event.stored.items
                values = [event.stored.value, *(items.values() if items is not None else [])]
                restored = False
            elif isinstance(event, Restored):
                values, restored = [event.value], True
            else:
                continue
            for value in values:
                for atom in value.atoms:
                    if isinstance(atom, MethodAtom) and atom.name == "state_dict":
                        yield UncalledStateDict(atom.at, atom.name, restored)


# ------------------------------------------------------------------------------------------------------- links


@derives(LinkedRead)
def linked_reads(facts: Facts) -> Iterator[LinkedRead]:
    """Every key read from a loaded checkpoint whose saves are known."""
    programs = programs_of(facts)
    saves = facts.of(Checkpoint)
    for run in facts.runs:
        loads = {r.location: e for e in run.events if isinstance(e, Loaded) for r in e.made.refs()}
        for event in run.events:
            if not isinstance(event, KeyRead):
                continue
            atom = event.holder.single
            load = loads.get(atom.location) if isinstance(atom, Ref) else None
            if load is None or load.outside or is_outside(load) or _is_changed(run, event):
                continue
            group = programs.get(run.key.path)
            candidates = [s for s in saves if programs.get(s.run.key.path) == group]
            linked, assumptions = _linked(run, load, candidates)
            if linked:
                yield LinkedRead(event, run, tuple(linked), assumptions)


OUTSIDE_WORDS = frozenset("pretrained pretrain imagenet official hub zoo url backbone teacher".split())
"""Words of a path that say the file was made by somebody else, or by another training."""


def is_outside(load: Loaded) -> bool:
    """Whether a path says that somebody else, or another training, wrote the file."""
    pattern = path_pattern(load.path) or ()
    return any(words_of(piece) & OUTSIDE_WORDS for piece in pattern)


def _is_changed(run: Run, read: KeyRead) -> bool:
    """Whether the loaded object went to code that is not seen, which may have put the key in."""
    made = {ref.location for ref in read.holder.refs()}
    return any(isinstance(e, Opened) and made & {r.location for r in e.operand.refs()} for e in run.events)


def is_literal_path(pattern: tuple[str, ...] | None) -> bool:
    """Whether a path, as `path_pattern` gives it, is one string that the code writes down."""
    return pattern is not None and len(pattern) == 1 and not pattern[0].startswith("{")


def _file_name(pattern: tuple[str, ...] | None) -> str | None:
    """The literal last part of a path."""
    if not pattern or pattern[-1].startswith("{"):
        return None
    return pattern[-1].rsplit("/", 1)[-1] if "/" in pattern[-1] or len(pattern) == 1 else None


def _linked(run: Run, load: Loaded, saves: list[Checkpoint]) -> tuple[list[Checkpoint], frozenset[Assumption]]:
    pattern = path_pattern(load.path)
    if pattern is not None and not any(piece.startswith("{?") for piece in pattern):
        equal = [s for s in saves if s.pattern == pattern]
        if equal:
            # A hole that is a bare name is any function's own: it may hold something else in each.
            named = all("." in piece for piece in pattern if piece.startswith("{"))
            return equal, frozenset() if named else frozenset({Assumption.PATH_PATTERN})
        if is_literal_path(pattern):
            return [], frozenset()  # A literal file that nobody here writes comes from outside.
    name = _file_name(pattern)
    saves = [s for s in saves if name is None or _file_name(s.pattern) in (None, name)]
    models = _restored_models(run, load)
    same = [s for s in saves if s.models & models]
    if not same:
        # What reads two of a file's keys or more, in the program that writes them, reads that file.
        keys = {e.key for e in run.events if isinstance(e, KeyRead) and _is_of(e, load)}
        same = [s for s in saves if s.schema is not None and len(keys.intersection(s.schema.keys)) >= 2]
    unclear = [s for s in saves if not s.models and s.schema is None and not s.is_plain_state]
    return ([*same, *unclear] if same else []), frozenset({Assumption.PATH_PATTERN})


def _is_of(read: KeyRead, load: Loaded) -> bool:
    made = {ref.location for ref in load.made.refs()}
    return any(ref.location in made for ref in read.holder.refs())


def _restored_models(run: Run, load: Loaded) -> frozenset[ClassKey]:
    loaded = {r.location for r in load.made.refs()}
    found: set[ClassKey] = set()
    for event in run.events:
        if not isinstance(event, Restored):
            continue
        if any(root_of(r.location) in loaded for r in event.value.refs()):
            for _, held in run.objects(event.target):
                if held is not None and held.model is not None:
                    found.add(held.model)
    return frozenset(found)


def programs_of(facts: Facts) -> dict[str, int]:
    """Files by program: connected by imports, or scripts of one folder."""
    parent: dict[str, str] = {}

    def find(path: str) -> str:
        parent.setdefault(path, path)
        while parent[path] != path:
            parent[path] = parent[parent[path]]
            path = parent[path]
        return path

    def union(a: str, b: str) -> None:
        parent[find(a)] = find(b)

    for record in facts.program.loaded():
        for target in imported_files(facts.program, record):
            if not target.endswith("__init__.py"):
                union(record.path, target)
    folders: dict[str, str] = {}
    for run in facts.runs:
        if run.is_entry:
            folder = posixpath.dirname(run.key.path)
            union(run.key.path, folders.setdefault(folder, run.key.path))
    numbers: dict[str, int] = {}
    return {path: numbers.setdefault(find(path), len(numbers)) for path in sorted(parent)}
