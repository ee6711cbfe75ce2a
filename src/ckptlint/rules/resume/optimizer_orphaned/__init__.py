"""The optimizer holds the parameters of a model that is replaced before it is trained: its steps change nothing."""

from __future__ import annotations

from collections.abc import Iterator

from ckptlint.diagnostic import Confidence, Diagnostic, Related, Severity
from ckptlint.facts.orphaned_optimizers import OrphanedOptimizer
from ckptlint.facts.project import Facts
from ckptlint.rule import Rule

RULE = Rule(
    __name__,
    code="CKP208",
    severity=Severity.ERROR,
    summary="The optimizer holds the parameters of a model that is replaced before it is trained.",
)

_SAID = {
    "model": "`{name}` is replaced after {optimizer} was made for it: its steps move the parameters of the old model, "
    "and the one that is trained stays as it is",
    "part": "`{name}` is replaced after {optimizer} was made: no step moves the parameters of the new one",
    "parameters": "the parameters of `{name}` are replaced (`assign=True`) after {optimizer} was made: its steps move "
    "the old ones, and the model stays as it is",
}


@RULE.check(OrphanedOptimizer)
def check(fact: OrphanedOptimizer, facts: Facts) -> Iterator[Diagnostic]:
    """A trained forward call is of an object that no optimizer knows."""
    name = facts.name_given(fact.optimizer.built.site)
    shown = f"`{name}`" if name else "the optimizer"
    yield RULE.at(
        facts.site_span(fact.at),
        _SAID[fact.kind].format(name=fact.name, optimizer=shown),
        confidence=Confidence.HIGH,
        related=(
            Related(facts.site_span(fact.optimizer.built.site), f"{shown} is made here"),
            Related(facts.site_span(fact.trained), "it is trained here"),
        ),
        statement=facts.statement_span(fact.at),
    )
