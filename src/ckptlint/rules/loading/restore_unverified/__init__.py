"""A restore does nothing, and says nothing, where there is no checkpoint."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ckptlint import fixes
from ckptlint.diagnostic import Confidence, Diagnostic, Severity
from ckptlint.facts.unverified_restores import UnverifiedRestore
from ckptlint.rule import Rule
from ckptlint.text import Applicability, Fix

if TYPE_CHECKING:
    from ckptlint.facts.project import Facts

RULE = Rule(
    __name__,
    code="CKP307",
    severity=Severity.WARNING,
    summary="A checkpoint is restored without a look at whether there was one.",
)

SAYING = {
    "folder": "where the folder holds no checkpoint, `{name}` is given None, does nothing and says nothing",
    "target": "where the folder holds no checkpoint, `{name}` gives back what it was given and says nothing",
}


@RULE.check(UnverifiedRestore)
def check(fact: UnverifiedRestore, facts: Facts) -> Iterator[Diagnostic]:
    """At the call; what goes on training may mean to begin anew."""
    follows = "training then begins anew" if fact.trains else "the model is evaluated with the weights it began with"
    is_sure = fact.evaluates and fact.is_folder and not fact.trains
    yield RULE.at(
        fact.at,
        f"{SAYING[fact.kind].format(name=fact.name)}: {follows}",
        confidence=Confidence.MEDIUM if is_sure else Confidence.LOW,
        fix=_fix(fact),
        statement=fact.statement,
    )


def _fix(fact: UnverifiedRestore) -> Fix | None:
    if not fact.cure:
        return None
    return fixes.wrap(fact.at, "", fact.cure, "ask that everything was restored", Applicability.UNSAFE)
