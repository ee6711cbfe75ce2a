"""A model overrides `train` or `eval` without switching what it is made of."""

from __future__ import annotations

from collections.abc import Iterator

from ckptlint.diagnostic import Confidence, Diagnostic, Related, Severity
from ckptlint.facts.overridden_modes import ModeOverride
from ckptlint.facts.project import Facts
from ckptlint.rule import Rule
from ckptlint.text import Span

RULE = Rule(
    __name__,
    code="CKP408",
    severity=Severity.ERROR,
    summary="A model's own `train` or `eval` keeps the switch from its sub-modules.",
)


@RULE.check(ModeOverride)
def check(fact: ModeOverride, facts: Facts) -> Iterator[Diagnostic]:
    """Each such method, once."""
    function = facts.program.function(fact.method)
    path = fact.method.path
    span = Span(path, *function.at)
    shown = f"`{fact.model}.{fact.name}`"
    part = f" ({fact.layer})" if fact.layer else ""
    if fact.fault == "result":
        message = f"{shown} does not return the model: what `eval()` gives is None"
    elif fact.fault == "routine":
        message = f"{shown} is no switch, but `eval()` calls it as `train(False)`: no sub-module is switched"
    elif fact.fault == "default":
        message = f"{shown} calls `super().train()` without the mode: `eval()` leaves the model{part} in train mode"
    elif fact.name == "eval":
        message = f"{shown} does not call `super().eval()`: the sub-modules{part} stay in train mode"
    else:
        message = f"{shown} does not call `super().train(mode)`: `train()` and `eval()` reach no sub-module{part}"
    related = (Related(facts.site_span(fact.used), "relied on here"),) if fact.used is not None else ()
    confidence = Confidence.HIGH if fact.is_seen else Confidence.LOW
    if fact.fault == "default" and fact.is_partial:
        confidence = min(confidence, Confidence.MEDIUM)
    yield RULE.at(
        span,
        message,
        confidence=confidence,
        related=related,
        statement=span,
    )
