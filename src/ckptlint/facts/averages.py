"""Averages of a model's weights: what a checkpoint to resume from leaves out, and what an evaluation lacks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from ckptlint.facts.checkpoints import Checkpoint
from ckptlint.facts.key_words import is_progress
from ckptlint.facts.optimizers import KEEPING_WORDS, Training, held_in
from ckptlint.facts.project import Facts, derives
from ckptlint.facts.resumptions import Resumption, is_linked
from ckptlint.facts.runs import Run
from ckptlint.flow.domain import Const, Location, Made, Object, Site, root_of
from ckptlint.flow.events import Forward, Opened, Saved
from ckptlint.flow.program import statements_of
from ckptlint.flow.written import operands_of, walk, words_of, written
from ckptlint.knowledge.roles import Role
from ckptlint.semantics import model

AVERAGE_WORDS = frozenset("ema modelema averagedmodel swa".split())
"""Words of the name of a class of the project's own whose objects average weights."""
_REFRESHES = (b"update_bn", b"bn_update", b"update_batch_norm", b"reset_bn", b"recalibrate")
"""Text of files that compute the statistics of batches anew."""


@dataclass(frozen=True, slots=True)
class MissingAverage:
    """A checkpoint to resume from holds the model and its optimizer, and no file the average that goes with them."""

    checkpoint: Checkpoint
    made: Site
    """Where the average is made."""
    resumption: Resumption | None
    by_name: bool
    """Its class is the project's own: only its name says that it averages."""


@dataclass(frozen=True, slots=True)
class UnrefreshedAverage:
    """Averaged weights of a model with batch statistics are evaluated, or saved, without statistics of their own."""

    made: Site
    used: Site
    is_saved: bool
    is_known: bool
    """The model is known to have batch statistics."""


class TrainedAverage(NamedTuple):
    """An average that follows the model of a training."""

    training: Training
    own: list[Checkpoint]
    """The checkpoints of the training's run."""
    location: Made
    held: Object


@derives(MissingAverage)
def missing_averages(facts: Facts) -> Iterator[MissingAverage]:
    """Every average that no file of its training holds though one is written to go on from."""
    seen: set[object] = set()
    for average in unkept_averages(facts):
        if average.location.site.base in seen:
            continue
        found = _lacking(facts, average.training, average.location, average.own)
        if found is not None:
            seen.add(average.location.site.base)
            yield MissingAverage(*found, by_name=average.held.role is not Role.AVERAGE)


def unkept_averages(facts: Facts) -> Iterator[TrainedAverage]:
    """The averages of trainings that save something, of which nothing says that they may be kept some other way."""
    for training in facts.of(Training):
        run = training.run
        own = [c for c in facts.of(Checkpoint) if c.run is run]
        if not own or run.summary.truncated:
            continue
        for location, held in averages_of(facts, run):
            if is_updated(facts, run, location) and not may_be_kept(facts, run, location):
                yield TrainedAverage(training, own, location, held)


def averages_of(facts: Facts, run: Run) -> Iterator[tuple[Made, Object]]:
    """The averages that a run makes, by role or by the name of their class."""
    for location, held in run.summary.objects.items():
        if not isinstance(location, Made):
            continue
        is_named = held.model is not None and words_of(facts.program.class_model(held.model).name) & AVERAGE_WORDS
        if held.role is Role.AVERAGE or is_named:
            yield location, held


def is_updated(facts: Facts, run: Run, location: Made) -> bool:
    """Whether the function that makes an average, or one that is called in the run, updates what it is called."""
    name = facts.name_given(location.site)
    if name is None:
        return False
    last = name.rsplit(".", 1)[-1]
    return any(
        isinstance(call.func, model.Attribute)
        and call.func.name.startswith("update")
        and written(call.func.value).rsplit(".", 1)[-1] == last
        for call in _calls_in(facts, run)
    )


