"""A checkpoint to resume from holds the optimizer's state and not the gradient scaler's."""

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
    code="CKP203",
    severity=Severity.WARNING,
    summary="A checkpoint to resume from holds the optimizer's state and not the gradient scaler's.",
)


@RULE.check(MissingState)
def check(fact: MissingState, facts: Facts) -> Iterator[Diagnostic]:
    """Files hold the optimizer's state, and none that of a scaler of float16 gradients."""
    if fact.whose != "scaler":
        return
    (lost,) = fact.lost
    given = facts.name_given(lost.built.site)
    name = f"`{given}`" if given else "the gradient scaler"
    edits = edits_for(facts, fact)
    yield RULE.at(
        facts.site_span(fact.at),
        f"without the state of {name} ({lost.kind}) in the checkpoint, beside the optimizer's, a resumed run looks for"
        " the scale of its gradients anew: steps are skipped until it is found",
        confidence=fact.confidence,
        related=tuple(Related(facts.site_span(site), text) for site, text in fact.ends),
        fix=fixes.insert_in_both(*edits.parts, Applicability.UNSAFE) if edits is not None else None,
        statement=facts.statement_span(fact.at),
    )
