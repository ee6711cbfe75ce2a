"""Weights are loaded with missing keys allowed, and nobody looks at what was missing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ckptlint.diagnostic import Confidence, Diagnostic, Related, Severity, confidence_of
from ckptlint.facts.partial_loads import PartialLoad
from ckptlint.facts.prefixes import named
from ckptlint.facts.uses_after import Purpose
from ckptlint.rule import Rule

if TYPE_CHECKING:
    from ckptlint.facts.project import Facts

RULE = Rule(
    __name__,
    code="CKP303",
    severity=Severity.WARNING,
    summary="Weights are loaded with missing keys allowed, and nobody looks at what was missing.",
)

_USES = {
    Purpose.EVALUATED: "the model is then evaluated as if it were whole",
    Purpose.RESUMED: "training then goes on as if it were whole",
}


@RULE.check(PartialLoad)
def check(fact: PartialLoad, facts: Facts) -> Iterator[Diagnostic]:
    """At the load; with the save where the prefixes differ."""
    related: tuple[Related, ...] = ()
    if fact.mismatch is not None:
        prefix = named({fact.mismatch.saved, fact.mismatch.loaded})
        where = "the saved keys" if fact.mismatch.saved else "the model's keys"
        message = f"no key matches, for {where} start with {prefix}: with `{fact.flag}` nothing is loaded, silently"
        related = (Related(facts.site_span(fact.mismatch.snapshot), "the state is saved here"),)
        confidence = confidence_of(fact.mismatch.assumptions)
    else:
        use = _USES.get(fact.purpose, "what is missing keeps the values it was made with")
        message = f"with `{fact.flag}` whatever does not match is left out, and the result is not looked at: {use}"
        is_bad = fact.purpose in _USES and not fact.is_meant
        confidence = Confidence.MEDIUM if is_bad else Confidence.LOW
    yield RULE.at(
        facts.site_span(fact.at),
        message,
        confidence=confidence,
        related=related,
        statement=facts.statement_span(fact.at),
    )
