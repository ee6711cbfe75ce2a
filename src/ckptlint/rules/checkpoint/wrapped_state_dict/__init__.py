"""A state dict is taken from a wrapper and loaded into the bare model, or the other way round."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ckptlint import fixes
from ckptlint.diagnostic import Confidence, Diagnostic, Related, Severity, confidence_of
from ckptlint.facts.mixed_prefixes import MixedPrefix, PreparedSave
from ckptlint.facts.partial_loads import lenient_call
from ckptlint.facts.prefixes import WrappedState, named, receiver_of
from ckptlint.flow.domain import Site
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


@RULE.check(MixedPrefix)
def check_mixed(fact: MixedPrefix, facts: Facts) -> Iterator[Diagnostic]:
    """The model is taken out of its wrapper for another save."""
    yield RULE.at(
        facts.site_span(fact.wrapped),
        f"the keys saved here start with '{fact.prefix}', those of another save of this model do not: "
        "one of the two files does not load where the other does",
        confidence=Confidence.MEDIUM,
        related=(Related(facts.site_span(fact.bare), "the model is taken out of its wrapper here"),),
        fix=_unwrapped(facts, fact.wrapped, fact.prefix, "save"),
        statement=facts.statement_span(fact.wrapped),
    )


@RULE.check(PreparedSave)
def check_prepared(fact: PreparedSave, facts: Facts) -> Iterator[Diagnostic]:
    """The model saves itself in what several processes wrap it in."""
    related: tuple[Related, ...] = ()
    if fact.unwrapped is not None:
        related = (Related(facts.site_span(fact.unwrapped), "a model is taken out of its wrapper here"),)
    yield RULE.at(
        facts.site_span(fact.at),
        f"`{fact.name}` is wrapped when several processes run, and the wrapper cannot save it",
        confidence=Confidence.MEDIUM if related else Confidence.LOW,
        related=related,
        statement=facts.statement_span(fact.at),
    )


def _fix(fact: WrappedState, facts: Facts) -> Fix | None:
    """Take the model out of its wrapper, at the end where it is wrapped."""
    if fact.is_conditional:
        return None
    if fact.saved:
        return _unwrapped(facts, fact.snapshot, fact.saved, "save")
    return _unwrapped(facts, fact.restored.site, fact.loaded, "load into")


def _unwrapped(facts: Facts, call: Site, prefix: str, verb: str) -> Fix | None:
    receiver, inner = receiver_of(facts, call), prefix.removesuffix(".")
    if receiver is None or "." in inner:
        return None
    title = f"{verb} `{facts.text(receiver)}.{inner}`, the model in the wrapper"
    return fixes.wrap(receiver, "", f".{inner}", title, Applicability.UNSAFE)
