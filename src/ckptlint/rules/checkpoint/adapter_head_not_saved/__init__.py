"""A head that is meant to be trained and saved with an adapter is not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ckptlint.diagnostic import Confidence, Diagnostic, Related, Severity
from ckptlint.facts.adapter_heads import NoList, UnsavedHead
from ckptlint.rule import Rule

if TYPE_CHECKING:
    from ckptlint.facts.project import Facts

RULE = Rule(
    __name__,
    code="CKP110",
    severity=Severity.ERROR,
    summary="A model's head is neither trained nor saved with the adapter around it.",
)


@RULE.check(NoList)
def check(fact: NoList, facts: Facts) -> Iterator[Diagnostic]:
    """At the argument."""
    yield RULE.at(
        fact.at,
        f"`{fact.parameter}` is None: `{fact.call}` changes its list in place and gives nothing; what the list names "
        "is not trained or saved with the adapter",
        confidence=Confidence.HIGH,
        statement=fact.statement,
    )


@RULE.check(UnsavedHead)
def check_head(fact: UnsavedHead, facts: Facts) -> Iterator[Diagnostic]:
    """At the call that adapts the model."""
    wanted = " nor ".join(f"`{name}`" for name in fact.parameters)
    yield RULE.at(
        fact.at,
        f"the head of `{fact.model}` is frozen at random and in no adapter file: the config has neither {wanted}",
        confidence=Confidence.MEDIUM,
        related=(Related(fact.config, "the config"), Related(fact.loaded, "the head is made here")),
        statement=fact.statement,
    )
