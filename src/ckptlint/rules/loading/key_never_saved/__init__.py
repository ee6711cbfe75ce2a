"""A key is read from a checkpoint that none of the project's saves writes."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from ckptlint import fixes
from ckptlint.diagnostic import Confidence, Diagnostic, Related, Severity, confidence_of
from ckptlint.facts.hook_reads import HookRead
from ckptlint.facts.links import LinkedRead
from ckptlint.facts.project import Facts
from ckptlint.facts.swapped_keys import explains
from ckptlint.rule import Rule
from ckptlint.text import Applicability

RULE = Rule(
    __name__,
    code="CKP301",
    severity=Severity.ERROR,
    summary="A key is read from a checkpoint that no save of the project writes.",
)


@RULE.check(LinkedRead)
def check(fact: LinkedRead, facts: Facts) -> Iterator[Diagnostic]:
    """All linked saves are closed dicts without the key."""
    key = fact.read.key
    if fact.read.guarded or not isinstance(key, str):
        return
    schemas = fact.schemas
    if any(schema is None or schema.is_open or key in schema.keys for schema in schemas):
        return
    saved = sorted({k for schema in schemas if schema is not None for k in schema.keys})
    if not saved or explains(facts, fact):
        return
    near = difflib.get_close_matches(key, saved, n=1, cutoff=0.5)
    held = ", ".join(f"'{k}'" for k in saved[:6]) + (" …" if len(saved) > 6 else "")
    related = tuple(
        dict.fromkeys(Related(facts.site_span(save.event.site), f"saved here with {held}") for save in fact.saves)
    )
    fix = None
    span = facts.site_span(fact.read.site)
    if near:
        text = facts.text(span)
        quoted = next((q for q in (f'"{key}"', f"'{key}'") if text.count(q) == 1), None)
        if quoted is not None:
            new = text.replace(quoted, quoted[0] + near[0] + quoted[0])
            fix = fixes.replace(span, new, f"read '{near[0]}', which is saved", Applicability.UNSAFE)
    yield RULE.at(
        span,
        f"'{key}' is read from {_where(fact)}, but no save writes it: {'it' if fact.path else 'the file'} holds {held}",
        confidence=confidence_of(fact.assumptions),
        related=related,
        fix=fix,
        statement=facts.statement_span(fact.read.site),
    )


def _where(fact: LinkedRead) -> str:
    return f"'{fact.path[-1]}' of the checkpoint" if fact.path else "the checkpoint"


@RULE.check(HookRead)
def check_hook(fact: HookRead, facts: Facts) -> Iterator[Diagnostic]:
    """A model's own hook reads what no hook adds to the framework's checkpoint."""
    held = ", ".join(f"'{key}'" for key in fact.added) or "nothing"
    yield RULE.at(
        facts.site_span(fact.read.site),
        f"'{fact.key}' is read from the checkpoint, but no hook adds it: what hooks add is {held}",
        confidence=Confidence.HIGH,
        statement=facts.statement_span(fact.read.site),
    )
