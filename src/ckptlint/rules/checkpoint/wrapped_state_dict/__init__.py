"""A state dict is taken from a wrapper and loaded into the bare model, or the other way round."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ckptlint import fixes
from ckptlint.diagnostic import Diagnostic, Related, Severity, confidence_of
from ckptlint.facts.partial_loads import lenient_call
from ckptlint.facts.prefixes import WrappedState, named, receiver_of
from ckptlint.rule import Rule
from ckptlint.text import Applicability, Fix

if TYPE_CHECKING:
    from ckptlint.facts.project import Facts

RULE = Rule(
    __name__,
    code="CKP105",
    severity=Severity.WARNING,
    summary="A state dict is taken from a wrapper and loaded into the bare model, or the other way round.",
)


@RULE.check(WrappedState)
def check(fact: WrappedState, facts: Facts) -> Iterator[Diagnostic]:
    """At the save; with the load that expects other keys."""
    if lenient_call(facts, fact.restored.site) is not None:
        return  # CKP303 tells it where it is loaded.
    prefix = named({fact.saved, fact.loaded})
    if fact.saved:
        message = f"the keys saved here start with {prefix}, those of the model that loads them do not: no key matches"
    else:
        message = f"the model that loads this state is wrapped, its keys start with {prefix}: no key matches"
    yield RULE.at(
        facts.site_span(fact.snapshot),
        message,
        confidence=confidence_of(fact.assumptions),
        related=(Related(facts.site_span(fact.restored.site), "it is loaded here"),),
        fix=_fix(fact, facts),
        statement=facts.statement_span(fact.snapshot),
    )


def _fix(fact: WrappedState, facts: Facts) -> Fix | None:
    """Take the model out of its wrapper, at the end where it is wrapped."""
    call = fact.snapshot if fact.saved else fact.restored.site
    receiver = receiver_of(facts, call)
    inner = (fact.saved or fact.loaded).removesuffix(".")
    if receiver is None or "." in inner or fact.is_conditional:
        return None
    where = "save" if fact.saved else "load"
    title = f"{where} `{facts.text(receiver)}.{inner}`, the model in the wrapper"
    return fixes.wrap(receiver, "", f".{inner}", title, Applicability.UNSAFE)
