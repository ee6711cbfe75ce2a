"""A model is evaluated with the weights it was built with, though trained ones are saved or read."""

from __future__ import annotations

from collections.abc import Iterator

from ckptlint.diagnostic import Confidence, Diagnostic, Related, Severity
from ckptlint.facts.project import Facts
from ckptlint.facts.unloaded_weights import NeverLoaded, UnusedWeights
from ckptlint.rule import Rule

RULE = Rule(
    __name__,
    code="CKP308",
    severity=Severity.ERROR,
    summary="A model is evaluated with the weights it was built with, though trained ones are saved or read.",
)


@RULE.check(NeverLoaded)
def check(fact: NeverLoaded, facts: Facts) -> Iterator[Diagnostic]:
    """At the place where the model is built."""
    name = facts.name_given(fact.at)
    named = f"`{name}`" if name else "the model"
    related = (
        Related(facts.site_span(fact.evaluated), "evaluated here"),
        Related(facts.site_span(fact.save.event.site), "the trained weights are saved here"),
    )
    yield RULE.at(
        facts.site_span(fact.at),
        f"{named} is built here and gets no weights before it is evaluated: the saved ones are never loaded",
        confidence=Confidence.HIGH if fact.is_sure else Confidence.MEDIUM,
        related=related,
        statement=facts.statement_span(fact.at),
    )


@RULE.check(UnusedWeights)
def check_unused(fact: UnusedWeights, facts: Facts) -> Iterator[Diagnostic]:
    """At the load whose result nothing uses."""
    yield RULE.at(
        facts.site_span(fact.at),
        f"`{fact.name}` is read from a file and never used: the model runs with the weights it was built with",
        confidence=Confidence.HIGH,
        related=(Related(facts.site_span(fact.run_at), "the model runs here"),),
        statement=fact.statement,
    )
