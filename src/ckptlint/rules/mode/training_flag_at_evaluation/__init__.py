"""A model is told to behave as in training where it is evaluated."""

from __future__ import annotations

from collections.abc import Iterator

from ckptlint import fixes
from ckptlint.diagnostic import Confidence, Diagnostic, Related, Severity, confidence_of
from ckptlint.facts.mode_flags import TrainingFlag
from ckptlint.facts.modes import name_of
from ckptlint.facts.project import Facts
from ckptlint.rule import Rule
from ckptlint.text import Applicability

RULE = Rule(
    __name__,
    code="CKP407",
    severity=Severity.ERROR,
    summary="An evaluation passes `training=True`, `train=True` or `deterministic=False` to the model.",
)


@RULE.check(TrainingFlag)
def check(fact: TrainingFlag, facts: Facts) -> Iterator[Diagnostic]:
    """Each literal, once."""
    name = fact.event.written if fact.event.method else name_of(fact.event)
    layer = f"its {fact.sensitive.layer} acts" if fact.sensitive.holds else "its dropout and batch statistics act"
    confidence = Confidence.LOW if fact.is_customary else confidence_of(fact.assumptions)
    is_handed_on = fact.site.base != fact.event.site.base
    yield RULE.at(
        facts.site_span(fact.site),
        f"`{fact.flag}={fact.value}` where {fact.reason} runs `{name}`: {layer} as in training, "
        "so the result is not that of the saved weights",
        confidence=confidence,
        related=(Related(facts.site_span(fact.event.site), "the model runs here"),) if is_handed_on else (),
        fix=fixes.replace(fact.span, str(not fact.value), f"pass `{fact.flag}={not fact.value}`", Applicability.UNSAFE),
        statement=facts.statement_span(fact.site),
    )
