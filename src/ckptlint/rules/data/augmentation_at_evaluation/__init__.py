"""A random transform reaches evaluation data."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ckptlint.diagnostic import Diagnostic, Related, Severity, confidence_of
from ckptlint.facts.evaluated_data import AugmentedEvaluation
from ckptlint.rule import Rule

if TYPE_CHECKING:
    from ckptlint.facts.project import Facts

RULE = Rule(
    __name__,
    code="CKP603",
    severity=Severity.ERROR,
    summary="A random transform reaches evaluation data.",
)


@RULE.check(AugmentedEvaluation)
def check(fact: AugmentedEvaluation, facts: Facts) -> Iterator[Diagnostic]:
    """Report at the call that makes the evaluation dataset."""
    dataset, step = fact.dataset, fact.step
    related = []
    if step.location is not None:
        related.append(Related(facts.site_span(step.location.site), f"`{step.name}` changes each image at random"))
    related.extend(
        Related(facts.site_span(other.event.site), "the training images go through the same transforms")
        for other in fact.others[:1]
    )
    yield RULE.at(
        facts.site_span(dataset.event.site),
        f"`{step.name}` changes these images at random, though they are evaluated ({dataset.reason}): "
        "the result is worse than the model is, and another one each time",
        confidence=confidence_of(dataset.assumptions),
        related=tuple(related),
        statement=facts.statement_span(dataset.event.site),
    )
