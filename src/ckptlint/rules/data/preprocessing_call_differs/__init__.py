"""One model is given data that are preprocessed in two ways by one function, or in one place only."""

from __future__ import annotations

from collections.abc import Iterator

from ckptlint.diagnostic import Diagnostic, Related, Severity, confidence_of
from ckptlint.facts.omissions import UnevenTreatment
from ckptlint.facts.project import Facts
from ckptlint.facts.treatments import DifferingCalls
from ckptlint.rule import Rule

RULE = Rule(
    __name__,
    code="CKP602",
    severity=Severity.ERROR,
    summary="Data for one model are preprocessed by one function in two ways, or for training only.",
)


@RULE.check(DifferingCalls)
def check_options(fact: DifferingCalls, facts: Facts) -> Iterator[Diagnostic]:
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


@RULE.check(UnevenTreatment)
def check_presence(fact: UnevenTreatment, facts: Facts) -> Iterator[Diagnostic]:
    """An evaluation's data go to the model without what the training's data go through, or the other way round."""
    here = f"data that go through `{fact.here}`" if fact.here else f"`{fact.name}` as it was loaded"
    there = f"data that go through `{fact.there}`" if fact.there else "data as they were loaded"
    yield RULE.at(
        fact.at,
        f"the model is evaluated on {here}, but was trained on {there}: the results are those of other data",
        confidence=min(fact.most, confidence_of(fact.assumptions)),
        related=(Related(fact.other, f"trained on {there}"),),
    )
