"""A state dict is taken from a wrapper and loaded into the bare model, or the other way round."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ckptlint.diagnostic import Diagnostic, Related, Severity, confidence_of
from ckptlint.facts.partial_loads import lenient_call
from ckptlint.facts.prefixes import WrappedState, named
from ckptlint.rule import Rule

if TYPE_CHECKING:
    from ckptlint.facts.project import Facts

RULE = Rule(
    __name__,
    code="CKP105",
    severity=Severity.WARNING,
    summary="A state dict is taken from a wrapper and loaded into the bare model, or the other way round.",
)


@RULE.check(WrappedState)
def check(fact: WrappedState, facts: Facts) -> Iterator[Diagnostic]:
    """At the save; with the load that expects other keys."""
    if lenient_call(facts, fact.restored.site) is not None:
        return  # CKP303 tells it where it is loaded.
    prefix = named({fact.saved, fact.loaded})
    if fact.saved:
        message = f"the keys saved here start with {prefix}, those of the model that loads them do not: no key matches"
    else:
        message = f"the model that loads this state is wrapped, its keys start with {prefix}: no key matches"
    yield RULE.at(
        facts.site_span(fact.snapshot),
        message,
        confidence=confidence_of(fact.assumptions),
        related=(Related(facts.site_span(fact.restored.site), "it is loaded here"),),
        statement=facts.statement_span(fact.snapshot),
    )
