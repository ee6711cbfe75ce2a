"""One model is given data that one preprocessing function treats in two ways."""

from __future__ import annotations

from collections.abc import Iterator

from ckptlint.diagnostic import Diagnostic, Related, Severity, confidence_of
from ckptlint.facts.preprocessing import DifferingCalls
from ckptlint.facts.project import Facts
from ckptlint.rule import Rule

RULE = Rule(
    __name__,
    code="CKP602",
    severity=Severity.ERROR,
    summary="One model is given data that one preprocessing function treats in two ways.",
)


@RULE.check(DifferingCalls)
def check(fact: DifferingCalls, facts: Facts) -> Iterator[Diagnostic]:
    """An evaluation's preprocessing has another option than the training's, or than another evaluation's."""
    name = fact.here.call.written
    here = ", ".join(f"{option}={value!r}" for option, value, _ in fact.options)
    there = ", ".join(f"{option}={value!r}" for option, _, value in fact.options)
    other = "the training" if fact.there.is_training else "another evaluation"
    yield RULE.at(
        fact.at,
        f"`{name}` is called with {here} here, with {there} for {other} of the same model, "
        "so the model is given data of two kinds and the results do not belong together",
        confidence=min(fact.most, confidence_of(fact.assumptions)),
        related=(Related(fact.other, f"called with {there} here, for {other}"),),
        statement=facts.statement_span(fact.here.call.site) if not fact.here.call.site.chain else None,
    )
