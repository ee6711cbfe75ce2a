"""Whose state is under which name: keys of saved dicts, of loaded ones, and files of bare states, with their objects.

Names are compared by their words: `netG`, `generator` and `G_state_dict` say the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from ckptlint.facts.checkpoints import Checkpoint
from ckptlint.facts.file_paths import path_pattern
from ckptlint.facts.project import Facts, derives
from ckptlint.facts.runs import Run
from ckptlint.facts.schemas import Entry
from ckptlint.flow.domain import Field, FunctionKey, Location, Made, Ref, Site, Value, text_of
from ckptlint.flow.events import KeyRead, Loaded, Restored
from ckptlint.flow.written import words_of
from ckptlint.knowledge.roles import Role

Label = frozenset[str]

_SAME = {
    **dict.fromkeys(("g", "gen", "generators"), "generator"),
    **dict.fromkeys(("d", "dis", "disc", "discrim", "discriminators"), "discriminator"),
    **dict.fromkeys(("opt", "opts", "optim", "optims", "optimiser", "optimizers"), "optimizer"),
    **dict.fromkeys(("sched", "scheds", "schedule", "schedulers"), "scheduler"),
    **dict.fromkeys(("enc", "encoders"), "encoder"),
    **dict.fromkeys(("dec", "decoders"), "decoder"),
}
_DROPPED = frozenset(
    (
        "self model models net nets network networks module modules state states dict dicts weight weights param "
        "params parameters sd lr checkpoint ckpt orig mod unwrap unwrapped pth pt bin tar safetensors epoch epochs "
        "step iter latest last best final saved the"
    ).split()
)
"""Words that say what is saved, or when, and not whose it is."""
_KINDS = frozenset({"optimizer", "scheduler", "scaler"})
_CALLED = re.compile(r"^[\w.]+\(([\w.]+)\)")
_ENDINGS = re.compile(r"(\.(module|_orig_mod|model|base))+$")


@lru_cache(maxsize=4096)
def label_of(name: str, kind: str = "") -> Label:
    """The words of a name that say whose state it is; none for a name that every model may have."""
    words = {_SAME.get(word, word) for word in words_of(name)} - _DROPPED
    return frozenset(words | ({kind} & _KINDS))


def is_like(a: Label, b: Label) -> bool:
    """Whether two names may mean one object: one says no more than the other."""
    return a & _KINDS == b & _KINDS and (a <= b or b <= a)


@dataclass(frozen=True, slots=True)
class Named:
    """An object's state under a name."""

    key: str
    """The key, or the file's name."""
    label: Label
    names: tuple[str, ...]
    """What the object is called: where its state is taken or restored, then where it is made."""
    labels: frozenset[Label]
    kind: str
    at: Site
    owner: Location | str
    """Where it is; what it is called, where that is not seen."""

    @property
    def agrees(self) -> bool:
        """Whether some name of the object may mean what the key says."""
        return not self.labels or any(is_like(self.label, label) for label in self.labels)

    @property
    def is_exact(self) -> bool:
        """Whether some name of the object says the same as the key."""
        return self.label in self.labels


@dataclass(frozen=True, slots=True)
class Siblings:
    """States that one dict, or one function's files, hold side by side."""

    states: tuple[Named, ...]
    run: Run
    within: FunctionKey
    is_save: bool
    checkpoint: Checkpoint | None
    """The save of the dict; None for files of one state each."""
    load: Location | None
    """The dict that is read; None for files of one state each."""


@derives(Siblings)
def siblings(facts: Facts) -> Iterator[Siblings]:
    """Every dict, and every function's files, with two states or more whose objects have names."""
    for run in facts.runs:
        yield from _files(facts, run, [c for c in facts.of(Checkpoint) if c.run is run])
        yield from _restored(facts, run)
    for checkpoint in facts.of(Checkpoint):
        if checkpoint.schema is not None:
            yield from _dicts(facts, checkpoint, checkpoint.schema.entries, "")


def _dicts(facts: Facts, checkpoint: Checkpoint, entries: Iterable[Entry], above: str) -> Iterator[Siblings]:
    states: list[Named] = []
    for entry in entries:
        if entry.entries:
            yield from _dicts(facts, checkpoint, entry.entries, entry.key)
        elif entry.is_certain:
            found = _saved(facts, checkpoint.run, entry, entry.key, f"{above} {entry.key}")
            states.extend([found] if found is not None else [])
    if states:
        yield Siblings(tuple(states), checkpoint.run, checkpoint.event.within[-1], True, checkpoint, None)


