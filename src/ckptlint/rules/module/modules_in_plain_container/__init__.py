"""A model keeps modules in a plain list, tuple, set or dict, where nothing registers them."""

from __future__ import annotations

from collections.abc import Iterator

from ckptlint import fixes
from ckptlint.diagnostic import Confidence, Diagnostic, Related, Severity, confidence_of
from ckptlint.facts.containers import PlainContainer
from ckptlint.facts.project import Facts
from ckptlint.rule import Rule
from ckptlint.text import Applicability, Fix

RULE = Rule(
    __name__,
    code="CKP502",
    severity=Severity.ERROR,
    summary="Modules held in a plain list or dict are in no state dict and are not trained.",
)


@RULE.check(PlainContainer)
def check(fact: PlainContainer, facts: Facts) -> Iterator[Diagnostic]:
    """Each such attribute, once."""
    if fact.holds_parameters:
        what, lost = "parameters", "they are in no state dict, and neither `parameters()` nor `to()` reaches them"
    elif fact.loses_mode_only:
        what = f"modules ({fact.example})"
        lost = "`eval()` does not reach them, so they go on as in training"
    else:
        what = f"modules ({fact.example})"
        lost = "they are in no state dict, and `parameters()`, `to()` and `eval()` do not reach them"
    confidence = Confidence.LOW if fact.is_handled else confidence_of(fact.assumptions)
    related = () if fact.made.row == fact.span.row and fact.made.path == fact.span.path else (fact.made,)
    yield RULE.at(
        fact.span,
        f"`{fact.attribute}` of `{fact.model}` is a plain {fact.kind} of {what}: {lost}",
        confidence=confidence,
        related=tuple(Related(span, "made here, and held by nothing else") for span in related),
        fix=_fix(fact),
        statement=fact.statement,
    )


def _fix(fact: PlainContainer) -> Fix | None:
    if fact.registering is None:
        return None
    title = f"hold them in `{fact.registering}`, which registers them (the state dict gets their keys)"
    if fact.is_empty:
        return fixes.replace(fact.span, f"{fact.registering}()", title, Applicability.UNSAFE)
    return fixes.wrap(fact.span, f"{fact.registering}(", ")", title, Applicability.UNSAFE)
