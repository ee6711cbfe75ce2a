"""Where, seen from a training call, the evaluation that switches the mode is called."""

from __future__ import annotations

from dataclasses import dataclass

from ckptlint.facts.places import call_at, statement_at
from ckptlint.facts.project import Facts
from ckptlint.flow.domain import ModeDef, Site
from ckptlint.flow.events import Forward
from ckptlint.flow.written import words_of, written
from ckptlint.semantics import model
from ckptlint.semantics.model import CallSite, Place
from ckptlint.text import Span

MODEL_WORDS = frozenset("model net network module".split())


@dataclass(frozen=True, slots=True)
class CallingStatement:
    """A simple statement that calls the helper which switches the mode."""

    span: Span
    call: CallSite
    other: CallSite | None
    """The call in the same function that leads to the training call."""


def _steps(site: Site) -> list[tuple[str, Place]]:
    return [*(c for c in site.chain if c[0]), site.base]


def calling_statement(facts: Facts, trained: Site, switch: ModeDef) -> CallingStatement | None:
    """The statement to put a `train()` after: in the innermost function both calls are reached from."""
    if switch.site is None:
        return None
    steps, other = _steps(switch.site), _steps(trained)
    common = 0
    while common < min(len(steps), len(other)) - 1 and steps[common] == other[common]:
        common += 1
    if common >= len(steps) - 1:
        return None  # The switch itself stands beside the training: there is no helper to come back from.
    path, at = steps[common]
    statement = statement_at(facts.program, path, at)
    call = call_at(facts.program, path, at)
    if call is None or not isinstance(statement, model.Evaluate | model.Bind | model.Augment):
        return None
    return CallingStatement(facts.span(path, statement.at), call, call_at(facts.program, *other[common]))


def model_name_in(facts: Facts, found: CallingStatement, event: Forward) -> str | None:
    """How the function that holds the statement names the model."""
    receiver = found.call.func.value if isinstance(found.call.func, model.Attribute) else None
    is_forward = found.other is not None and found.other.at == event.site.at
    beside = {written(found.other.func)} if found.other is not None else set()
    if found.other is not None and not is_forward:  # What a model is called on is data.
        beside |= {written(a.value) for a in found.other.args}
    if receiver is not None and is_forward and written(receiver) in beside:
        return written(receiver)
    names = [written(a.value) for a in found.call.args if isinstance(a.value, model.Name | model.Attribute)]
    shared = [name for name in names if name in beside]
    for name in shared or names:
        if words_of(name) & MODEL_WORDS or len(shared) == 1:
            return name
    if receiver is not None and event.written.startswith(f"{written(receiver)}."):
        return event.written
    return None
