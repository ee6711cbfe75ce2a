"""Checkpoints that a training writes to go on from later, and the reads that go on from them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import IntEnum

from ckptlint.facts.checkpoints import Checkpoint, is_literal_path, is_outside, path_pattern, programs_of
from ckptlint.facts.evaluated_files import (
    comes_from,
    is_for_evaluation,
    is_model_at,
    is_only_evaluated,
    trained_forwards,
)
from ckptlint.facts.key_words import is_progress as is_progress
from ckptlint.facts.optimizers import Group, Held, Training, held_in, keeps_state, may_be_kept_elsewhere, overlap
from ckptlint.facts.project import Facts, derives
from ckptlint.facts.runs import Run
from ckptlint.flow.domain import Location, Made, Ref, Site, root_of
from ckptlint.flow.events import Event, KeyRead, Loaded, Opened, Restored
from ckptlint.flow.written import words_of
from ckptlint.knowledge.roles import Role

PATH_WORDS = frozenset("checkpoint ckpt last latest resume".split())
"""Words of a file's name that say training goes on from it."""
EXPORT_WORDS = frozenset("final best export exported deploy inference weights trained model net".split())
"""Words of a file's name that say it is for use."""
RESUME_WORDS = frozenset("resume resuming resumed continue restart last latest recent".split())
"""Words of a path that is read that say training goes on from it."""

MIN_LETTERS = 4
"""Letters that a path with holes must have to be told from others."""


class Evidence(IntEnum):
    """What shows that training is meant to go on from a checkpoint."""

    PERIODIC = 1
    """It is a bare state dict written while training goes on, or models' states that are only evaluated with."""
    ONE_SIGN = 2
    """Progress in it, its place in the training loop, its name, or that training goes on from it."""
    RESUMED = 3
    """It holds progress, and training goes on from it."""


@dataclass(frozen=True, slots=True)
class Resumption:
    """A loaded value is put into a model, and training goes on."""

    load: Loaded
    run: Run
    restored: Restored
    """Where the model gets its state."""
    models: frozenset[Location]
    keys: frozenset[str]
    """What is read from it by literal key."""
    required: frozenset[str]
    """Those of them that must be there."""
    reads_all: bool
    """More than these keys may be read."""

    @property
    def pattern(self) -> tuple[str, ...] | None:
        """The path, as `path_pattern`."""
        return path_pattern(self.load.path)

    @property
    def reads_progress(self) -> bool:
        """Whether it reads how far the training had come."""
        return any(is_progress(key) for key in self.keys)

    @property
    def is_named(self) -> bool:
        """Whether the path says that training goes on from it."""
        return any(words_of(piece) & RESUME_WORDS for piece in self.pattern or ())


@dataclass(frozen=True, slots=True)
class MissingState:
    """A checkpoint to resume from lacks the state of optimizers, which no other one of its training holds."""

    checkpoint: Checkpoint
    groups: tuple[Group, ...]
    evidence: Evidence
    is_certain: bool
    """Nothing that is not seen could supply it."""
    is_doubtful: bool
    """Something that is not seen could well supply it."""
    resumption: Resumption | None

    @property
    def at(self) -> Site:
        """The dict that is saved, or the call that saves a bare state dict."""
        atom = self.checkpoint.event.stored.value.single
        if self.checkpoint.schema is not None and isinstance(atom, Ref) and isinstance(atom.location, Made):
            return atom.location.site
        return self.checkpoint.event.site


@dataclass(frozen=True, slots=True)
class UnreadState:
    """Training goes on from a checkpoint and leaves the state of some objects in it."""

    resumption: Resumption
    checkpoint: Checkpoint
    keys: tuple[tuple[str, Role], ...]
    is_sure: bool
    """The same run writes the file and goes on from it."""


# ------------------------------------------------------------------------------------------------- resumptions


@derives(Resumption)
def resumptions(facts: Facts) -> Iterator[Resumption]:
    """Every load that a model is trained on from."""
    for training in facts.of(Training):
        run = training.run
        trained = trained_forwards(training)
        for load in (e for e in run.events if isinstance(e, Loaded)):
            places = {ref.location for ref in load.made.refs()}
            if load.outside or is_outside(load) or training.is_in_loop(load.loops):
                continue
            if not any(comes_from(forward.weights, places) for forward in trained):
                continue
            if is_for_evaluation(facts.program, load):
                continue
            yield from _resumption(run, load, places)


def _resumption(run: Run, load: Loaded, places: set[Location]) -> Iterator[Resumption]:
    restored = [e for e in run.events if isinstance(e, Restored) and comes_from(e.value, places)]
    into_models = [e for e in restored if any(is_model_at(run, r.location) for r in e.target.refs())]
    if not into_models:
        return
    reads = [
        e for e in run.events if isinstance(e, KeyRead) and any(root_of(r.location) in places for r in e.holder.refs())
    ]
    opened = any(isinstance(e, Opened) and any(r.location in places for r in e.operand.refs()) for e in run.events)
    yield Resumption(
        load,
        run,
        into_models[0],
        frozenset(ref.location for e in into_models for ref in e.target.refs()),
        frozenset(e.key for e in reads if isinstance(e.key, str)),
        frozenset(e.key for e in reads if isinstance(e.key, str) and not e.guarded),
        opened or any(e.key is None for e in reads),
    )


