"""An entry of a checkpoint is of a kind that the load reading it refuses."""

from __future__ import annotations

from collections.abc import Iterator

from ckptlint import fixes
from ckptlint.diagnostic import Diagnostic, Related, Severity, confidence_of
from ckptlint.facts.project import Facts
from ckptlint.facts.refused_entries import RefusedEntry
from ckptlint.rule import Rule
from ckptlint.text import Applicability, Fix

RULE = Rule(
    __name__,
    code="CKP111",
    severity=Severity.ERROR,
    summary="An entry of a checkpoint is of a kind that the load reading it refuses.",
)


@RULE.check(RefusedEntry)
def check(fact: RefusedEntry, facts: Facts) -> Iterator[Diagnostic]:
    """At the entry, with the load."""
    held = f"'{fact.key}' holds {fact.what}" if fact.key else f"{fact.what} is saved whole"
    yield RULE.at(
        facts.site_span(fact.at),
        f"{held}: the load of this file accepts plain data and tensors only, and raises",
        confidence=confidence_of(fact.assumptions),
        related=(Related(facts.site_span(fact.load), "loaded here with `weights_only=True`, the default"),),
        fix=_fix(fact, facts),
        statement=facts.statement_span(fact.at),
    )


def _fix(fact: RefusedEntry, facts: Facts) -> Fix | None:
    if fact.value is None or not fact.instead:
        return None
    text = facts.text(fact.value)
    if "\n" in text:
        return None
    is_one = text.replace(".", "").isidentifier() or text.endswith(")")
    before, _, after = fact.instead.partition("{}")
    if not before and not is_one:
        before, after = "(", f"){after}"
    title = f"save `{before}{text}{after}`, which is accepted"
    return fixes.replace(fact.value, f"{before}{text}{after}", title, Applicability.UNSAFE)
