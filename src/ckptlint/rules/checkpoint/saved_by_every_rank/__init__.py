"""A checkpoint is written by every process of a distributed training."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ckptlint.diagnostic import Confidence, Diagnostic, Related, Severity
from ckptlint.facts.ranks import SavedByEveryRank
from ckptlint.rule import Rule

if TYPE_CHECKING:
    from ckptlint.facts.project import Facts

RULE = Rule(
    __name__,
    code="CKP112",
    severity=Severity.WARNING,
    summary="A checkpoint is written by every process of a distributed training.",
)


@RULE.check(SavedByEveryRank)
def check(fact: SavedByEveryRank, facts: Facts) -> Iterator[Diagnostic]:
    """At the save, with what makes the program one of several processes."""
    site = fact.checkpoint.event.site
    yield RULE.at(
        facts.site_span(site),
        "every process writes this checkpoint to the same path: the last to finish wins, "
        "and two that write at once leave a broken file",
        confidence=Confidence.HIGH if fact.is_certain else Confidence.MEDIUM,
        related=(Related(facts.site_span(fact.joined.site), "the program is one of several processes from here"),),
        statement=facts.statement_span(site),
    )
