"""Models that a training evaluates, where another one is what it saves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ckptlint.facts.averages import unkept_averages
from ckptlint.facts.checkpoints import Checkpoint
from ckptlint.facts.modes import EvaluationForward
from ckptlint.facts.optimizers import Training, held_in, overlap
from ckptlint.facts.project import Facts, derives
from ckptlint.flow.domain import Made, Site
from ckptlint.flow.events import Forward, Opened, Restored


@dataclass(frozen=True, slots=True)
class EvaluatedAverage:
    """Every evaluation of a training runs an average of the weights, and only the model that it follows is saved."""

    checkpoint: Checkpoint
    made: Site
    evaluated: Forward


@derives(EvaluatedAverage)
def evaluated_averages(facts: Facts) -> Iterator[EvaluatedAverage]:
    """Every such save, once a place; what a training goes on from is another story."""
    seen: set[object] = set()
    for average in unkept_averages(facts):
        for found in _saved_instead(facts, average.training, average.location, average.own):
            if found.checkpoint.event.site.base not in seen:
                seen.add(found.checkpoint.event.site.base)
                yield found


def _saved_instead(
    facts: Facts, training: Training, average: Made, own: list[Checkpoint]
) -> Iterator[EvaluatedAverage]:
    run = training.run
    held = [held_in(run, c.event.holds) for c in own]
    if any(h.is_open or any(overlap(average, x) for x in h.states | h.objects) for h in held):
        return
    if any(isinstance(e, Opened) and average in {r.location for r in e.operand.refs()} for e in run.events):
        return
    if any(isinstance(e, Restored) and _comes_from(facts, training, e, average) for e in run.events):
        return
    optimizers = {o.location for group in training.groups for o in group.optimizers}
    evaluations = [e.event for e in facts.of(EvaluationForward) if e.run is run and training.is_in_loop(e.event.loops)]
    used = [{ref.location for ref in e.operand.refs()} for e in evaluations]
    if not used or any(not u or not all(overlap(x, average) for x in u) for u in used):
        return
    for checkpoint, states in zip(own, held, strict=True):
        if not training.is_in_loop(checkpoint.event.loops) or optimizers & (states.states | states.objects):
            continue
        if any(group.updates(states.states) for group in training.groups):
            yield EvaluatedAverage(checkpoint, average.site, evaluations[0])


def _comes_from(facts: Facts, training: Training, event: Restored, average: Made) -> bool:
    """Whether a model gets the average's weights."""
    return any(overlap(x, average) for x in held_in(training.run, event.value).states)