def is_linked(resumption: Resumption, checkpoint: Checkpoint) -> bool:
    """Whether a read goes on from what a save wrote."""
    here = resumption.run.key == checkpoint.run.key
    if resumption.run is checkpoint.run and _is_later(checkpoint.run, resumption.load, checkpoint.event):
        return False  # What a run wrote itself and takes back in begins another phase of it.
    pattern = resumption.pattern
    keys = set(checkpoint.schema.keys) if checkpoint.schema is not None else set()
    if not here and not resumption.reads_progress:
        return False
    if here and not any(overlap(a, b) for a in resumption.models for b in _states(checkpoint).states):
        return False
    is_read = bool(resumption.keys & keys) and resumption.required <= keys
    if pattern is not None and pattern == checkpoint.pattern and not any("{?" in piece for piece in pattern):
        return is_read or not resumption.keys
    if is_literal_path(pattern) and is_literal_path(checkpoint.pattern):
        return False
    shape = _shape(pattern)
    if here and shape is not None and shape == _shape(checkpoint.pattern):
        return is_read or not resumption.keys
    if resumption.keys:
        return is_read and (resumption.reads_progress or resumption.is_named)
    return checkpoint.is_plain_state and resumption.is_named


def _shape(pattern: tuple[str, ...] | None) -> tuple[str, ...] | None:
    """A path with its holes unnamed; None when it is hardly more than holes."""
    shape = tuple("{}" if piece.startswith("{") else piece for piece in pattern or ())
    letters = sum(letter.isalpha() for piece in shape for letter in piece)
    return shape if letters >= MIN_LETTERS else None


def _is_later(run: Run, event: Event, than: Event) -> bool:
    first = next((e for e in run.events if e is event or e is than), None)
    return first is than


def _states(checkpoint: Checkpoint) -> Held:
    return held_in(checkpoint.run, checkpoint.event.holds)


# ----------------------------------------------------------------------------------------------------- missing


@derives(MissingState)
def missing_states(facts: Facts) -> Iterator[MissingState]:
    """Every checkpoint to resume from that lacks state, once a place whatever trainings write it."""
    found: dict[object, MissingState] = {}
    for missing in _missing_states(facts):
        known = found.get(missing.at.base)
        if known is None or missing.evidence > known.evidence:
            found[missing.at.base] = missing
    yield from found.values()


def _missing_states(facts: Facts) -> Iterator[MissingState]:
    """Of each training the checkpoint that most looks like one to resume from, if none holds the state."""
    checkpoints = facts.of(Checkpoint)
    programs = programs_of(facts)
    for training in facts.of(Training):
        run = training.run
        if run.summary.truncated:
            continue
        own = [c for c in checkpoints if c.run is run]
        found: dict[int, tuple[Checkpoint, Evidence, Resumption | None, list[tuple[Group, bool]]]] = {}
        for group in training.groups:
            elsewhere = may_be_kept_elsewhere(run, group)
            if not group.is_stateful or elsewhere or any(keeps_state(training, group, c.event) for c in own):
                continue
            program = programs.get(run.key.path)
            resumed = [r for r in facts.of(Resumption) if programs.get(r.run.key.path) == program]
            best = _best(facts, training, group, own, resumed)
            if best is None:
                continue
            checkpoint, evidence, resumption = best
            # Models that are each saved to a file of their own are one story.
            story = id(checkpoint) if checkpoint.schema is not None else -evidence
            entry = found.setdefault(story, (checkpoint, evidence, resumption, []))
            entry[3].append((group, elsewhere is None))
        for checkpoint, evidence, resumption, groups in found.values():
            yield MissingState(
                checkpoint,
                tuple(group for group, _ in groups),
                evidence,
                all(group.is_sure for group, _ in groups),
                any(doubtful or not group.owners for group, doubtful in groups),
                resumption,
            )


def _best(
    facts: Facts, training: Training, group: Group, checkpoints: list[Checkpoint], resumed: list[Resumption]
) -> tuple[Checkpoint, Evidence, Resumption | None] | None:
    found: tuple[Checkpoint, Evidence, Resumption | None] | None = None
    for checkpoint in checkpoints:
        held = _states(checkpoint)
        if checkpoint.schema is not None and checkpoint.schema.is_open:
            continue
        if not (group.updates(held.states | held.objects) or (not group.owners and _is_only_model(training, held))):
            continue
        resumption = next((r for r in resumed if is_linked(r, checkpoint)), None)
        evidence = _evidence(facts, training, checkpoint, resumption)
        if evidence is not None and (found is None or evidence > found[1]):
            found = (checkpoint, evidence, resumption)
    return found


def _is_only_model(training: Training, held: Held) -> bool:
    """An optimizer whose parameters are not seen belongs to the one model that is saved."""
    models = [x for x in held.states if is_model_at(training.run, x)]
    return len(training.groups) == 1 and len(models) == 1


