"""A model is evaluated while it is in train mode."""

from __future__ import annotations

from collections.abc import Iterator

from ckptlint import fixes
from ckptlint.diagnostic import Assumption, Confidence, Diagnostic, Related, Severity, confidence_of
from ckptlint.facts.insertions import place_before
from ckptlint.facts.modes import EvaluationForward, mode_assumptions, name_of
from ckptlint.facts.partial_modes import PartlySwitchedPlaces
from ckptlint.facts.project import Facts
from ckptlint.facts.tried_models import is_tried_out
from ckptlint.rule import Rule
from ckptlint.text import Applicability, Fix

RULE = Rule(
    __name__,
    code="CKP401",
    severity=Severity.ERROR,
    summary="A model is evaluated in train mode: dropout is on and batch statistics are used and changed.",
)


@RULE.check(EvaluationForward)
def check(fact: EvaluationForward, facts: Facts) -> Iterator[Diagnostic]:
    """Every definition that reaches the call leaves the model in train mode."""
    if fact.sensitive.holds is False or not fact.modes:
        return
    if not all(d.trains or d.kind == "entry" for d in fact.modes) or is_tried_out(facts, fact.run, fact.event):
        return
    if any(fact.event.site.base in owned.places for owned in facts.of(PartlySwitchedPlaces)):
        return  # CKP409 says which of the evaluation's models is switched and which is not.
    assumptions = fact.assumptions | mode_assumptions(fact.modes)
    if fact.sensitive.holds is None:
        assumptions |= {Assumption.CLASS_UNSEEN}
    confidence = confidence_of(assumptions)
    if any(d.kind == "entry" for d in fact.modes):
        confidence = Confidence.LOW  # Of all its callers none is seen to make the model.
    if fact.sensitive.is_weak:
        # Neither dropped units nor other samples change the result; or no layer that is seen makes a difference.
        confidence = Confidence.LOW
    name = name_of(fact.event)
    layer = f"its {fact.sensitive.layer} acts" if fact.sensitive.layer else "its dropout and batch statistics act"
    statement = facts.span(fact.event.site.path, fact.event.statement)
    yield RULE.at(
        facts.site_span(fact.event.site),
        f"`{name}` is in train mode when {fact.reason} runs it: {layer} as in training, "
        "so the result is not that of the saved weights",
        confidence=confidence,
        related=tuple(_related(fact, facts, name)),
        fix=_fix(fact, facts, name),
        statement=statement,
    )


def _fix(fact: EvaluationForward, facts: Facts, name: str) -> Fix | None:
    place = place_before(facts, fact.run, fact.event, name) if name.replace(".", "").isidentifier() else None
    if place is None:
        return None
    return fixes.insert_before_statement(
        facts.span(fact.event.site.path, place),
        [f"{name}.eval()"],
        f"call `{name}.eval()` before it runs",
        Applicability.UNSAFE,
    )


def _related(fact: EvaluationForward, facts: Facts, name: str) -> Iterator[Related]:
    for definition in sorted(fact.modes, key=repr):
        if definition.site is not None and not definition.crossed:
            said = "is built here, in train mode" if definition.kind == "built" else "is put into train mode here"
            yield Related(facts.site_span(definition.site), f"the model {said}")
    callers = [call for call in fact.event.site.chain if call[0]]
    if callers:
        yield Related(facts.span(*callers[-1]), f"called from here, with no eval() before `{name}` runs")
