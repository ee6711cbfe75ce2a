"""An entry point trains with random augmentation that nothing seeds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ckptlint import fixes
from ckptlint.diagnostic import Confidence, Diagnostic, Related, Severity
from ckptlint.facts.randomness import UnseededStep
from ckptlint.rule import Rule
from ckptlint.text import Applicability, Fix

if TYPE_CHECKING:
    from ckptlint.facts.project import Facts

RULE = Rule(
    __name__,
    code="CKP701",
    severity=Severity.WARNING,
    summary="An entry point trains with random augmentation that nothing seeds.",
)


@RULE.check(UnseededStep)
def check(fact: UnseededStep, facts: Facts) -> Iterator[Diagnostic]:
    """Nothing on the way from the entry point seeds the source of its first random step."""
    at, step = facts.site_span(fact.at), facts.site_span(fact.step.site)
    related = (Related(step, f"`{fact.step.name}` draws here"),) if fact.at.base != fact.step.site.base else ()
    yield RULE.at(
        at,
        _message(fact),
        confidence=Confidence.MEDIUM if fact.is_sure else Confidence.LOW,
        related=related,
        fix=_fix(fact, facts),
        statement=facts.statement_span(fact.at),
    )


def _message(fact: UnseededStep) -> str:
    name = fact.step.name
    if fact.step.source == "albumentations":
        why = "the seeds set in this run do not reach albumentations" if fact.elsewhere else "its pipeline has no seed"
        return f"`{name}` is random and {why}, so no run can be repeated: give `Compose` a `seed`"
    call = f": call `{fact.seed_call.written}` first" if fact.seed_call is not None else ""
    return f"`{name}` is random and nothing in this run sets a seed, so no run can be repeated{call}"


def _fix(fact: UnseededStep, facts: Facts) -> Fix | None:
    if fact.pipeline is not None:
        span = facts.site_span(fact.pipeline)
        return fixes.add_argument(span, facts.text(span), "seed=0", "give it `seed=0`", Applicability.UNSAFE)
    call = fact.seed_call
    if call is None:
        return None
    title = f"seed with `{call.written}`"
    if call.after is not None:
        lines = ["", call.written] if call.module is None else [f"import {call.module}", "", call.written]
        return fixes.insert_after_statement(call.after, lines, title, Applicability.UNSAFE)
    seed = fixes.insert_before_statement(call.before, [call.written], title, Applicability.UNSAFE)
    if call.module is None:
        return seed
    head = call.head if call.head is not None else call.before
    added = fixes.add_import(head, call.module, title, Applicability.UNSAFE)
    return fixes.together(title, Applicability.UNSAFE, added, seed)
