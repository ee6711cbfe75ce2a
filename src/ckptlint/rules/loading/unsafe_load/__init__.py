"""A file from outside is loaded by a call that runs what the file says."""

from __future__ import annotations

from collections.abc import Iterator

from ckptlint.diagnostic import Diagnostic, Severity, confidence_of
from ckptlint.facts.project import Facts
from ckptlint.facts.unsafe_loads import UnsafeLoad
from ckptlint.rule import Rule

RULE = Rule(
    __name__,
    code="CKP310",
    severity=Severity.WARNING,
    summary="A file from outside is loaded by a call that runs what the file says.",
    on_by_default=False,
)


@RULE.check(UnsafeLoad)
def check(fact: UnsafeLoad, facts: Facts) -> Iterator[Diagnostic]:
    """Every such load, once."""
    instead = "accepts any object" if fact.has_safe_form else "knows no safe form"
    yield RULE.at(
        facts.site_span(fact.at),
        f"`{fact.api}` {instead}, and {fact.reason}: a file can name any function, which is called with what it likes "
        "while the file is read",
        confidence=confidence_of(fact.assumptions),
        statement=facts.statement_span(fact.at),
    )
