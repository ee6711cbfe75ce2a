"""A mode switch, zero_grad or no_grad is written so that nothing happens."""

from __future__ import annotations

from collections.abc import Iterator

from ckptlint import fixes
from ckptlint.diagnostic import Confidence, Diagnostic, Severity
from ckptlint.facts.mode_methods import MethodAsFlag
from ckptlint.facts.project import Facts
from ckptlint.facts.statements import WithoutEffect
from ckptlint.rule import Rule
from ckptlint.text import Applicability

RULE = Rule(
    __name__,
    code="CKP405",
    severity=Severity.ERROR,
    summary="`model.eval` without a call, `with torch.no_grad:` and the like do nothing.",
)

MESSAGES = {
    "mode-method": "`{0}` has no effect: the method is named but not called, the mode stays as it is",
    "gradient-method": "`{0}` has no effect: the method is named but not called, gradients go on adding up",
    "context-class": "`with {0}:` has no effect but an error: the context manager is not made, `()` is missing",
    "context": "`{0}` as a statement has no effect: it only holds within `with`",
    "training-flag": "setting `{0}` has no effect on sub-modules: only the outermost module's own flag changes",
}


@RULE.check(WithoutEffect)
def check(fact: WithoutEffect, facts: Facts) -> Iterator[Diagnostic]:
    """Each such expression, once."""
    event = fact.event
    span = facts.site_span(event.site)
    fix = None
    if event.kind in ("mode-method", "gradient-method", "context-class"):
        fix = fixes.wrap(span, "", "()", f"call it: `{event.written}()`", Applicability.SAFE)
    yield RULE.at(span, MESSAGES[event.kind].format(event.written), confidence=Confidence.HIGH, fix=fix, statement=span)


@RULE.check(MethodAsFlag)
def check_flag(fact: MethodAsFlag, facts: Facts) -> Iterator[Diagnostic]:
    """Each method that stands where its mode is meant, once."""
    flag = f"{fact.receiver}.training"
    fix = fixes.replace(fact.span, flag, f"ask for `{flag}`", Applicability.SAFE) if fact.method == "train" else None
    yield RULE.at(
        fact.span,
        f"`{fact.written}` of `{fact.model}` is a method and always true: it does not tell the mode, `{flag}` does",
        confidence=Confidence.HIGH,
        fix=fix,
        statement=fact.statement,
    )
