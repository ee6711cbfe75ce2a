"""State that a checkpoint holds for resuming is never read back."""

from __future__ import annotations

from collections.abc import Iterator

from ckptlint import fixes
from ckptlint.diagnostic import Confidence, Diagnostic, Related, Severity
from ckptlint.facts.entries import restoring_lines
from ckptlint.facts.project import Facts
from ckptlint.facts.swapped_keys import unread_by_swap
from ckptlint.facts.unread_state import UnreadState
from ckptlint.rule import Rule
from ckptlint.text import Applicability, Fix

RULE = Rule(
    __name__,
    code="CKP206",
    severity=Severity.WARNING,
    summary="Training goes on from a checkpoint and leaves the optimizer's or scheduler's saved state in it.",
)


@RULE.check(UnreadState)
def check(fact: UnreadState, facts: Facts) -> Iterator[Diagnostic]:
    """The model's state is restored, other state of the same file is not."""
    site = fact.resumption.restored.site
    if any(unread_by_swap(facts, fact.resumption.run, key) for key, _ in fact.keys):
        return
    named = " and ".join(f"'{key}'" for key, _ in fact.keys)
    whose = " and ".join(dict.fromkeys(f"the {role.value}'s state" for _, role in fact.keys))
    places = dict(fact.checkpoint.schema.places) if fact.checkpoint.schema is not None else {}
    saved = [places[key] for key, _ in fact.keys if key in places] or [fact.checkpoint.event.site]
    yield RULE.at(
        facts.site_span(site),
        f"the model is restored and {whose} in {named} is not: training goes on with a fresh one",
        confidence=Confidence.HIGH if fact.is_sure else Confidence.MEDIUM,
        related=tuple(dict.fromkeys(Related(facts.site_span(place), "saved here, and never read") for place in saved)),
        fix=_fix(fact, facts),
        statement=facts.statement_span(site),
    )


def _fix(fact: UnreadState, facts: Facts) -> Fix | None:
    keys = tuple(key for key, _ in fact.keys)
    found = restoring_lines(facts, fact.resumption, fact.made, keys) if fact.made else None
    if found is None:
        return None
    title = f"restore {' and '.join(repr(key) for key in keys)} too"
    return fixes.insert_after_statement(*found, title, Applicability.UNSAFE)
