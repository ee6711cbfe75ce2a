"""Only a model's parameters are saved, and not the statistics that it keeps beside them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ckptlint.diagnostic import Diagnostic, Related, Severity, confidence_of
from ckptlint.facts.state_collections import UnsavedCollection
from ckptlint.rule import Rule

if TYPE_CHECKING:
    from ckptlint.facts.project import Facts

RULE = Rule(
    __name__,
    code="CKP107",
    severity=Severity.ERROR,
    summary="A model's parameters are saved without the statistics that it keeps beside them.",
)

SAYING = {
    "parameters": ("`{what}` holds the parameters only", "the statistics are read here"),
    "state": ("`{what}` has no field for them", "`{what}` is made here"),
    "filter": ("`{what}` picks the parameters only", "the model that has them"),
}


@RULE.check(UnsavedCollection)
def check(fact: UnsavedCollection, facts: Facts) -> Iterator[Diagnostic]:
    """At the save, with what shows that there are statistics."""
    why, here = (text.format(what=fact.what) for text in SAYING[fact.kind])
    yield RULE.at(
        fact.at,
        f"the statistics `{fact.collection}` of the model are not saved: {why}; a model loaded from this "
        "normalises with those it begins with",
        confidence=confidence_of(fact.assumptions),
        related=(Related(fact.evidence, here),),
        statement=fact.statement,
    )
