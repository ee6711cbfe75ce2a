"""Only the weights whose names match are loaded, and nobody looks at how many that were."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ckptlint.diagnostic import Confidence, Diagnostic, Related, Severity
from ckptlint.facts.filtered_loads import FilteredLoad
from ckptlint.rule import Rule

if TYPE_CHECKING:
    from ckptlint.facts.project import Facts

RULE = Rule(
    __name__,
    code="CKP306",
    severity=Severity.WARNING,
    summary="Only the weights whose names match are loaded, and nobody looks at how many that were.",
)


@RULE.check(FilteredLoad)
def check(fact: FilteredLoad, facts: Facts) -> Iterator[Diagnostic]:
    """At the filter; with the save where the prefixes differ."""
    message = (
        f"weights whose names are not in `{fact.name}` are dropped unseen: when no name matches, nothing is loaded"
    )
    related: tuple[Related, ...] = ()
    if fact.snapshot is not None:
        message = f"this drops every weight, for the names on one side start with '{fact.prefix}': nothing is loaded"
        related = (Related(facts.site_span(fact.snapshot), "the state is saved here"),)
    yield RULE.at(
        facts.site_span(fact.at),
        message,
        confidence=Confidence.LOW if fact.snapshot is None else Confidence.MEDIUM,
        related=related,
        statement=facts.statement_span(fact.at),
    )
