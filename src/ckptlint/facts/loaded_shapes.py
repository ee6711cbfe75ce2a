"""Loaded values of another shape than the code takes them for: a dict of states, a bare state, a path, a model."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ckptlint.diagnostic import Assumption
from ckptlint.facts.checkpoints import Checkpoint
from ckptlint.facts.file_paths import is_named, is_whole, path_pattern
from ckptlint.facts.key_words import kind_by_key
from ckptlint.facts.links import Link, LinkedRead, LoadedUse
from ckptlint.facts.project import Facts, derives
from ckptlint.facts.runs import Run
from ckptlint.flow.classes import MODULE_ROLES
from ckptlint.flow.domain import Const, Object, Ref, Site, Text, Value
from ckptlint.flow.events import Restored
from ckptlint.knowledge.roles import Role

RESTORABLE = MODULE_ROLES | {Role.OPTIMIZER, Role.SCHEDULER, Role.SCALER}
"""Objects of which it is known what their `load_state_dict` takes."""


@dataclass(frozen=True, slots=True)
class ShapeMismatch:
    """What is given to `load_state_dict`, or subscripted, is not what the code takes it for."""

    at: Site
    kind: str
    """"dict" (of states), "state" (a bare one, subscripted), "path", "model"."""
    key: str
    """The key that is read from a bare state, or under which the model's state is saved."""
    keys: tuple[str, ...]
    """The keys of the dict."""
    saves: tuple[Checkpoint, ...]
    assumptions: frozenset[Assumption]


@derives(ShapeMismatch)
def shape_mismatches(facts: Facts) -> Iterator[ShapeMismatch]:
    """Every such place once."""
    found: dict[object, ShapeMismatch] = {}
    for mismatch in (*_restored_wrongly(facts), *_bare_states_subscripted(facts)):
        known = found.get(mismatch.at.base)
        if known is None or len(mismatch.assumptions) < len(known.assumptions):
            found[mismatch.at.base] = mismatch
    yield from found.values()


def _restored_wrongly(facts: Facts) -> Iterator[ShapeMismatch]:
    links: dict[int, list[Link]] = {}
    for link in facts.of(Link):
        links.setdefault(id(link.load), []).append(link)
    for run in facts.runs:
        for event in run.events:
            if not isinstance(event, Restored):
                continue
            assumed = _target(run, event.target)
            if assumed is None:
                continue
            kind = _direct_kind(run, event.value)
            if kind:
                yield ShapeMismatch(event.site, kind, "", (), (), assumed)
    for use in facts.of(LoadedUse):
        linked = links.get(id(use.load), [])
        if not linked or use.is_opened:
            continue
        for event in use.restored:
            atom, assumed = event.value.single, _target(use.run, event.target)
            if assumed is not None and isinstance(atom, Ref) and atom.location in use.places:
                mismatch = _whole_file(use, event, linked, assumed)
                if mismatch is not None:
                    yield mismatch


def _whole_file(
    use: LoadedUse, event: Restored, linked: list[Link], assumed: frozenset[Assumption]
) -> ShapeMismatch | None:
    """All that a file holds is restored as one state."""
    assumptions = assumed.union(*(link.assumptions for link in linked)) | _by_class(use, linked)
    saves = tuple(link.save for link in linked)
    if all(save.whole.kind == "whole-object" and _is_model_in(save) for save in saves):
        return ShapeMismatch(event.site, "model", "", (), saves, assumptions)
    keys: set[str] = set()
    own: set[str] = set()
    for save in saves:
        states = [e for e in save.schema.entries if _is_state(e.kind, e.is_by_name)] if save.schema else []
        if save.schema is None or not any(entry.is_certain for entry in states):
            return None
        keys.update(save.schema.keys)
        own.update(entry.key for entry in states if entry.kind == "model")
    if any(isinstance(read.key, str) and read.key in own for read in use.reads):
        return None  # Another branch takes the state out first: it tells the shapes apart.
    if any(read.key is None for read in use.reads):
        return None
    key = next(iter(sorted(own)), "")
    return ShapeMismatch(event.site, "dict", key, tuple(sorted(keys)), saves, assumptions)


def _is_state(kind: str, is_by_name: bool) -> bool:
    return kind in ("model", "optimizer", "scheduler", "scaler") and not is_by_name


def _bare_states_subscripted(facts: Facts) -> Iterator[ShapeMismatch]:
    uses = {id(use.load): use for use in facts.of(LoadedUse)}
    for fact in facts.of(LinkedRead):
        key = fact.read.key
        if fact.read.guarded or fact.path or not isinstance(key, str) or "." in key:
            continue
        if kind_by_key(key) == "unknown" or not all(_is_bare_model(save) for save in fact.saves):
            continue
        use = next((u for u in uses.values() if u.run is fact.run and any(r is fact.read for r in u.reads)), None)
        if use is None or _is_told_apart(use):
            continue
        linked = [link for link in facts.of(Link) if link.load is use.load]
        assumptions = fact.assumptions | _by_class(use, linked)
        yield ShapeMismatch(fact.read.site, "state", key, (), fact.saves, assumptions)


def _is_bare_model(save: Checkpoint) -> bool:
    return save.is_plain_state and save.whole.kind == "model"


def _is_told_apart(use: LoadedUse) -> bool:
    """Whether another branch restores all of it, or asks for a key: several shapes are provided for."""
    whole = any(isinstance(atom := event.value.single, Ref) and atom.location in use.places for event in use.restored)
    return whole or any(read.guarded for read in use.reads)


def _by_class(use: LoadedUse, linked: list[Link]) -> frozenset[Assumption]:
    """One assumption more where only the model's class links them: the file may be one that was made of another."""
    pattern = path_pattern(use.load.path)
    if pattern is not None and is_whole(pattern) and all(link.save.pattern == pattern for link in linked):
        here = use.load.site.path
        if is_named(pattern) or len(pattern) > 1 or all(link.save.event.site.path == here for link in linked):
            return frozenset()
    return frozenset() if not any(link.assumptions for link in linked) else frozenset({Assumption.CALLER_UNSEEN})


def _is_model_in(save: Checkpoint) -> bool:
    held = [save.run.object_at(owner) for owner in save.whole.owners]
    return bool(held) and all(one is not None and one.role in MODULE_ROLES for one in held)


def _direct_kind(run: Run, value: Value) -> str:
    """What a value that no file gave is, when it is no state: "path", "model" or nothing."""
    atom = value.single
    if isinstance(atom, Text) or (isinstance(atom, Const) and isinstance(atom.value, str)):
        return "path"
    held = run.object_at(atom.location) if isinstance(atom, Ref) else None
    return "model" if held is not None and _is_made_model(held) else ""


def _is_made_model(held: Object) -> bool:
    is_known = held.model is not None or held.api is not None
    return held.role in MODULE_ROLES and is_known and not held.assumed


def _target(run: Run, target: Value) -> frozenset[Assumption] | None:
    """What is taken for granted of what is restored; None when it may take anything."""
    found = [held for _, held in run.objects(target)]
    if not found or target.open or len(found) != len(target.atoms):
        return None
    if any(held is None or held.role not in RESTORABLE for held in found):
        return None
    return frozenset(Assumption(text) for held in found if held is not None for text in held.assumed)
