"""Averages of the weights that are copied into the model for an evaluation and stay there while training goes on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ckptlint.facts.arms import arms_of
from ckptlint.facts.averages import averages_of, is_updated
from ckptlint.facts.modes import EvaluationForward
from ckptlint.facts.optimizers import Training
from ckptlint.facts.project import Facts, derives
from ckptlint.flow.domain import FunctionKey, Made, Site
from ckptlint.flow.program import statements_of
from ckptlint.flow.written import operands_of, walk, words_of, written
from ckptlint.semantics import model
from ckptlint.semantics.model import Place

_COPYING = frozenset({"copy_to", "apply_shadow"})
"""Methods that put the average in place of the model's own weights."""
_RETURNING = frozenset("restore restores restored backup back undo reset swap unapply load copy".split())
"""Words of calls that may put the model's own weights back."""


@dataclass(frozen=True, slots=True)
class CopiedAverage:
    """The average takes the place of the weights that are trained, and nothing puts them back."""

    copied: Site
    made: Site
    evaluated: Site


@derives(CopiedAverage)
def copied_averages(facts: Facts) -> Iterator[CopiedAverage]:
    """Every such call in a training loop, once a place."""
    seen: set[object] = set()
    for training in facts.of(Training):
        run = training.run
        evaluations = [
            e.event.site
            for e in facts.of(EvaluationForward)
            if e.run is run and not e.assumptions and training.is_in_loop(e.event.loops)
        ]
        if not evaluations or run.summary.truncated:
            continue
        functions = {run.key: None} | {key: None for event in run.events for key in event.within}
        for location, _ in averages_of(facts, run):
            if location.site.base in seen or not is_updated(facts, run, location):
                continue
            found = _copied(facts, training, list(functions), location, evaluations)
            if found is not None:
                seen.add(location.site.base)
                yield found


def _copied(
    facts: Facts, training: Training, functions: list[FunctionKey], average: Made, evaluations: list[Site]
) -> CopiedAverage | None:
    name = (facts.name_given(average.site) or "").rsplit(".", 1)[-1]
    copies: list[tuple[str, model.CallSite]] = []
    for key in functions:
        for statement in statements_of(facts.program.function(key).body):
            for part in (part for top in operands_of(statement) for part in walk(top)):
                if not isinstance(part, model.CallSite):
                    continue
                func = part.func
                receiver = written(func.value) if isinstance(func, model.Attribute) and func.name in _COPYING else ""
                if receiver and receiver.rsplit(".", 1)[-1] == name:
                    copies.append((key.path, part))
                elif words_of(written(func)) & _RETURNING:  # `ema.restore()`, `model.load_state_dict(kept)`
                    return None
    kept = (_kept(facts, training, path, call, average, evaluations) for path, call in copies)
    return next((found for found in kept if found is not None), None)


def _kept(
    facts: Facts, training: Training, path: str, call: model.CallSite, average: Made, evaluations: list[Site]
) -> CopiedAverage | None:
    """The average stays where training steps come before it in a loop that evaluates after it on every way."""
    loop = _loop_around(facts, path, call.at)
    if loop is None:
        return None
    steps = (at for update in training.updates for at in (*update.site.chain, update.site.base))
    if not any(at[0] == path and loop[0] <= at[1][0] < call.at[0] for at in steps):
        return None
    arms = arms_of(facts.program, path, call.at)
    for site in evaluations:
        for at in (*site.chain, site.base):
            is_after = at[0] == path and call.at[0] < at[1][0] <= loop[2]
            if is_after and arms <= arms_of(facts.program, path, at[1]):
                return CopiedAverage(Site(path, call.at), average.site, Site(*at))
    return None


def _loop_around(facts: Facts, path: str, at: Place) -> Place | None:
    """The rows of the innermost loop of its function that a call lies in."""
    function = facts.function_at(path, at) or facts.program.function(FunctionKey(path, 0))
    loops = [s for s in statements_of(function.body) if isinstance(s, model.Loop)]
    rows = [(loop.at[0], 1, max(inner.at[2] for inner in statements_of(loop.body)), 1) for loop in loops]
    return max((row for row in rows if row[0] <= at[0] <= row[2]), default=None)
