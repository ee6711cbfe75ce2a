"""A checkpoint to resume from holds the model and not its optimizer's state."""

from __future__ import annotations

from collections.abc import Iterator

from ckptlint.diagnostic import Confidence, Diagnostic, Related, Severity
from ckptlint.facts.project import Facts
from ckptlint.facts.resume import Evidence, MissingState
from ckptlint.rule import Rule

RULE = Rule(
    __name__,
    code="CKP201",
    severity=Severity.WARNING,
    summary="A checkpoint to resume from holds the model and not its optimizer's state.",
)

_LEVELS = {
    Evidence.RESUMED: Confidence.HIGH,
    Evidence.ONE_SIGN: Confidence.MEDIUM,
    Evidence.PERIODIC: Confidence.LOW,
}


@RULE.check(MissingState)
def check(fact: MissingState, facts: Facts) -> Iterator[Diagnostic]:
    """No checkpoint of the training holds the state of an optimizer that has some."""
    confidence = _LEVELS[fact.evidence]
    if not fact.is_certain:
        confidence = min(confidence, Confidence.MEDIUM)
    if fact.is_doubtful:
        confidence = Confidence.LOW
    related = [
        Related(facts.site_span(optimizer.built.site), f"{optimizer.kind} is made here, and saved nowhere")
        for group in fact.groups
        for optimizer in group.optimizers[:1]
    ]
    if fact.resumption is not None:
        related.insert(0, Related(facts.site_span(fact.resumption.restored.site), "training goes on from it here"))
    yield RULE.at(
        facts.site_span(fact.at),
        _message(fact, facts),
        confidence=confidence,
        related=tuple(dict.fromkeys(related)),
        fix=None,
        statement=facts.statement_span(fact.at),
    )


def _message(fact: MissingState, facts: Facts) -> str:
    first = [group.optimizers[0] for group in fact.groups]
    names = [facts.name_at(optimizer.built.site) or f"the {optimizer.kind} optimizer" for optimizer in first]
    named = " and ".join(f"`{name}`" if " " not in name else name for name in dict.fromkeys(names))
    start = "the checkpoint holds the model" if fact.evidence > Evidence.PERIODIC else "the weights are saved"
    return (
        f"{start} and not the state of {named} ({', '.join(dict.fromkeys(o.kind for o in first))}): "
        "a run that goes on from it starts the optimizer afresh"
    )
