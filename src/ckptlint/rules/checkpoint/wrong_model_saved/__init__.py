"""A state is saved or loaded under the name of another model, or a model is saved that is not the one evaluated."""

from __future__ import annotations

from collections.abc import Iterator

from ckptlint.diagnostic import Confidence, Diagnostic, Related, Severity
from ckptlint.facts.project import Facts
from ckptlint.facts.swapped_keys import SwappedKeys
from ckptlint.rule import Rule

RULE = Rule(
    __name__,
    code="CKP106",
    severity=Severity.WARNING,
    summary="A state is saved or loaded under another model's name.",
)


@RULE.check(SwappedKeys)
def swapped(fact: SwappedKeys, facts: Facts) -> Iterator[Diagnostic]:
    """Its key names another object, and every key beside it names its own."""
    state, other = fact.state, fact.other
    name = state.names[0]
    if fact.siblings.is_save:
        message = f"'{state.key}' holds the state of `{name}`"
        if fact.is_mutual and other is not None:
            message += f", and '{other.key}' that of `{fact.owner}`: whoever reads them by name gets the wrong one"
        else:
            message += f", and `{fact.owner}`, which it is named for, is saved nowhere"
    else:
        message = f"`{name}` gets the state of '{state.key}'"
        if fact.is_mutual and other is not None:
            message += f", and `{fact.owner}` that of '{other.key}': they are swapped"
        else:
            message += f", and its own in '{fact.owner}' is never read"
    related: tuple[Related, ...] = ()
    if other is not None:
        related = (Related(facts.site_span(other.at), f"'{other.key}' and `{other.names[0]}` here"),)
    yield RULE.at(
        facts.site_span(state.at),
        message,
        confidence=Confidence.HIGH if fact.is_clear else Confidence.MEDIUM,
        related=related,
        statement=facts.statement_span(state.at),
    )
