"""What is restored is no state, or a bare state is subscripted like a checkpoint."""

from __future__ import annotations

from collections.abc import Iterator

from ckptlint.diagnostic import Diagnostic, Related, Severity, confidence_of
from ckptlint.facts.loaded_shapes import ShapeMismatch
from ckptlint.facts.project import Facts
from ckptlint.rule import Rule

RULE = Rule(
    __name__,
    code="CKP302",
    severity=Severity.ERROR,
    summary="What is restored is no state, or a bare state is subscripted like a checkpoint.",
)

_SAVED = {
    "dict": "saved here with more than the state",
    "state": "only the state is saved here",
    "model": "the model itself is saved here",
}


@RULE.check(ShapeMismatch)
def check(fact: ShapeMismatch, facts: Facts) -> Iterator[Diagnostic]:
    """At the restoring call or the subscript, with the saves."""
    span = facts.site_span(fact.at)
    related = [Related(facts.site_span(save.event.site), _SAVED[fact.kind]) for save in fact.saves]
    yield RULE.at(
        span,
        _message(fact),
        confidence=confidence_of(fact.assumptions),
        related=tuple(dict.fromkeys(related)),
        statement=facts.statement_span(fact.at),
    )


def _message(fact: ShapeMismatch) -> str:
    if fact.kind == "path":
        return "a path is given to `load_state_dict`, which takes a state and reads no file"
    if fact.kind == "model":
        return "a model is given to `load_state_dict`, which takes its `state_dict()`"
    if fact.kind == "state":
        return f"'{fact.key}' is read from a file that holds the bare state: there is no such key in it"
    held = ", ".join(f"'{key}'" for key in fact.keys[:6]) + (" …" if len(fact.keys) > 6 else "")
    told = f": the state is under '{fact.key}'" if fact.key else ""
    return f"the whole checkpoint is restored as one state, with {held} for its keys{told}"
