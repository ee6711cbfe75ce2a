"""A snapshot of a model shares its weights, and is used after training has gone on."""

from __future__ import annotations

from collections.abc import Iterator

from ckptlint import fixes
from ckptlint.diagnostic import Confidence, Diagnostic, Related, Severity, confidence_of
from ckptlint.facts.imports import head_imports
from ckptlint.facts.project import Facts
from ckptlint.facts.snapshots import StaleSnapshot, deepcopy_call
from ckptlint.rule import Rule
from ckptlint.text import Applicability, Fix

RULE = Rule(
    __name__,
    code="CKP104",
    severity=Severity.ERROR,
    summary="A snapshot of a model shares its weights, and is used after training has gone on.",
)

_USES = {"restored": "it is restored here", "saved": "it is saved here", "returned": "it is returned from here"}


@RULE.check(StaleSnapshot)
def check(fact: StaleSnapshot, facts: Facts) -> Iterator[Diagnostic]:
    """The weights change between the snapshot and its use."""
    at = facts.site_span(fact.share.taken)
    name = facts.name_at(fact.share.taken)
    shown = f"`{name}`" if name else "this snapshot"
    owner = facts.receiver_text(fact.share.taken)
    whose = f"the weights of `{owner}`" if owner else "the model's weights"
    how = "another state is put into the model" if fact.is_replaced else "training goes on"
    if fact.is_whole:
        said = f"{shown} is the model itself under another name: when {how}, it changes too"
    else:
        said = f"{shown} shares {whose} and is no copy: when {how}, it changes too"
    yield RULE.at(
        at,
        f"{said}, so what is {fact.use} later is not the state taken here",
        confidence=_confidence(fact),
        related=(
            Related(
                facts.site_span(fact.change.site),
                "the model gets another state here" if fact.is_replaced else "the weights change here afterwards",
            ),
            Related(facts.site_span(fact.used), _USES[fact.use]),
        ),
        fix=_fix(fact, facts),
        statement=facts.statement_span(fact.share.taken),
    )


def _confidence(fact: StaleSnapshot) -> Confidence:
    if not fact.is_alone or fact.may_be_copy:
        return Confidence.LOW
    found = confidence_of(fact.assumptions)
    if fact.is_own and not fact.is_whole:
        return found  # It is put into the model whose weights it is: that does nothing at all.
    if fact.is_kept:
        return min(found, Confidence.MEDIUM) if fact.is_whole else found
    return min(found, Confidence.MEDIUM) if fact.is_named and not fact.is_whole else Confidence.LOW


def _fix(fact: StaleSnapshot, facts: Facts) -> Fix | None:
    path = fact.share.taken.path
    call = deepcopy_call(facts, path)
    if call is None or not fact.is_state:
        return None
    written, is_missing = call
    title = f"keep a copy with `{written}(...)`"
    fix = fixes.wrap(facts.site_span(fact.share.taken), f"{written}(", ")", title, Applicability.SAFE)
    record = facts.program.record(path)
    if not is_missing or record is None:
        return fix
    head = facts.span(path, head_imports(record)[0].at)
    added = fixes.add_import(head, "copy", title, Applicability.SAFE)
    return fixes.together(title, Applicability.SAFE, added, fix)
