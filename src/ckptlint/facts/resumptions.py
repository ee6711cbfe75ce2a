"""The reads of checkpoints that training goes on from, and the saves that wrote them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ckptlint.facts.checkpoints import Checkpoint, is_literal_path, is_outside, path_pattern
from ckptlint.facts.evaluated_files import (
    comes_from,
    is_for_evaluation,
    is_model_at,
    trained_forwards,
)
from ckptlint.facts.key_words import is_progress as is_progress
from ckptlint.facts.optimizers import Held, Training, held_in, overlap
from ckptlint.facts.project import Facts, derives
from ckptlint.facts.runs import Run
from ckptlint.flow.domain import Location, root_of
from ckptlint.flow.events import Event, KeyRead, Loaded, Opened, Restored
from ckptlint.flow.written import words_of

RESUME_WORDS = frozenset("resume resuming resumed continue restart last latest recent".split())
"""Words of a path that is read that say training goes on from it."""

MIN_LETTERS = 4
"""Letters that a path with holes must have to be told from others."""


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
    if here and not any(overlap(a, b) for a in resumption.models for b in states_in(checkpoint).states):
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


def states_in(checkpoint: Checkpoint) -> Held:
    """What a checkpoint holds of the states and objects of its run."""
    return held_in(checkpoint.run, checkpoint.event.holds)
