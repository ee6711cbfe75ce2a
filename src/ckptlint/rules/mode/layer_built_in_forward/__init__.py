"""A forward makes a layer anew at every call, out of reach of the optimizer, the state dict and `eval()`."""

from __future__ import annotations

from collections.abc import Iterator

from ckptlint.diagnostic import Confidence, Diagnostic, Related, Severity
from ckptlint.facts.forward_layers import ForwardLayer
from ckptlint.facts.project import Facts
from ckptlint.rule import Rule

RULE = Rule(
    __name__,
    code="CKP404",
    severity=Severity.ERROR,
    summary="A layer built in `forward` is new at every call: untrained, unsaved and in train mode.",
)

_EFFECTS = {
    "mode": "it is new at every call and in train mode, so it drops in eval mode too",
    "weights": "its weights are drawn anew at every call, never trained, and in no state dict",
    "constant": "it is new at every call, so its weights are never trained and in no state dict",
    "statistics": "it is new at every call and in train mode: untrained, and always normalising by the batch",
    "unweighted": "it is new at every call and in train mode, so it normalises by the batch in eval mode too",
}


@RULE.check(ForwardLayer)
def check(fact: ForwardLayer, facts: Facts) -> Iterator[Diagnostic]:
    """Each such layer, once."""
    effect = _EFFECTS[fact.kind]
    if fact.attribute is not None:
        effect = f"each call puts a new one into `{fact.attribute}`, which the optimizer does not hold"
    confidence = Confidence.HIGH
    if fact.is_conditional:
        confidence = Confidence.LOW
    elif fact.kind in ("constant", "unweighted") or not fact.is_own:
        confidence = Confidence.MEDIUM
    related = (Related(fact.reached, "the forward reaches it from here"),) if fact.reached is not None else ()
    yield RULE.at(
        fact.span,
        f"`{fact.layer}` is built in `{fact.function}`, which the forward of `{fact.model}` runs: {effect}",
        confidence=confidence,
        related=related,
        statement=fact.statement,
    )