def may_be_kept(facts: Facts, run: Run, location: Made) -> bool:
    """Whether something that is called for saving gets an average, or the object that holds it."""
    name = facts.name_given(location.site) or ""
    given = {name, name.rsplit(".", 1)[-1], name.split(".", 1)[0]}
    return any(
        words_of(written(call.func).rsplit(".", 1)[-1]) & KEEPING_WORDS
        and any(written(argument.value) in given for argument in call.args)
        for call in _calls_in(facts, run)
    )


def _calls_in(facts: Facts, run: Run) -> Iterator[model.CallSite]:
    """The calls in functions that a run goes through."""
    for key in {key for event in run.events for key in event.within} | {run.key}:
        for statement in statements_of(facts.program.function(key).body):
            for part in (part for top in operands_of(statement) for part in walk(top)):
                if isinstance(part, model.CallSite):
                    yield part


def _lacking(
    facts: Facts, training: Training, location: Made, own: list[Checkpoint]
) -> tuple[Checkpoint, Site, Resumption | None] | None:
    run = training.run
    owned = {o.location for group in training.groups for o in group.optimizers}
    best: tuple[Checkpoint, Site, Resumption | None] | None = None
    for checkpoint in own:
        held = held_in(run, checkpoint.event.holds)
        if held.is_open or checkpoint.event.stores == "training":
            return None
        if _holds(location, held.states | held.objects):
            return None
        schema = checkpoint.schema
        if schema is None or schema.is_open or not owned & held.states:
            continue
        if any(words_of(key) & AVERAGE_WORDS for key in schema.keys) or not any(map(is_progress, schema.keys)):
            continue
        resumption = next((r for r in facts.of(Resumption) if is_linked(r, checkpoint)), None)
        if best is None or resumption is not None:
            best = checkpoint, location.site, resumption
    if any(isinstance(e, Opened) and location in {r.location for r in e.operand.refs()} for e in run.events):
        return None
    return best


def _holds(location: Made, held: frozenset[Location]) -> bool:
    return any(root_of(place) == location for place in held)


# ----------------------------------------------------------------------------------------------- batch statistics


@derives(UnrefreshedAverage)
def unrefreshed_averages(facts: Facts) -> Iterator[UnrefreshedAverage]:
    """Every plain average of a model with batch statistics that is used as it is."""
    seen: set[object] = set()
    for run in facts.runs:
        for location, held in averages_of(facts, run):
            api = held.api
            if held.role is not Role.AVERAGE or api is None or location.site.base in seen:
                continue
            if not isinstance(api.options.get("averages_buffers"), str) or not _is_plain(held):
                continue
            buffers = facts.modules.trait(held, "buffers", run.object_at).holds
            if buffers is not True or not is_updated(facts, run, location) or _refreshes(facts, run):
                continue
            use = _use(run, location)
            if use is not None:
                seen.add(location.site.base)
                yield UnrefreshedAverage(location.site, use.site, isinstance(use, Saved), True)


def _is_plain(held: Object) -> bool:
    """Whether it averages parameters evenly, and leaves buffers as they are."""
    for name, value in held.arguments:
        if name in ("avg_fn", "multi_avg_fn") and value.single != Const("NoneType", None):
            return False
        if name == "use_buffers" and value.single != Const("bool", False):
            return False
    return True


def _refreshes(facts: Facts, run: Run) -> bool:
    paths = {key.path for event in run.events for key in event.within} | {run.key.path}
    return any(text in facts.program.data(path) for path in paths for text in _REFRESHES)


def _use(run: Run, location: Made) -> Forward | Saved | None:
    for event in run.events:
        if (
            isinstance(event, Forward)
            and not event.gradients
            and location in {r.location for r in event.operand.refs()}
        ):
            return event
        if isinstance(event, Saved) and _holds(location, held_in(run, event.holds).states):
            words = {word for key in _keys(event) for word in words_of(key)}
            if not words & {"optimizer", "optim", "epoch"}:
                return event
    return None


def _keys(event: Saved) -> list[str]:
    items = event.stored.items
    return [k for k, _ in items.entries if isinstance(k, str)] if items is not None else []
