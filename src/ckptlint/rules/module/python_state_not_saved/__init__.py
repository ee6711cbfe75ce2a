"""A model changes a number or array of its own while it runs, and no checkpoint holds it."""

from __future__ import annotations

from collections.abc import Iterator

from ckptlint.diagnostic import Diagnostic, Related, Severity
from ckptlint.facts.project import Facts
from ckptlint.facts.python_state import PythonState
from ckptlint.rule import Rule

RULE = Rule(
    __name__,
    code="CKP503",
    severity=Severity.WARNING,
    summary="A Python number or NumPy array that a model changes while it runs is in no checkpoint.",
)


@RULE.check(PythonState)
def check(fact: PythonState, facts: Facts) -> Iterator[Diagnostic]:
    """Each such attribute, once."""
    if fact.is_random:
        said = f"{_a(fact.what)} of random numbers that no checkpoint holds: a loaded model computes with others"
    elif fact.is_used:
        said = f"{_a(fact.what)} that `{fact.updater}` changes and no checkpoint holds: "
        said += "a loaded model starts again from its first value"
    else:
        said = f"{_a(fact.what)} that `{fact.updater}` changes and no checkpoint holds"
    is_elsewhere = fact.made.row != fact.span.row or fact.made.path != fact.span.path
    yield RULE.at(
        fact.span,
        f"`{fact.attribute}` of `{fact.model}` is {said}",
        confidence=fact.limit,
        related=(Related(fact.made, "its first value"),) if is_elsewhere else (),
        statement=fact.statement,
    )


def _a(what: str) -> str:
    return f"an {what}" if what.startswith("a") else f"a {what}"
