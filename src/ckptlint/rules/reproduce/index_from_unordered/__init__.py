"""An index of classes, words or files is counted along something whose order is not fixed."""

from __future__ import annotations

from collections.abc import Iterator

from ckptlint import fixes
from ckptlint.diagnostic import Confidence, Diagnostic, Related, Severity, confidence_of
from ckptlint.facts.indexes import PARTS, UnstableIndex
from ckptlint.facts.project import Facts
from ckptlint.rule import Rule
from ckptlint.text import Applicability, Fix

RULE = Rule(
    __name__,
    code="CKP703",
    severity=Severity.ERROR,
    summary="An index of classes, words or files is counted along something whose order is not fixed.",
)

_TITLE = "sort before numbering"


@RULE.check(UnstableIndex)
def check(fact: UnstableIndex, facts: Facts) -> Iterator[Diagnostic]:
    """Every such index; surest where the items are known to be text."""
    confidence = confidence_of(fact.assumptions)
    if fact.order.kind == "listing" or fact.event.use in (*PARTS, "looked-up"):
        confidence = min(confidence, Confidence.MEDIUM)
    if not fact.is_kept:
        confidence = Confidence.LOW
    use = facts.site_span(fact.event.site)
    related = () if use.row == fact.span.row else (Related(use, _SAID[fact.event.use]),)
    yield RULE.at(
        fact.span,
        _message(fact),
        confidence=confidence,
        related=related,
        fix=_fix(fact),
        statement=facts.statement_span(fact.event.site) if not related else None,
    )


_SAID = {
    "numbered": "numbered here",
    "labelled": "numbered here",
    "found": "the position is taken as a number here",
    "looked-up": "a predicted number is looked up here",
    "lower": "divided by position here",
    "upper": "divided by position here",
    "split": "divided by position here",
}


def _message(fact: UnstableIndex) -> str:
    parts = fact.event.use in PARTS
    what = f"'{fact.target}'" if fact.target else "what is built here"
    does = "takes" if parts else "numbers"
    if fact.order.kind == "listing":
        begin = f"{what} {does} entries by the order in which the file system lists a folder"
        end = "another machine takes others" if parts else "on another machine the same entry gets another number"
        return f"{begin}: {end}"
    if fact.is_text:
        begin = f"{what} {does} strings by their order in a set, which differs in each process"
    else:
        begin = f"{what} {does} items by their order in a set, which differs in each process unless they are numbers"
    return begin + (": the next one takes others" if parts else ": with a loaded model the numbers do not fit")


def _fix(fact: UnstableIndex) -> Fix | None:
    if fact.replaced is not None:
        return fixes.replace(fact.replaced, "sorted", _TITLE, Applicability.UNSAFE)
    if fact.iterated is not None:
        return fixes.wrap(fact.iterated, "sorted(", ")", _TITLE, Applicability.UNSAFE)
    return None
