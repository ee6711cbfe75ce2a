"""An evaluation keeps what a backward pass would need."""

from __future__ import annotations

from collections.abc import Iterator

from ckptlint.diagnostic import Confidence, Diagnostic, Related, Severity, confidence_of
from ckptlint.facts.gradients import TrackedEvaluation
from ckptlint.facts.modes import name_of
from ckptlint.facts.project import Facts
from ckptlint.flow.domain import Site
from ckptlint.rule import Rule

RULE = Rule(
    __name__,
    code="CKP410",
    severity=Severity.NOTE,
    summary="A model is evaluated with gradients on: memory and time go into a graph that nothing uses.",
    on_by_default=False,
)


@RULE.check(TrackedEvaluation)
def check(fact: TrackedEvaluation, facts: Facts) -> Iterator[Diagnostic]:
    """Every evaluation, once."""
    event = fact.forward.event
    name = name_of(event)
    yield RULE.at(
        facts.span(*fact.at),
        f"{fact.forward.reason} runs `{name}` with gradients on, and nothing in it calls backward(): each forward pass "
        "keeps its activations for nothing",
        confidence=Confidence.LOW if fact.is_called_alone else confidence_of(fact.assumptions),
        related=(Related(facts.site_span(event.site), f"`{name}` runs here"),) if fact.at != event.site.base else (),
        statement=facts.statement_span(Site(*fact.at)),
    )
