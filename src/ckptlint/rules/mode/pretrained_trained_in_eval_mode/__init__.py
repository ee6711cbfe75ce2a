"""A model that comes in eval mode with its weights is trained, and nothing puts it into train mode."""

from __future__ import annotations

from collections.abc import Iterator

from ckptlint import fixes
from ckptlint.diagnostic import Assumption, Confidence, Diagnostic, Related, Severity, confidence_of
from ckptlint.facts.modes import name_of
from ckptlint.facts.modules import Trait
from ckptlint.facts.pretrained_modes import FittedAsLoaded, TrainedAsLoaded
from ckptlint.facts.project import Facts
from ckptlint.rule import Rule
from ckptlint.text import Applicability

RULE = Rule(
    __name__,
    code="CKP406",
    severity=Severity.WARNING,
    summary="A pretrained model comes in eval mode and is trained so: nothing calls train(), dropout stays off.",
)


@RULE.check(TrainedAsLoaded)
def check(fact: TrainedAsLoaded, facts: Facts) -> Iterator[Diagnostic]:
    """A training forward that only what loads the weights, or an evaluation later on, gives a mode."""
    event, name = fact.forward.event, name_of(fact.forward.event)
    trained = f"{name}.{fact.part}" if fact.part else name
    # An evaluation in the loop switches back to eval mode: train() must then stand within that loop.
    place = event.statement if fact.is_evaluated else event.anchor
    yield RULE.at(
        facts.site_span(event.site),
        f"`{trained}` is trained in eval mode: it comes so with its weights and nothing calls train() on `{name}`, "
        "so dropout is off in every step",
        confidence=_confidence(fact.sensitive, fact.assumptions),
        related=tuple(Related(facts.site_span(site), "it is loaded here, in eval mode") for site in fact.loaded),
        fix=fixes.insert_before_statement(
            facts.span(event.site.path, place),
            [f"{name}.train()"],
            f"call `{name}.train()` before it is trained",
            Applicability.UNSAFE,
        )
        if name.replace(".", "").isidentifier()
        else None,
        statement=facts.span(event.site.path, event.statement),
    )


@RULE.check(FittedAsLoaded)
def check_fitted(fact: FittedAsLoaded, facts: Facts) -> Iterator[Diagnostic]:
    """A part of a model whose trainer leaves the modes of parts as they are."""
    part = fact.part
    name = f"{part.receiver}.{part.name}"
    statement = facts.span(part.site.path, part.statement)
    yield RULE.at(
        facts.site_span(part.site),
        f"`{name}` stays in eval mode while the trainer fits the model: it comes so with its weights and the trainer "
        "leaves the modes of parts as they are, so dropout is off in every step",
        confidence=_confidence(part.sensitive, frozenset({Assumption.EXTERNAL_CALLEE})),
        related=(Related(facts.site_span(fact.fitted.site), "the model is trained here"),),
        fix=fixes.insert_after_statement(
            statement, [f"{name}.train()"], f"call `{name}.train()` where it is loaded", Applicability.UNSAFE
        )
        if "." not in part.name
        else None,
        statement=statement,
    )


def _confidence(sensitive: Trait, assumptions: frozenset[Assumption]) -> Confidence:
    if sensitive.holds is False or sensitive.is_weak:
        return Confidence.LOW  # Its configuration may set a rate, though its family's is 0.
    return confidence_of(assumptions if sensitive.holds else assumptions | {Assumption.CLASS_UNSEEN})
