"""How far a training had come: resumed ones that count from zero though their schedule follows the counter."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ckptlint.facts.checkpoints import Checkpoint
from ckptlint.facts.key_words import PROGRESS_WORDS
from ckptlint.facts.optimizers import Training
from ckptlint.facts.project import Facts, derives
from ckptlint.facts.resumptions import Resumption, is_linked, states_in
from ckptlint.facts.runs import Run
from ckptlint.flow.domain import Site
from ckptlint.flow.events import Restored
from ckptlint.flow.program import statements_of
from ckptlint.flow.written import is_named_in, operands_of, walk, words_of, written
from ckptlint.knowledge.roles import Role
from ckptlint.semantics import model
from ckptlint.semantics.model import CallSite, Loop, Operand

_RATE_WORDS = frozenset("lr rate warmup anneal annealing schedule scheduler decay".split())
_COUNTING = frozenset({"range", "trange"})
_SHOWING = frozenset({"tqdm", "trange", "track"})


@dataclass(frozen=True, slots=True)
class MissingProgress:
    """Training goes on with the optimizer's state and begins to count anew, and its rate follows the counter."""

    resumption: Resumption
    checkpoint: Checkpoint
    loop: Site
    """Where the training counts."""
    counter: str
    used: Site
    """Where the rate follows it."""


@derives(MissingProgress)
def missing_progress(facts: Facts) -> Iterator[MissingProgress]:
    """Every such place, once."""
    seen: set[object] = set()
    trainings = {id(t.run): t for t in facts.of(Training)}
    for resumption in facts.of(Resumption):
        training = trainings.get(id(resumption.run))
        place = resumption.restored.site.base
        if training is None or place in seen or resumption.reads_all or _knows_progress(resumption):
            continue
        linked = [c for c in facts.of(Checkpoint) if c.run is resumption.run and is_linked(resumption, c)]
        if not linked or any(_may_hold_progress(c) for c in linked) or not _restores_all(training, resumption, linked):
            continue
        found = next(_driven(facts, training), None)
        if found is not None:
            seen.add(place)
            yield MissingProgress(resumption, linked[0], *found)


def _knows_progress(resumption: Resumption) -> bool:
    """Whether a key or the file's name says how far it is; a name with a hole may."""
    pattern = resumption.pattern or ("{}",)
    return any(words_of(key) & PROGRESS_WORDS for key in resumption.keys) or any(p.startswith("{") for p in pattern)


def _may_hold_progress(checkpoint: Checkpoint) -> bool:
    schema = checkpoint.schema
    if schema is None or schema.is_open:
        return True
    entries = list(schema.of_kind("progress", "unknown", "value", "arguments"))
    return bool(entries) or any(words_of(key) & PROGRESS_WORDS for key in schema.keys)


def _restores_all(training: Training, resumption: Resumption, linked: list[Checkpoint]) -> bool:
    """Whether every optimizer is in the files and restored: it is the same training that goes on."""
    run = resumption.run
    restored = {ref.location for e in run.events if isinstance(e, Restored) for ref in e.target.refs()}
    roles = {held.role for place in restored if (held := run.object_at(place)) is not None}
    if Role.SCHEDULER in roles:
        return False  # It counts by itself.
    optimizers = {optimizer.location for group in training.groups for optimizer in group.optimizers}
    return optimizers <= restored and all(optimizers <= states_in(checkpoint).states for checkpoint in linked)


def _driven(facts: Facts, training: Training) -> Iterator[tuple[Site, str, Site]]:
    """Loops that count a training from zero, with the counter, and where the rate follows it."""
    run = training.run
    counted = {update.loops[0] for update in training.updates if update.loops}
    for path, loop in _loops(facts, run):
        if written(loop.iter) not in counted or not isinstance(loop.target, model.Name) or not _is_from_zero(loop.iter):
            continue
        counter = loop.target.id
        for statement in statements_of(loop.body):
            if _follows(statement, counter):
                yield Site(path, loop.at), counter, Site(path, statement.at)
                break


def _loops(facts: Facts, run: Run) -> Iterator[tuple[str, Loop]]:
    for key in {key for event in run.events for key in event.within} | {run.key}:
        for statement in statements_of(facts.program.function(key).body):
            if isinstance(statement, model.Loop):
                yield key.path, statement


def _is_from_zero(counted: Operand) -> bool:
    if not isinstance(counted, CallSite):
        return False
    name = written(counted.func).rsplit(".", 1)[-1]
    given = [a.value for a in counted.args if a.keyword is None]
    if name in _SHOWING - _COUNTING and given:
        return _is_from_zero(given[0])
    if name not in _COUNTING:
        return False
    return len(given) == 1 or (len(given) == 2 and isinstance(given[0], model.Literal) and given[0].value == 0)


def _follows(statement: model.Statement, counter: str) -> bool:
    """Whether a statement sets the rate, or steps a schedule, by the counter."""
    if isinstance(statement, model.Bind) and statement.value is not None:
        targets = frozenset[str]().union(*(words_of(written(target)) for target in statement.targets))
        if "lr" in targets and is_named_in(statement.value, counter):
            return True
    calls = [p for operand in operands_of(statement) for p in walk(operand) if isinstance(p, CallSite)]
    return any(
        words_of(written(call.func)) & _RATE_WORDS
        and not _is_shown(call)
        and any(is_named_in(a.value, counter) for a in call.args)
        for call in calls
    )


def _is_shown(call: CallSite) -> bool:
    """Whether a call only shows or records something."""
    return bool(words_of(written(call.func)) & {"print", "log", "add", "info", "format", "get", "append", "write"})
