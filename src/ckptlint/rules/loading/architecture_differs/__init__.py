"""Weights are loaded into a model whose layers are not those of the model that saved them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ckptlint.diagnostic import Diagnostic, Related, Severity, confidence_of
from ckptlint.facts.rebuilt import RebuiltModel
from ckptlint.rule import Rule

if TYPE_CHECKING:
    from ckptlint.facts.project import Facts

RULE = Rule(
    __name__,
    code="CKP309",
    severity=Severity.ERROR,
    summary="Weights are loaded into a model whose layers are not those of the model that saved them.",
)


@RULE.check(RebuiltModel)
def check(fact: RebuiltModel, facts: Facts) -> Iterator[Diagnostic]:
    """At the load, with the save and both layers."""
    found = fact.difference
    here = found.second.label if found.second is not None else "no more layers"
    there = found.first.label if found.first is not None else "no more layers"
    related = [Related(facts.site_span(fact.save.event.site), f"'{fact.path}' is written here")]
    if found.first is not None and found.first.site is not None:
        related.append(Related(facts.site_span(found.first.site), "the layer of the model that is saved"))
    if found.second is not None and found.second.site is not None:
        related.append(Related(facts.site_span(found.second.site), "the layer of the model that is loaded"))
    yield RULE.at(
        facts.site_span(fact.load.site),
        f"the model that '{fact.path}' is loaded into has {here} as layer {found.position}, the one that wrote it "
        f"{there}: the load fails, or weights go to other layers than they were trained for",
        confidence=confidence_of(fact.assumptions),
        related=tuple(dict.fromkeys(related)),
        statement=facts.statement_span(fact.load.site),
    )
