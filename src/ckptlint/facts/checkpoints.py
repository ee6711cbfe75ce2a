"""What checkpoints hold, and what is saved in place of a state."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ckptlint.facts.file_paths import is_literal_path as is_literal_path
from ckptlint.facts.file_paths import is_outside as is_outside
from ckptlint.facts.file_paths import path_pattern as path_pattern
from ckptlint.facts.programs import programs_of as programs_of
from ckptlint.facts.project import Facts, derives
from ckptlint.facts.runs import Run
from ckptlint.facts.schemas import Entry, Schema, schema_of, whole_entry
from ckptlint.facts.uncalled_parts import STATE_DICT, uncalled_parts
from ckptlint.flow.domain import ClassKey, Const, Field, Items, Made, MethodAtom, More, Object, Ran, Ref, Site, Value
from ckptlint.flow.events import Restored, Saved
from ckptlint.knowledge.roles import Role

ADAPTER_WORDS = ("lora", "adapter", "peft")
"""Parts of a filter's text that say only an adapter is meant to be saved."""


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

    @property
    def whole(self) -> Entry:
        """All that is saved as one entry: a bare state, a whole object, or a dict with its entries."""
        return whole_entry(self.run, self.event.stored, self.event.site)


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
    use: str
    """"saved", "restored", "returned" by a method `state_dict`."""


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
                    schema_of(run, stored),
                    path_pattern(event.path),
                    frozenset(_saved_models(run, stored.value, stored.items)),
                    any(held is not None and held.role is Role.SNAPSHOT for _, held in run.objects(stored.value)),
                )


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
                use = "saved"
            elif isinstance(event, Restored):
                values, use = [event.value], "restored"
            else:
                continue
            for value in values:
                for atom in value.atoms:
                    if isinstance(atom, MethodAtom) and atom.name == STATE_DICT:
                        yield UncalledStateDict(atom.at, atom.name, use)
    yield from (UncalledStateDict(at, STATE_DICT, "returned") for at in uncalled_parts(facts))
