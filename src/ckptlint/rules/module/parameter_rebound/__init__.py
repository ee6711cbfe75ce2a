"""An attribute holds what was computed from a new parameter, and no parameter."""

from __future__ import annotations

from collections.abc import Iterator

from ckptlint.diagnostic import Confidence, Diagnostic, Related, Severity
from ckptlint.facts.project import Facts
from ckptlint.facts.rebound_parameters import ReboundParameter
from ckptlint.rule import Rule

RULE = Rule(
    __name__,
    code="CKP505",
    severity=Severity.ERROR,
    summary="What is computed from an `nn.Parameter` is no parameter: it is neither trained nor saved.",
)


@RULE.check(ReboundParameter)
def check(fact: ReboundParameter, facts: Facts) -> Iterator[Diagnostic]:
    """Each such attribute, once."""
    lost = "it is in no state dict and is not moved" if fact.is_fixed else "it is in no state dict and is never trained"
    if fact.is_lost:
        what = f"is no parameter, for {fact.by} gives another tensor: {lost}"
        confidence = Confidence.MEDIUM if fact.is_fixed else Confidence.HIGH
    else:
        what = f"is no parameter where {fact.by} gives another tensor (on another device or type): {lost} there"
        confidence = Confidence.LOW if fact.is_fixed else Confidence.MEDIUM
    related = () if fact.made.row == fact.span.row else (Related(fact.made, "the parameter, held by nothing"),)
    yield RULE.at(
        fact.span,
        f"`{fact.attribute}` of `{fact.model}` {what}",
        confidence=confidence,
        related=related,
        statement=fact.statement,
    )
