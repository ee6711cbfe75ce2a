"""Checkpoints to go on from that lack state which the training has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import IntEnum

from ckptlint.diagnostic import Confidence
from ckptlint.facts.checkpoints import Checkpoint, programs_of
from ckptlint.facts.companions import WORDS, Companion, companions_of, may_be_absent
from ckptlint.facts.evaluated_files import is_model_at, is_only_evaluated
from ckptlint.facts.key_words import is_progress as is_progress
from ckptlint.facts.optimizers import (
    Group,
    Held,
    Training,
    holds_state_of,
    is_handed_on,
    keeps_state,
    may_be_kept_elsewhere,
    overlap,
)
from ckptlint.facts.project import Facts, derives
from ckptlint.facts.resumptions import Resumption, is_linked, states_in
from ckptlint.facts.runs import Run
from ckptlint.flow.domain import Made, Ref, Site
from ckptlint.flow.events import Built, Restored
from ckptlint.flow.written import words_of
from ckptlint.knowledge.roles import Role

PATH_WORDS = frozenset("checkpoint ckpt last latest resume".split())
"""Words of a file's name that say training goes on from it."""
EXPORT_WORDS = frozenset("final best export exported deploy inference weights trained model net".split())
"""Words of a file's name that say it is for use."""


class Evidence(IntEnum):
    """What shows that training is meant to go on from a checkpoint."""

    PERIODIC = 1
    """It is a bare state dict written while training goes on, or models' states that are only evaluated with."""
    ONE_SIGN = 2
    """Progress in it, its place in the training loop, its name, or that training goes on from it."""
    RESUMED = 3
    """It holds progress, and training goes on from it."""


_LEVELS = {
    Evidence.RESUMED: Confidence.HIGH,
    Evidence.ONE_SIGN: Confidence.MEDIUM,
    Evidence.PERIODIC: Confidence.LOW,
}


@dataclass(frozen=True, slots=True)
class Lost:
    """An object whose state no file holds."""

    built: Built
    kind: str
    """Its class by its bare name."""
    is_alone: bool
    """No other object may be in its place."""


@dataclass(frozen=True, slots=True)
class MissingState:
    """A checkpoint to resume from lacks the state of objects of a role, which no other one of its training holds."""

    role: Role
    """OPTIMIZER, SCHEDULER or SCALER; the state of the last two is missed where an optimizer's is held."""
    checkpoint: Checkpoint
    lost: tuple[Lost, ...]
    evidence: Evidence
    is_certain: bool
    """Nothing that is not seen could supply it."""
    is_doubtful: bool
    """Something that is not seen could well supply it."""
    resumption: Resumption | None

    @property
    def whose(self) -> str:
        """The role as a word."""
        return self.role.value

    @property
    def confidence(self) -> Confidence:
        """How far it may be trusted that training is meant to go on from it and has state to lose."""
        if self.is_doubtful:
            return Confidence.LOW
        found = _LEVELS[self.evidence]
        return found if self.is_certain else min(found, Confidence.MEDIUM)

    @property
    def ends(self) -> Iterator[tuple[Site, str]]:
        """The other places that belong to it, with what is there."""
        if self.resumption is not None:
            yield self.resumption.restored.site, "training goes on from it here"
        yield from ((lost.built.site, f"{lost.kind} is made here and saved nowhere") for lost in self.lost)

    @property
    def at(self) -> Site:
        """The dict that is saved, or the call that saves a bare state dict."""
        atom = self.checkpoint.event.stored.value.single
        if self.checkpoint.schema is not None and isinstance(atom, Ref) and isinstance(atom.location, Made):
            return atom.location.site
        return self.checkpoint.event.site


@derives(MissingState)
def missing_states(facts: Facts) -> Iterator[MissingState]:
    """Every checkpoint to resume from that lacks state, once a place whatever trainings write it."""
    found: dict[object, MissingState] = {}
    for missing in (*_missing_states(facts), *_missing_companions(facts)):
        place = missing.role, missing.at.base
        known = found.get(place)
        if known is None or missing.evidence > known.evidence:
            found[place] = missing
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
            if _is_made_anew(training, group):
                continue
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
                Role.OPTIMIZER,
                checkpoint,
                tuple(Lost(g.first.built, g.first.kind, len(g.optimizers) == 1) for g, _ in groups),
                evidence,
                all(group.is_sure for group, _ in groups),
                any(doubtful or not group.owners for group, doubtful in groups),
                resumption,
            )


