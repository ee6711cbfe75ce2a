"""A state is saved or loaded under the name of another model, or a model is saved that is not the one evaluated."""

from __future__ import annotations

from collections.abc import Iterator

from ckptlint.diagnostic import Confidence, Diagnostic, Related, Severity, confidence_of
from ckptlint.facts.evaluated_models import EvaluatedAverage
from ckptlint.facts.mistaken_states import MistakenState
from ckptlint.facts.project import Facts
from ckptlint.facts.swapped_keys import SwappedKeys
from ckptlint.rule import Rule

RULE = Rule(
    __name__,
    code="CKP106",
    severity=Severity.WARNING,
    summary="The model saved is not the one evaluated, or a state is under another one's name.",
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


@RULE.check(MistakenState)
def mistaken(fact: MistakenState, facts: Facts) -> Iterator[Diagnostic]:
    """What is saved under the key is the state of another kind of object."""
    name = facts.receiver_text(fact.restored.site)
    yield RULE.at(
        facts.site_span(fact.restored.site),
        f"{f'`{name}`' if name else f'the {fact.wanted}'} gets the state of a {fact.saved}: "
        f"that is what is saved under '{fact.key}'",
        confidence=confidence_of(fact.assumptions),
        related=(Related(facts.site_span(fact.save), "it is saved here"),),
        statement=facts.statement_span(fact.restored.site),
    )


@RULE.check(EvaluatedAverage)
def evaluated(fact: EvaluatedAverage, facts: Facts) -> Iterator[Diagnostic]:
    """No file holds the average that every evaluation runs."""
    name = facts.name_given(fact.made) or "the average"
    yield RULE.at(
        facts.site_span(fact.checkpoint.event.site),
        f"the model is saved, but what is evaluated is `{name}`, which no file holds: the saved weights are not those "
        "that were scored",
        confidence=Confidence.MEDIUM,
        related=(
            Related(facts.site_span(fact.evaluated.site), f"`{name}` is evaluated here"),
            Related(facts.site_span(fact.made), "it is made here and saved nowhere"),
        ),
        statement=facts.statement_span(fact.checkpoint.event.site),
    )
