"""A buffer that learns from the data is registered so that the state dict leaves it out."""

from __future__ import annotations

from collections.abc import Iterator

from ckptlint import fixes
from ckptlint.diagnostic import Diagnostic, Related, Severity
from ckptlint.facts.project import Facts
from ckptlint.facts.transient_buffers import TransientBuffer
from ckptlint.rule import Rule
from ckptlint.text import Applicability

RULE = Rule(
    __name__,
    code="CKP504",
    severity=Severity.WARNING,
    summary="A buffer updated from data is registered with `persistent=False`: the state dict leaves it out.",
)


@RULE.check(TransientBuffer)
def check(fact: TransientBuffer, facts: Facts) -> Iterator[Diagnostic]:
    """Each such buffer, once."""
    title = "let the state dict hold it: `persistent=True` (it gets a key)"
    yield RULE.at(
        fact.span,
        f"buffer `{fact.name}` of `{fact.model}` is updated from data in `{fact.updater}`, but `persistent=False` "
        "keeps it out of the state dict: a loaded model starts again from its first value",
        confidence=fact.limit,
        related=(Related(fact.update, "updated here"),),
        fix=fixes.replace(fact.span, "True", title, Applicability.UNSAFE),
        statement=fact.statement,
    )
