"""The method `state_dict` itself is saved or loaded, not what it returns."""

from __future__ import annotations

from collections.abc import Iterator

from ckptlint import fixes
from ckptlint.diagnostic import Confidence, Diagnostic, Severity
from ckptlint.facts.checkpoints import UncalledStateDict
from ckptlint.facts.project import Facts
from ckptlint.rule import Rule
from ckptlint.text import Applicability

RULE = Rule(
    __name__,
    code="CKP103",
    severity=Severity.ERROR,
    summary="`model.state_dict` without `()` is saved or loaded: the method, not the weights.",
)


_USES = {
    "saved": "saved: no weights are in the file",
    "restored": "loaded: a TypeError",
    "returned": "returned: no state is in what is saved",
}


@RULE.check(UncalledStateDict)
def check(fact: UncalledStateDict, facts: Facts) -> Iterator[Diagnostic]:
    """Each place, once."""
    span = facts.site_span(fact.at)
    yield RULE.at(
        span,
        f"`state_dict` is not called, so the method itself is {_USES[fact.use]}",
        confidence=Confidence.HIGH,
        fix=fixes.wrap(span, "", "()", "call `state_dict()`", Applicability.SAFE),
        statement=facts.statement_span(fact.at),
    )