def _saved(facts: Facts, run: Run, entry: Entry, key: str, text: str) -> Named | None:
    atom = entry.value.single
    if len(entry.owners) > 1 or not isinstance(atom, Ref) or not isinstance(atom.location, Made):
        return None
    held = run.object_at(atom.location)
    if held is None or held.role is not Role.SNAPSHOT:
        return None
    at = atom.location.site
    receiver = facts.receiver_text(at)
    owner = next(iter(entry.owners), None) or receiver
    kind = "" if entry.is_by_name else entry.kind
    return _named(facts, run, key, text, receiver, owner, at, kind) if owner is not None else None


def _named(
    facts: Facts, run: Run, key: str, text: str, receiver: str | None, owner: Location | str, at: Site, kind: str
) -> Named:
    made = receiver if isinstance(owner, str) else text_of(owner)
    if isinstance(owner, Made):
        made = facts.name_given(owner.site)
    names = tuple(dict.fromkeys(name for name in (receiver, made) if name))
    labels = frozenset(label_of(short, kind) for name in names for short in _shortened(name))
    return Named(key, label_of(text), names, labels, kind, at, owner)


def _shortened(name: str) -> set[str]:
    """A name as written and its last part; of a call around it only what it is given."""
    called = _CALLED.match(name)
    bare = _ENDINGS.sub("", called[1] if called is not None else name)
    return {bare, bare.rsplit(".", 1)[-1]}


# -------------------------------------------------------------------------------------------------------- files


def _files(facts: Facts, run: Run, own: list[Checkpoint]) -> Iterator[Siblings]:
    groups: dict[FunctionKey, list[Named]] = {}
    for checkpoint in own:
        name = _file_name(checkpoint.pattern)
        if name is not None and checkpoint.schema is None and len(checkpoint.event.within) > 0:
            found = _saved(facts, run, checkpoint.whole, name, name)
            if found is not None:
                groups.setdefault(checkpoint.event.within[-1], []).append(found)
    for within, states in groups.items():
        yield Siblings(tuple(states), run, within, True, None, None)


def _file_name(pattern: tuple[str, ...] | None) -> str | None:
    """The literal text of a path's last part; None when holes say most of it."""
    text = "".join(piece if not piece.startswith("{") else " " for piece in pattern or ())
    last = text.rsplit("/", 1)[-1].strip()
    return last if label_of(last) else None


# -------------------------------------------------------------------------------------------------------- loads


def _restored(facts: Facts, run: Run) -> Iterator[Siblings]:
    files = {ref.location: e for e in run.events if isinstance(e, Loaded) for ref in e.made.refs()}
    groups: dict[tuple[Location | None, FunctionKey], list[Named]] = {}
    for event in run.events:
        if not isinstance(event, Restored):
            continue
        source, targets = _single(event.value), event.target.refs()
        receiver = facts.receiver_text(event.site)
        if source is None or len(targets) != 1 or receiver is None:
            continue
        owner = targets[0].location
        held = run.object_at(owner)
        kind = held.role.value if held is not None and held.role is not None else ""
        key, base, text = _key_of(source, files)
        if key is None:
            continue
        named = _named(facts, run, key, text, receiver, owner, event.site, kind)
        groups.setdefault((base, event.within[-1]), []).append(named)
    for (base, within), states in groups.items():
        yield Siblings(tuple(states), run, within, False, None, base)


def _single(value: Value) -> Location | None:
    atom = value.single
    return atom.location if isinstance(atom, Ref) else None


def _key_of(source: Location, files: dict[Location, Loaded]) -> tuple[str | None, Location | None, str]:
    """The key that is restored, the dict it is in, and the text that says whose it is."""
    if source in files:
        name = _file_name(path_pattern(files[source].path))
        return name, None, name or ""
    if not isinstance(source, Field) or not source.name.startswith('["'):
        return None, None, ""
    key, base = source.name[2:-2], source.base
    above = base.name[2:-2] if isinstance(base, Field) and base.name.startswith('["') else ""
    return key, base, f"{above} {key}"


def read_keys(run: Run, base: Location) -> frozenset[str]:
    """The keys that a run reads from a dict."""
    return frozenset(
        event.key
        for event in run.events
        if isinstance(event, KeyRead)
        and isinstance(event.key, str)
        and base in {r.location for r in event.holder.refs()}
    )
