"""What models are used for after weights were put into them."""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum

from ckptlint.facts.evaluated_files import comes_from
from ckptlint.facts.links import LoadedUse
from ckptlint.facts.optimizers import touches
from ckptlint.facts.runs import Run
from ckptlint.facts.vocabulary import purpose_of
from ckptlint.flow.domain import Location, Ran, Value
from ckptlint.flow.events import Event, Fitted, Forward, Update


class Purpose(IntEnum):
    """What the model is used for afterwards; the higher, the worse a part that is missing."""

    UNKNOWN = 0
    FINE_TUNED = 1
    RESUMED = 2
    EVALUATED = 3


def locations_of(value: Value) -> set[Location]:
    """The places that a value may be."""
    return {ref.location for ref in value.refs()}


def purpose_after(
    run: Run,
    event: Event,
    places: set[Location],
    models: set[Location],
    use: LoadedUse | None,
    counts: Callable[[Event], bool] = lambda event: True,
) -> Purpose:
    """What the models are used for after an event of a run, by those later events that count."""
    trained = {o.site for e in run.events if isinstance(e, Update) for o in e.operand.origins if isinstance(o, Ran)}
    trains = evaluates = seen = False
    for later in run.events:
        seen = seen or later is event
        if not seen or not isinstance(later, Forward | Fitted) or not counts(later):
            continue
        if isinstance(later, Forward) and (comes_from(later.weights, places) or touches(later.operand, models)):
            is_training = later.site in trained or purpose_of(later.method) == "training"
            trains |= is_training
            evaluates |= not is_training
        elif isinstance(later, Fitted) and touches(later.operand, models):
            trains |= later.kind == "fit"
            evaluates |= later.kind != "fit"
    if trains:
        return Purpose.RESUMED if use is not None and use.reads_training_state else Purpose.FINE_TUNED
    is_trained = run.trains
    return Purpose.EVALUATED if evaluates and not is_trained else Purpose.UNKNOWN
