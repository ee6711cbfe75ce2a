"""State in checkpoints that the code which goes on from them leaves unread."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ckptlint.facts.checkpoints import Checkpoint, programs_of
from ckptlint.facts.companions import companions_of
from ckptlint.facts.key_words import is_progress as is_progress
from ckptlint.facts.optimizers import Training, held_in, overlap
from ckptlint.facts.project import Facts, derives
from ckptlint.facts.resumptions import Resumption, is_linked
from ckptlint.flow.domain import Location, Made, Site
from ckptlint.flow.events import KeyRead, Restored
from ckptlint.knowledge.roles import Role


@dataclass(frozen=True, slots=True)
class UnreadState:
    """Training goes on from a checkpoint and leaves the state of some objects in it."""

    resumption: Resumption
    checkpoint: Checkpoint
    keys: tuple[tuple[str, Role], ...]
    made: tuple[Site, ...]
    """Where the objects are made whose states these keys hold, one each; none when that is not seen of one."""
    is_sure: bool
    """The same run writes the file and goes on from it."""


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
    trainings = {id(t.run): t for t in facts.of(Training)}
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
            (ref.location, held.role)
            for e in resumption.run.events
            if isinstance(e, Restored)
            for ref, held in resumption.run.objects(e.target)
            if held is not None
        }
        roles = {role for _, role in restored}
        checkpoint = linked[0]
        training = trainings.get(id(checkpoint.run))
        # Of several optimizers one may be forgotten: in one run they are told apart.
        places = {location for location, _ in restored} if checkpoint.run is resumption.run else set()
        left = [
            (key, role, location)
            for key, role, location in _state_keys(facts, checkpoint, training, Role.OPTIMIZER in roles)
            if key in shared and key not in read
            if (role not in roles if not places else not any(overlap(location, place) for place in places))
        ]
        if left:
            is_sure = checkpoint.run.key == resumption.run.key
            sites = [location.site for _, _, location in left if isinstance(location, Made)]
            made = tuple(sites) if is_sure and len(sites) == len(left) else ()
            yield UnreadState(resumption, checkpoint, tuple((key, role) for key, role, _ in left), made, is_sure)


def _state_keys(
    facts: Facts, checkpoint: Checkpoint, training: Training | None, restores: bool
) -> Iterator[tuple[str, Role, Location]]:
    """Keys of a checkpoint that hold state which training needs, with whose it is."""
    items = checkpoint.event.stored.items
    run = checkpoint.run
    if items is None:
        return
    groups = training.groups if training is not None else ()
    companions = companions_of(facts, training) if training is not None else []
    needed = {c.location for c in companions if not (restores and c.recovers)}
    for key, value in items.entries:
        if not isinstance(key, str) or value.single is None or key in items.maybe:
            continue
        for location in held_in(run, value).states:
            held = run.object_at(location)
            if held is None or held.role not in WATCHED:
                continue
            if held.role is Role.OPTIMIZER:
                group = [g for g in groups if any(o.location == location for o in g.optimizers)]
                if not any(g.is_sure for g in group):
                    continue
            elif held.role is not Role.AVERAGE and location not in needed:
                continue
            yield key, held.role, location
            break
