"""Training and evaluation images are prepared in different ways."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ckptlint.diagnostic import Confidence, Diagnostic, Related, Severity, confidence_of
from ckptlint.facts.evaluated_data import PreparedDifferently
from ckptlint.facts.preprocessing import described
from ckptlint.rule import Rule

if TYPE_CHECKING:
    from ckptlint.facts.project import Facts

RULE = Rule(
    __name__,
    code="CKP601",
    severity=Severity.ERROR,
    summary="Training and evaluation images are prepared in different ways.",
)


@RULE.check(PreparedDifferently)
def check(fact: PreparedDifferently, facts: Facts) -> Iterator[Diagnostic]:
    """Report at the evaluation pipeline's differing step, or at its constructor when a step is missing."""
    here, there = fact.difference.evaluation, fact.difference.training
    at = here.location if here is not None and here.location is not None else fact.evaluation.pipeline.location
    other = there.location if there is not None and there.location is not None else fact.training.pipeline.location
    confidence = confidence_of(fact.assumptions)
    if not fact.difference.is_literal:
        confidence = min(confidence, Confidence.MEDIUM)
    if fact.difference.kind == "size":
        confidence = Confidence.LOW  # Many models take images of any size, and larger ones at evaluation are a habit.
    ours, theirs = described(fact.difference, fact.training.pipeline, fact.evaluation.pipeline)
    yield RULE.at(
        facts.site_span(at.site),
        f"{ours}, {theirs}: the model meets images unlike those it was trained on",
        confidence=confidence,
        related=(Related(facts.site_span(other.site), "the training images are prepared here"),),
        statement=facts.statement_span(at.site),
    )
