"""A scheduler that is made for a restored optimizer sets its learning rate back to that of the beginning."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ckptlint.diagnostic import Confidence, Diagnostic, Related, Severity
from ckptlint.facts.project import Facts
from ckptlint.facts.restored_rates import OverwrittenRate
from ckptlint.rule import Rule

RULE = Rule(
    __name__,
    code="CKP209",
    severity=Severity.WARNING,
    summary="A scheduler made after the optimizer was restored overwrites the learning rate that was restored.",
)


@RULE.check(OverwrittenRate)
def check(fact: OverwrittenRate, facts: Facts) -> Iterator[Diagnostic]:
    """The scheduler is made after the optimizer's state was put back."""
    kind = fact.built.api.rsplit(".", 1)[-1]
    verb = "scales" if fact.is_scaled else "overwrites"
    related = [Related(facts.site_span(fact.optimizer.site), "the optimizer gets its rate from the checkpoint here")]
    if fact.scheduler is not None:
        related.append(Related(facts.site_span(fact.scheduler.site), "the scheduler's own state comes later"))
    found = RULE.at(
        facts.site_span(fact.built.site),
        f"{kind} {verb} the learning rate that the optimizer was restored with: {_lasting(fact)}",
        confidence=_confidence(fact),
        related=tuple(related),
        statement=facts.statement_span(fact.built.site),
    )
    is_certain = fact.scheduler is not None and (fact.is_scaled or fact.unit == "epoch")
    yield replace(found, severity=Severity.ERROR) if is_certain else found


def _lasting(fact: OverwrittenRate) -> str:
    if fact.is_scaled:
        return "no later step mends that"
    if fact.scheduler is None:
        return "training goes on with the rate of its beginning"
    return {
        "epoch": "the whole first epoch runs with the rate of the beginning",
        "batch": "the first step runs with the rate of the beginning",
    }.get(fact.unit, "until the scheduler's next step it is that of the beginning")


def _confidence(fact: OverwrittenRate) -> Confidence:
    if fact.scheduler is None:
        return Confidence.MEDIUM
    if fact.is_scaled or fact.unit == "epoch":
        return Confidence.HIGH
    return Confidence.LOW