def _evidence(
    facts: Facts, training: Training, checkpoint: Checkpoint, resumption: Resumption | None
) -> Evidence | None:
    in_loop = training.is_in_loop(checkpoint.event.loops)
    if checkpoint.schema is None:
        if not checkpoint.is_plain_state:
            return None
        # Weights alone that are read back may be those of a phase that is over.
        if resumption is not None and (resumption.is_named or resumption.reads_progress):
            return Evidence.ONE_SIGN
        return Evidence.PERIODIC if in_loop or resumption is not None else None
    progress = any(is_progress(key) for key in _keys(checkpoint))
    if progress and resumption is not None:
        return Evidence.RESUMED
    name = _last_words(checkpoint.pattern)
    if resumption is None and not progress and is_only_evaluated(facts, checkpoint):
        return Evidence.PERIODIC if in_loop else None
    if resumption is not None or (in_loop and progress) or (name & PATH_WORDS and not name & EXPORT_WORDS):
        return Evidence.ONE_SIGN
    if in_loop:
        return Evidence.PERIODIC  # The best weights so far, with what they scored, are saved in the loop as well.
    # After the last epoch, progress in a file that is named for use only says where the weights come from.
    return Evidence.ONE_SIGN if progress and not name & EXPORT_WORDS else None


def _keys(checkpoint: Checkpoint) -> Iterator[str]:
    if checkpoint.schema is not None:
        yield from checkpoint.schema.keys
    for _, items in checkpoint.event.stored.inner:
        if items.kind == "dict":
            yield from (key for key, _ in items.entries if isinstance(key, str))


def _last_words(pattern: Iterable[str] | None) -> frozenset[str]:
    """Words of a path's last part, as far as it is literal."""
    last: list[str] = []
    for piece in pattern or ():
        if piece.startswith("{"):
            continue
        if "/" in piece:
            last = []
        last.append(piece.rsplit("/", 1)[-1])
    return frozenset(word for piece in last for word in words_of(piece))


# ------------------------------------------------------------------------------------------------------ unread

WATCHED = (Role.OPTIMIZER, Role.SCHEDULER, Role.SCALER, Role.AVERAGE)
"""Roles of objects whose state a resumed run needs beside the model's."""


@derives(UnreadState)
def unread_states(facts: Facts) -> Iterator[UnreadState]:
    """Every place that training goes on from and where state is left unread."""
    found: dict[object, UnreadState] = {}
    for unread in _unread_states(facts):
        found.setdefault(unread.resumption.restored.site.base, unread)
    yield from found.values()


def _unread_states(facts: Facts) -> Iterator[UnreadState]:
    """Keys with the state of an optimizer or the like that a resumption of the file does not read."""
    programs = programs_of(facts)
    groups = {id(t.run): t.groups for t in facts.of(Training)}
    for resumption in facts.of(Resumption):
        if resumption.reads_all or not (resumption.reads_progress or resumption.keys):
            continue
        program = programs.get(resumption.run.key.path)
        linked = [
            c
            for c in facts.of(Checkpoint)
            if c.schema is not None and programs.get(c.run.key.path) == program and is_linked(resumption, c)
        ]
        if not linked or any(c.schema is None or c.schema.is_open for c in linked):
            continue
        shared = set.intersection(*(set(c.schema.keys) for c in linked if c.schema is not None))
        read = {e.key for e in resumption.run.events if isinstance(e, KeyRead)}
        restored = {
            held.role
            for e in resumption.run.events
            if isinstance(e, Restored)
            for _, held in resumption.run.objects(e.target)
            if held is not None
        }
        checkpoint = linked[0]
        keys = tuple(
            (key, role)
            for key, role in _state_keys(checkpoint, groups.get(id(checkpoint.run), ()), Role.OPTIMIZER in restored)
            if key in shared and key not in read and role not in restored
        )
        if keys:
            yield UnreadState(resumption, checkpoint, keys, checkpoint.run.key == resumption.run.key)


def _state_keys(checkpoint: Checkpoint, groups: tuple[Group, ...], restores: bool) -> Iterator[tuple[str, Role]]:
    """Keys of a checkpoint that hold state which training needs, with whose it is."""
    items = checkpoint.event.stored.items
    run = checkpoint.run
    if items is None:
        return
    for key, value in items.entries:
        if not isinstance(key, str) or value.single is None or key in items.maybe:
            continue
        for location in held_in(run, value).states:
            held = run.object_at(location)
            if held is None or held.role not in WATCHED:
                continue
            api = held.api
            if held.role is Role.OPTIMIZER:
                group = [g for g in groups if any(o.location == location for o in g.optimizers)]
                if not any(g.is_sure for g in group):
                    continue
            if held.role is Role.SCHEDULER and (
                api is None
                or held.argument("last_epoch") is not None
                or (restores and api.options.get("recovers", False) is not False)
            ):
                continue
            if held.role is Role.SCALER and api is not None and held.argument("enabled") is not None:
                continue
            yield key, held.role
            break