def _is_made_anew(training: Training, group: Group) -> bool:
    """Whether each round of the loop that another optimizer trains in makes these, for what it ends with."""
    around = min(len(o.built.loops) for other in training.groups for o in other.optimizers)
    return all(len(optimizer.built.loops) > around for optimizer in group.optimizers)


def _best(
    facts: Facts, training: Training, group: Group, checkpoints: list[Checkpoint], resumed: list[Resumption]
) -> tuple[Checkpoint, Evidence, Resumption | None] | None:
    found: tuple[Checkpoint, Evidence, Resumption | None] | None = None
    for checkpoint in checkpoints:
        held = states_in(checkpoint)
        if checkpoint.schema is not None and checkpoint.schema.is_open:
            continue
        if not (group.updates(held.states | held.objects) or (not group.owners and _is_only_model(training, held))):
            continue
        resumption = next((r for r in resumed if is_linked(r, checkpoint)), None)
        evidence = _evidence(facts, training, checkpoint, resumption)
        if evidence is not None and (found is None or evidence > found[1]):
            found = (checkpoint, evidence, resumption)
    return found


def _missing_companions(facts: Facts) -> Iterator[MissingState]:
    """Of each training the checkpoint with an optimizer's state that lacks the scheduler's, or the scaler's."""
    checkpoints = facts.of(Checkpoint)
    programs = programs_of(facts)
    for training in facts.of(Training):
        run = training.run
        own = [c for c in checkpoints if c.run is run]
        if run.summary.truncated or not any(c.schema is not None for c in own):
            continue
        companions = companions_of(facts, training)
        known = {companion.location for companion in companions}
        for companion in companions:
            places = {companion.location}
            words = WORDS[companion.role]
            if companion.recovers or any(holds_state_of(run, c.event, places, known, words) for c in own):
                continue
            if is_handed_on(run, places) is not False or _is_restored(run, companion):
                continue
            program = programs.get(run.key.path)
            resumed = [r for r in facts.of(Resumption) if programs.get(r.run.key.path) == program]
            best = _best_with_optimizer(facts, training, companion, own, resumed)
            if best is not None:
                checkpoint, evidence, resumption = best
                lost = Lost(companion.built, companion.kind, True)
                yield MissingState(companion.role, checkpoint, (lost,), evidence, True, False, resumption)


def _is_restored(run: Run, companion: Companion) -> bool:
    return any(
        isinstance(e, Restored) and any(overlap(ref.location, companion.location) for ref in e.target.refs())
        for e in run.events
    )


def _best_with_optimizer(
    facts: Facts, training: Training, companion: Companion, checkpoints: list[Checkpoint], resumed: list[Resumption]
) -> tuple[Checkpoint, Evidence, Resumption | None] | None:
    optimizers = {optimizer.location for group in training.groups for optimizer in group.optimizers}
    optimizers &= companion.optimizers or optimizers
    found: tuple[Checkpoint, Evidence, Resumption | None] | None = None
    for checkpoint in checkpoints:
        if checkpoint.schema is None or checkpoint.schema.is_open or not optimizers & states_in(checkpoint).states:
            continue
        if may_be_absent(facts, companion, checkpoint.event):
            continue
        resumption = next((r for r in resumed if is_linked(r, checkpoint)), None)
        if resumption is not None and _restores(resumption, companion.role):
            return None
        evidence = _evidence(facts, training, checkpoint, resumption)
        if evidence is not None:
            evidence = min(evidence, _with_optimizer(training, checkpoint, resumption))
        if evidence is not None and (found is None or evidence > found[1]):
            found = (checkpoint, evidence, resumption)
    return found


def _with_optimizer(training: Training, checkpoint: Checkpoint, resumption: Resumption | None) -> Evidence:
    """How sure it is, at most, that a training with the optimizer's state in a file goes on where it stopped."""
    if resumption is not None:
        # One that begins to count anew has its schedule begin anew.
        is_whole = resumption.reads_progress and _restores(resumption, Role.OPTIMIZER)
        return Evidence.RESUMED if is_whole else Evidence.PERIODIC
    progress = any(is_progress(key) for key in _keys(checkpoint))
    is_export = bool(_last_words(checkpoint.pattern) & EXPORT_WORDS)
    in_loop = training.is_in_loop(checkpoint.event.loops)
    return Evidence.ONE_SIGN if progress and in_loop and not is_export else Evidence.PERIODIC


def _restores(resumption: Resumption, role: Role) -> bool:
    """Whether the run that goes on restores an object of this role."""
    run = resumption.run
    targets = (held for e in run.events if isinstance(e, Restored) for _, held in run.objects(e.target))
    return any(held is not None and held.role is role for held in targets)


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
