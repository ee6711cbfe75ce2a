"""State is read from a checkpoint, and training goes on without it."""

from __future__ import annotations

from collections.abc import Iterator

from ckptlint.diagnostic import Confidence, Diagnostic, Related, Severity
from ckptlint.facts.project import Facts
from ckptlint.facts.replaced_optimizers import EpochOptimizer, ReplacedOptimizer
from ckptlint.facts.unused_state import UnusedState
from ckptlint.rule import Rule

RULE = Rule(
    __name__,
    code="CKP207",
    severity=Severity.ERROR,
    summary="Restored state is left unused or replaced by fresh state before training goes on.",
)


@RULE.check(UnusedState)
def check_unused(fact: UnusedState, facts: Facts) -> Iterator[Diagnostic]:
    """A name gets the restored state, and nothing reads it."""
    if fact.replaced is not None:
        said = f"`{fact.name}` gets the restored state and another value before anything reads it"
        related: tuple[Related, ...] = (Related(facts.site_span(fact.replaced), "it is replaced here"),)
    else:
        said, related = f"`{fact.name}` gets the restored state and nothing reads it", ()
    yield RULE.at(
        facts.site_span(fact.at),
        f"{said}: training goes on with fresh state",
        confidence=Confidence.HIGH if fact.is_result else Confidence.MEDIUM,
        related=related,
        statement=facts.site_span(fact.at),
    )


@RULE.check(ReplacedOptimizer)
def check_replaced(fact: ReplacedOptimizer, facts: Facts) -> Iterator[Diagnostic]:
    """The optimizer is restored and then made again."""
    site = fact.fresh.built.site
    yield RULE.at(
        facts.site_span(site),
        f"`{fact.name}` was restored and is made anew here: training goes on without the state that was restored",
        confidence=Confidence.HIGH if fact.is_same_call else Confidence.MEDIUM,
        related=(Related(facts.site_span(fact.restored.site), "the optimizer before it gets its state here"),),
        statement=facts.statement_span(site),
    )


@RULE.check(EpochOptimizer)
def check_epochs(fact: EpochOptimizer, facts: Facts) -> Iterator[Diagnostic]:
    """The loop of the epochs makes the optimizer in each round."""
    site = fact.optimizer.built.site
    shown = f"`{fact.name}`" if fact.name else fact.optimizer.kind
    yield RULE.at(
        facts.site_span(site),
        f"{shown} is made anew in every epoch: its state ({fact.optimizer.kind}) is lost at the end of each",
        confidence=Confidence.MEDIUM,
        related=(Related(facts.site_span(fact.loop), "the loop of the epochs"),),
        statement=facts.statement_span(site),
    )
