"""Data is divided at random without a seed, so that another run divides it differently."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from ckptlint import fixes
from ckptlint.diagnostic import Confidence, Diagnostic, Related, Severity
from ckptlint.facts.splits import Again, UnseededSplit
from ckptlint.rule import Rule
from ckptlint.text import Applicability, Fix

if TYPE_CHECKING:
    from ckptlint.facts.project import Facts

RULE = Rule(
    __name__,
    code="CKP702",
    severity=Severity.WARNING,
    summary="Data is divided at random without a seed, so that another run divides it differently.",
)


@RULE.check(UnseededSplit)
def check(fact: UnseededSplit, facts: Facts) -> Iterator[Diagnostic]:
    """A division that no seed fixes; an error where it is seen to be drawn again."""
    confidence = _confidence(fact)
    related = (Related(facts.site_span(fact.other), fact.again.value),) if fact.other and fact.again else ()
    found = RULE.at(
        facts.site_span(fact.event.site),
        _message(fact),
        confidence=confidence,
        related=related,
        fix=_fix(fact, facts),
        statement=facts.statement_span(fact.event.site),
    )
    yield replace(found, severity=Severity.ERROR) if confidence is Confidence.HIGH else found


def _confidence(fact: UnseededSplit) -> Confidence:
    if fact.again is Again.OTHER_PART:
        return Confidence.HIGH
    if fact.is_seeded or not fact.run.is_entry or not fact.is_kept:
        return Confidence.LOW
    return Confidence.HIGH if fact.again is not None else Confidence.MEDIUM


def _message(fact: UnseededSplit) -> str:
    lacks = f"`{fact.api}` is given no `{fact.option}`" if fact.option else f"`{fact.api}` draws without a seed"
    if fact.again is Again.OTHER_PART:
        return f"`{fact.api}` is called once for each part: samples of the training part come back in this one"
    if fact.again is Again.OTHER_ENTRY:
        return f"{lacks} and divides the data again elsewhere: one run tests on samples that another was trained on"
    if fact.again is Again.RESUMED:
        return f"{lacks}: a resumed run divides the data anew and trains on samples it is tested on"
    if fact.is_seeded:
        return f"{lacks}: the parts depend on every random number drawn before"
    return f"{lacks}: another run divides the data differently and tests on samples this one was trained on"


def _fix(fact: UnseededSplit, facts: Facts) -> Fix | None:
    cure = fact.cure
    if cure is None or fact.again is Again.OTHER_PART:
        return None
    title = f"divide with `{cure.argument}`"
    if cure.instead is not None:
        value = cure.argument.partition("=")[2]
        return fixes.replace(cure.instead, value, title, Applicability.UNSAFE)
    text = facts.text(cure.call)
    if cure.callee is None:
        return fixes.add_argument(cure.call, text, cure.argument, title, Applicability.UNSAFE)
    old, new = cure.callee
    if not text.startswith(old):
        return None
    return fixes.replace(cure.call, new + text[len(old) :], title, Applicability.UNSAFE)
