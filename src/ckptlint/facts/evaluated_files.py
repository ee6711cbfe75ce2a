"""Files of weights that the program reads back only to evaluate with them."""

from __future__ import annotations

import re

from ckptlint.facts.arms import arms_of
from ckptlint.facts.checkpoints import Checkpoint, is_outside, path_pattern, programs_of
from ckptlint.facts.optimizers import Training, held_in
from ckptlint.facts.project import Facts
from ckptlint.facts.runs import Run
from ckptlint.facts.vocabulary import EVALUATION_WORDS, TRAINING_DATA_WORDS
from ckptlint.flow.classes import MODULE_ROLES
from ckptlint.flow.domain import Location, Mark, Ran, Value, root_of
from ckptlint.flow.events import Fitted, Forward, KeyRead, Loaded, Opened, Restored
from ckptlint.flow.program import Program
from ckptlint.flow.written import words_of

_CHOSEN = re.compile(r"^[\w.]+ == '(\w+)'$")
_FLAG = re.compile(r"^[\w.]+$")


def trained_forwards(training: Training) -> list[Forward]:
    """Forwards whose output reaches a backward."""
    sites = {o.site for update in training.updates for o in update.operand.origins if isinstance(o, Ran)}
    return [e for e in training.run.events if isinstance(e, Forward) and e.site in sites]


def comes_from(value: Value, places: set[Location]) -> bool:
    """Whether a value was made from what is at one of these places."""
    found = {*value.origins, *(ref.location for ref in value.refs())}
    return any(not isinstance(o, Mark) and (o in places or root_of(o) in places) for o in found)


def is_model_at(run: Run, location: Location) -> bool:
    """Whether a location holds a model, or what may be one."""
    held = run.object_at(location)
    return held is None or held.role is None or held.role in MODULE_ROLES


def is_only_evaluated(facts: Facts, checkpoint: Checkpoint) -> bool:
    """Whether a dict holds models' states only and wherever it is read back models are evaluated, not trained, with it.

    No when nothing reads it.
    """
    if not _holds_models_only(checkpoint):
        return False
    programs = programs_of(facts)
    program = programs.get(checkpoint.run.key.path)
    uses = [
        _is_evaluated(facts, run, load)
        for run in facts.runs
        if programs.get(run.key.path) == program
        for load in run.events
        if isinstance(load, Loaded) and _may_read(run, load, checkpoint)
    ]
    return bool(uses) and all(uses)


def _holds_models_only(checkpoint: Checkpoint) -> bool:
    run, items = checkpoint.run, checkpoint.event.stored.items
    values = items.values() if items is not None else []
    held = [held_in(run, value) for value in values]
    return bool(held) and all(
        value.refs() and one.states and not one.is_open and all(is_model_at(run, x) for x in one.states)
        for value, one in zip(values, held, strict=True)
    )


def _may_read(run: Run, load: Loaded, checkpoint: Checkpoint) -> bool:
    pattern, keys = path_pattern(load.path), set(checkpoint.schema.keys if checkpoint.schema is not None else ())
    if load.outside or is_outside(load):
        return False
    if pattern is not None and pattern == checkpoint.pattern:
        return True
    if _is_literal(pattern) and _is_literal(checkpoint.pattern):
        return False
    read = _keys_read(run, load)
    # Of one that goes to code that is not seen, what is read is not known.
    return bool(read & keys) or (None in read and (run is checkpoint.run or bool(_restored(run, load))))


def _is_literal(pattern: tuple[str, ...] | None) -> bool:
    return pattern is not None and not any(piece.startswith("{") for piece in pattern)


def _keys_read(run: Run, load: Loaded) -> set[object]:
    """The keys that are read from it, None for one that is not known."""
    places = _places(load)
    found: set[object] = set()
    for event in run.events:
        if isinstance(event, KeyRead) and any(root_of(ref.location) in places for ref in event.holder.refs()):
            found.add(event.key)
        elif isinstance(event, Opened) and any(ref.location in places for ref in event.operand.refs()):
            found.add(None)
    return found


def _restored(run: Run, load: Loaded) -> list[Restored]:
    return [e for e in run.events if isinstance(e, Restored) and comes_from(e.value, _places(load))]


def _places(load: Loaded) -> set[Location]:
    return {ref.location for ref in load.made.refs()}


def _is_evaluated(facts: Facts, run: Run, load: Loaded) -> bool:
    """Whether models get their state from it, and are evaluated, not trained, from then on."""
    places, restored = _places(load), _restored(run, load)
    if not restored or None in _keys_read(run, load):
        return False
    trainings = [t for t in facts.of(Training) if t.run is run]
    trained = {id(e) for t in trainings for e in trained_forwards(t)}
    after = [e for e in run.after(load) if isinstance(e, Forward | Fitted)]
    runs = [e for e in after if isinstance(e, Forward) and comes_from(e.weights, places)]
    models = {ref.location for e in restored for ref in e.target.refs()}
    fitted = [e for e in after if isinstance(e, Fitted) and models & {ref.location for ref in e.operand.refs()}]
    if not any(id(e) not in trained for e in runs) and not any(e.kind != "fit" for e in fitted):
        return False
    trains = (
        any(t.is_in_loop(load.loops) for t in trainings)
        or any(id(e) in trained for e in runs)
        or any(e.kind == "fit" for e in fitted)
    )
    return not trains or is_for_evaluation(facts.program, load)


def is_for_evaluation(program: Program, load: Loaded) -> bool:
    """Whether it stands under a test that asks for another purpose than training (`args.phase != "train"`)."""
    site = load.site
    return any(
        _excludes_training(text, side == "True")
        for path, at in (*site.chain, site.base)
        if path
        for text, side in arms_of(program, path, at)
    )


def _excludes_training(text: str, side: bool) -> bool:
    chosen = _CHOSEN.match(text)
    if chosen is None and not _FLAG.match(text):
        return False
    words = words_of(chosen.group(1) if chosen is not None else text.rpartition(".")[2])
    if words & TRAINING_DATA_WORDS:
        return not side
    return side and bool(words & EVALUATION_WORDS)
