"""What `load_state_dict` gives takes the place of the model or optimizer it was called on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ckptlint import fixes
from ckptlint.diagnostic import Diagnostic, Related, Severity, confidence_of
from ckptlint.facts.results import ReplacedByResult
from ckptlint.rule import Rule
from ckptlint.text import Applicability, Fix, Span

if TYPE_CHECKING:
    from ckptlint.facts.project import Facts

RULE = Rule(
    __name__,
    code="CKP304",
    severity=Severity.ERROR,
    summary="The result of `load_state_dict` takes the place of the model or optimizer.",
)


@RULE.check(ReplacedByResult)
def check(fact: ReplacedByResult, facts: Facts) -> Iterator[Diagnostic]:
    """At the call whose result is used, with the use."""
    gives = "None" if fact.gives_nothing else "the keys that did not match"
    what = "model" if fact.is_model else "object it is called on"
    fails = f"`.{fact.method}()`" if fact.method else "calling it"
    name = fact.assignment.target if fact.assignment is not None else "the result"
    yield RULE.at(
        facts.site_span(fact.at),
        f"{name} is not the {what} after this: `{fact.name}` works in place and gives {gives}, so {fails} fails",
        confidence=confidence_of(fact.assumptions),
        related=(Related(facts.site_span(fact.use), f"used as the {what} here"),),
        fix=_fix(fact, facts),
        statement=facts.statement_span(fact.at),
    )


def _fix(fact: ReplacedByResult, facts: Facts) -> Fix | None:
    """The call as a statement of its own."""
    found = fact.assignment
    if found is None:
        return None
    start, call = facts.span(fact.at.path, found.at), facts.span(fact.at.path, found.call)
    if found.is_same:
        target = Span(start.path, start.row, start.column, call.row, call.column)
        return fixes.replace(target, "", f"call `{fact.name}` without assigning its result", Applicability.SAFE)
    if not found.makes_receiver:
        return None
    receiver = facts.text(facts.span(fact.at.path, found.receiver))
    rest = facts.text(call)[len(receiver) :]
    if not rest.startswith("."):
        return None
    indent = " " * (start.column - 1)
    text = f"{found.target} = {receiver}\n{indent}{found.target}{rest}"
    return fixes.replace(start, text, f"call `{fact.name}` in a statement of its own", Applicability.SAFE)
