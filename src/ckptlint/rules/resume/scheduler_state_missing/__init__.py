"""A checkpoint to resume from holds the optimizer's state and not the scheduler's."""

from __future__ import annotations

from collections.abc import Iterator

from ckptlint import fixes
from ckptlint.diagnostic import Diagnostic, Related, Severity
from ckptlint.facts.entries import edits_for
from ckptlint.facts.missing_state import MissingState
from ckptlint.facts.project import Facts
from ckptlint.rule import Rule
from ckptlint.text import Applicability

RULE = Rule(
    __name__,
    code="CKP202",
    severity=Severity.WARNING,
    summary="A checkpoint to resume from holds the optimizer's state and not the scheduler's.",
)


@RULE.check(MissingState)
def check(fact: MissingState, facts: Facts) -> Iterator[Diagnostic]:
    """Files hold the optimizer's state, and none that of a scheduler which nothing else brings back."""
    if fact.whose != "scheduler":
        return
    (lost,) = fact.lost
    given = facts.name_given(lost.built.site)
    name = f"`{given}`" if given else "the scheduler"
    edits = edits_for(facts, fact)
    yield RULE.at(
        facts.site_span(fact.at),
        f"the checkpoint holds the optimizer's state and not that of {name} ({lost.kind}):"
        " the schedule of a run that goes on from it begins anew",
        confidence=fact.confidence,
        related=tuple(Related(facts.site_span(site), text) for site, text in fact.ends),
        fix=fixes.insert_in_both(*edits.parts, Applicability.UNSAFE) if edits is not None else None,
        statement=facts.statement_span(fact.at),
    )
