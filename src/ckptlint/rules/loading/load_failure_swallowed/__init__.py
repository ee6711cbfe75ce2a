"""A model goes on with the weights it was made with when its own could not be loaded."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ckptlint.diagnostic import Confidence, Diagnostic, Related, Severity
from ckptlint.facts.swallowed_loads import SwallowedLoad
from ckptlint.facts.uses_after import Purpose
from ckptlint.rule import Rule

if TYPE_CHECKING:
    from ckptlint.facts.project import Facts

RULE = Rule(
    __name__,
    code="CKP312",
    severity=Severity.WARNING,
    summary="A model goes on with the weights it was made with when its own could not be loaded.",
)


@RULE.check(SwallowedLoad)
def check(fact: SwallowedLoad, facts: Facts) -> Iterator[Diagnostic]:
    """At the load, with what passes its failure over."""
    is_evaluated = fact.purpose is Purpose.EVALUATED
    if fact.is_missing_file and not is_evaluated:
        return  # Training begins without a checkpoint.
    how = "is passed over" if fact.is_silent else "is only told"
    use = "the model is then evaluated" if is_evaluated else "the model goes on"
    yield RULE.at(
        facts.site_span(fact.at),
        f"a load that fails {how}, and {use} with the weights it was made with",
        confidence=Confidence.MEDIUM if is_evaluated else Confidence.LOW,
        related=(Related(facts.site_span(fact.handler), "the failure is caught here"),),
        statement=facts.statement_span(fact.at),
    )
