"""A dropout function in a model's forward drops in eval mode too."""

from __future__ import annotations

from collections.abc import Iterator

from ckptlint import fixes
from ckptlint.diagnostic import Confidence, Diagnostic, Related, Severity
from ckptlint.facts.functional import FixedDropout
from ckptlint.facts.project import Facts
from ckptlint.rule import Rule
from ckptlint.text import Applicability, Fix

RULE = Rule(
    __name__,
    code="CKP403",
    severity=Severity.ERROR,
    summary="`F.dropout` without `training=self.training` drops in eval mode too.",
)


@RULE.check(FixedDropout)
def check(fact: FixedDropout, facts: Facts) -> Iterator[Diagnostic]:
    """Each such call, once."""
    span = facts.site_span(fact.event.site)
    if not fact.takes_flag:
        why = f"it knows no mode, and `{fact.rate_name}` is the same in both"
    elif fact.flag is not None:
        why = "its flag is always true"
    else:
        why = "`training` is true unless it is given"
    confidence = Confidence.HIGH if fact.receiver is not None else Confidence.MEDIUM
    if fact.is_off_by_default or fact.is_customary:
        confidence = Confidence.LOW
    calls = [call for call in fact.event.site.chain if call[0]]
    yield RULE.at(
        span,
        f"`{fact.written}` in `{fact.function}` drops in eval mode too: {why}, "
        f"so `{fact.model}` gives another output each time it is evaluated",
        confidence=confidence,
        related=tuple(Related(facts.span(*call), "the forward reaches it from here") for call in calls[:1]),
        fix=_fix(fact),
        statement=facts.statement_span(fact.event.site),
    )


def _fix(fact: FixedDropout) -> Fix | None:
    if fact.receiver is None:
        return None
    mode = f"{fact.receiver}.training"
    if not fact.takes_flag:
        if fact.rate is None or fact.is_choice:
            return None
        return fixes.wrap(fact.rate, "", f" if {mode} else 0.0", "drop in train mode only", Applicability.SAFE)
    title = f"pass `training={mode}`"
    if fact.flag is not None:
        return fixes.replace(fact.flag, mode, title, Applicability.SAFE)
    if fact.last is None:
        return None
    return fixes.wrap(fact.last, "", f", training={mode}", title, Applicability.SAFE)
