"""A model keeps a tensor as a plain attribute, so the state dict does not hold it."""

from __future__ import annotations

from collections.abc import Iterator

from ckptlint.diagnostic import Diagnostic, Related, Severity
from ckptlint.facts.project import Facts
from ckptlint.facts.unregistered_tensors import UnregisteredTensor
from ckptlint.rule import Rule
from ckptlint.text import Applicability, Edit, Fix, Span

RULE = Rule(
    __name__,
    code="CKP501",
    severity=Severity.WARNING,
    summary="A tensor that is a plain attribute of a model is in no state dict, and does not move with the model.",
)

FOLLOWS = {
    "random": "is drawn when the model is built: no state dict holds it, so a loaded model computes with other numbers",
    "updated": "is updated in `{updater}`, and no state dict holds it: loaded, the model starts from its first value",
    "kept": "is set in `{updater}`, and no state dict holds it: a loaded model has its first value",
    "constant": "is a plain tensor: `to()` leaves it where it is, and no state dict holds it",
}


@RULE.check(UnregisteredTensor)
def check(fact: UnregisteredTensor, facts: Facts) -> Iterator[Diagnostic]:
    """Each such attribute, once."""
    follows = FOLLOWS[fact.reason].format(updater=fact.updater)
    yield RULE.at(
        fact.span,
        f"`{fact.attribute}` of `{fact.model}` {follows}",
        confidence=fact.limit,
        related=(Related(fact.update, "updated here"),) if fact.update is not None else (),
        fix=_fix(fact, facts),
        statement=fact.statement,
    )


def _fix(fact: UnregisteredTensor, facts: Facts) -> Fix | None:
    before = Span(fact.span.path, fact.span.row, fact.span.column, fact.value.row, fact.value.column, fact.span.cell)
    receiver, _, name = fact.attribute.partition(".")
    if not fact.is_plain or facts.text(before).replace(" ", "") != f"{fact.attribute}=":
        return None
    title = f'register it: `{receiver}.register_buffer("{name}", …)` (the state dict gets its key)'
    edits = (Edit(before, f'{receiver}.register_buffer("{name}", '), Edit(fact.statement.end, ")"))
    return Fix(title, Applicability.UNSAFE, edits)
