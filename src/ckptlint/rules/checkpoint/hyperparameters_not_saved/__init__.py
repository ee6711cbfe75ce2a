"""A model is built again from a checkpoint that does not keep its constructor's arguments."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ckptlint import fixes
from ckptlint.diagnostic import Confidence, Diagnostic, Related, Severity, confidence_of
from ckptlint.facts.hyperparameters import LostArguments, UncalledKeeping
from ckptlint.rule import Rule
from ckptlint.text import Applicability

if TYPE_CHECKING:
    from ckptlint.facts.project import Facts

RULE = Rule(
    __name__,
    code="CKP109",
    severity=Severity.WARNING,
    summary="A checkpoint does not keep the arguments that its model is built again with.",
)


@RULE.check(UncalledKeeping)
def check_uncalled(fact: UncalledKeeping, facts: Facts) -> Iterator[Diagnostic]:
    """The method without a call."""
    yield RULE.at(
        fact.at,
        f"`{fact.name}` is named and not called: the checkpoints of `{fact.model}` keep none of its arguments",
        confidence=Confidence.HIGH,
        fix=fixes.wrap(fact.at, "", "()", "call it", Applicability.SAFE),
        statement=fact.at,
    )


@RULE.check(LostArguments)
def check(fact: LostArguments, facts: Facts) -> Iterator[Diagnostic]:
    """At the load, with the constructor and what the model was trained with."""
    names = ", ".join(f"`{name}`" for name in fact.arguments)
    why = f"`{fact.method}` ignores it" if fact.is_ignored else f"`{fact.model}` calls no `{fact.method}`"
    related = [Related(fact.constructor, "the constructor takes it here")]
    if fact.is_required:
        follows = f"building the model fails for want of {names}"
    else:
        given, default = fact.values or ("", "")
        follows = f"`{fact.arguments[0]}` is {default} again in the loaded model, without a word"
        if fact.given is not None:
            related.append(Related(fact.given, f"built with {given} here"))
    yield RULE.at(
        fact.load,
        f"the checkpoint does not hold {names} of `{fact.model}` ({why}) and this call does not give it: {follows}",
        confidence=confidence_of(fact.assumptions),
        related=tuple(related),
        statement=fact.statement,
    )
