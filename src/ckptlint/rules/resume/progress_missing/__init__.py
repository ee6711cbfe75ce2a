"""Training goes on from a checkpoint and counts its epochs from zero, and its learning rate follows the counter."""

from __future__ import annotations

from collections.abc import Iterator

from ckptlint.diagnostic import Confidence, Diagnostic, Related, Severity
from ckptlint.facts.progress import MissingProgress
from ckptlint.facts.project import Facts
from ckptlint.rule import Rule

RULE = Rule(
    __name__,
    code="CKP205",
    severity=Severity.NOTE,
    summary="Training goes on from a checkpoint and counts its epochs from zero, and its rate follows the counter.",
)


@RULE.check(MissingProgress)
def check(fact: MissingProgress, facts: Facts) -> Iterator[Diagnostic]:
    """Model and optimizer are restored, and nothing says how far the training had come."""
    site = fact.resumption.restored.site
    yield RULE.at(
        facts.site_span(site),
        f"training goes on from here, and `{fact.counter}`, which its learning rate follows, begins at zero again:"
        " the checkpoint does not say how far it had come",
        confidence=Confidence.HIGH,
        related=(
            Related(facts.site_span(fact.loop), f"`{fact.counter}` is counted here"),
            Related(facts.site_span(fact.used), "the rate follows it here"),
            Related(facts.site_span(fact.checkpoint.event.site), "saved here without it"),
        ),
        statement=facts.statement_span(site),
    )
