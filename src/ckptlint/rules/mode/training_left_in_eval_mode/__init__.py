"""A training loop goes on in eval mode because an evaluation in it never goes back to train mode."""

from __future__ import annotations

from collections.abc import Iterator

from ckptlint import fixes
from ckptlint.diagnostic import Assumption, Confidence, Diagnostic, Related, Severity, confidence_of
from ckptlint.facts.modes import TrainingForward, mode_assumptions, name_of
from ckptlint.facts.project import Facts
from ckptlint.facts.switches import calling_statement, model_name_in
from ckptlint.flow.domain import ModeDef
from ckptlint.rule import Rule
from ckptlint.text import Applicability, Fix

RULE = Rule(
    __name__,
    code="CKP402",
    severity=Severity.ERROR,
    summary="A model is trained in eval mode from the second round on: an evaluation never goes back to train().",
)


@RULE.check(TrainingForward)
def check(fact: TrainingForward, facts: Facts) -> Iterator[Diagnostic]:
    """An eval definition comes over a back edge where a train definition comes without one."""
    first = [d for d in fact.modes if not d.crossed and (d.trains or d.kind == "entry")]
    from_start = {d.site for d in fact.modes if not d.crossed and d.evaluates}
    # A switch that holds in the first round too was made on purpose, but for an evaluation that comes before it.
    purposeful = from_start - fact.interruptions
    later = sorted((d for d in fact.modes if d.crossed and d.evaluates and d.site not in purposeful), key=repr)
    if fact.sensitive.holds is False or not later or not first or any(d.kind == "unknown" for d in fact.modes):
        return
    assumptions = fact.assumptions | mode_assumptions(frozenset(first) | frozenset(later))
    if fact.sensitive.holds is None:
        assumptions |= {Assumption.CLASS_UNSEEN}
    if from_start:
        assumptions |= {Assumption.BRANCH_CORRELATION}
    switch = later[0]
    if _restores_elsewhere(fact, facts, switch):
        assumptions |= {Assumption.BRANCH_CORRELATION}
    name = name_of(fact.event)
    related = [
        Related(facts.site_span(d.site), "the model is put into eval mode here") for d in later if d.site is not None
    ]
    related += [
        Related(facts.site_span(d.site), "it is in train mode for the first round from here")
        for d in sorted(first, key=repr)
        if d.site is not None
    ]
    yield RULE.at(
        facts.site_span(fact.event.site),
        f"`{name}` is trained in eval mode from the second round on: nothing calls train() after the evaluation, "
        "so dropout is off and batch statistics stay as they are",
        confidence=Confidence.LOW if fact.sensitive.is_weak else confidence_of(assumptions),
        related=tuple(dict.fromkeys(related)),
        fix=_fix(fact, facts, switch),
        statement=facts.span(fact.event.site.path, fact.event.statement),
    )


def _restores_elsewhere(fact: TrainingForward, facts: Facts, switch: ModeDef) -> bool:
    """The helper that switches to eval mode also switches back, on some of its paths."""
    if switch.site is None:
        return False
    function = facts.function_at(switch.site.path, switch.site.at)
    return (
        function is not None
        and (switch.site.path, function.qualname) in fact.restorers
        and function.index > 0
        and (facts.function_at(fact.event.site.path, fact.event.site.at) is not function)
    )


def _fix(fact: TrainingForward, facts: Facts, switch: ModeDef) -> Fix | None:
    found = calling_statement(facts, fact.event.site, switch)
    if found is None:
        return None
    name = model_name_in(facts, found, fact.event)
    if name is None:
        return None
    return fixes.insert_after_statement(
        found.span, [f"{name}.train()"], f"call `{name}.train()` after the evaluation", Applicability.UNSAFE
    )
