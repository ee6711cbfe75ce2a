"""The loader without the batches of the interrupted epoch stays in use for all epochs after it."""

from __future__ import annotations

from collections.abc import Iterator

from ckptlint.diagnostic import Diagnostic, Related, Severity, confidence_of
from ckptlint.facts.project import Facts
from ckptlint.facts.skipped_batches import SkippedBatches
from ckptlint.rule import Rule

RULE = Rule(
    __name__,
    code="CKP210",
    severity=Severity.WARNING,
    summary="The batches that the first resumed epoch skips are skipped in every later epoch too.",
)


@RULE.check(SkippedBatches)
def check(fact: SkippedBatches, facts: Facts) -> Iterator[Diagnostic]:
    """The name that every epoch iterates is bound to the loader that skips."""
    yield RULE.at(
        fact.at,
        f"`{fact.name}` is bound to a loader that leaves out its first batches each time it is iterated: "
        "every epoch after the resumed one leaves them out too",
        confidence=confidence_of(fact.assumptions),
        related=(Related(fact.used, "each epoch gets its batches from it here"),),
        statement=fact.statement,
    )
