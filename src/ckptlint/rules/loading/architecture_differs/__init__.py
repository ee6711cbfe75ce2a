"""Weights are loaded into a model whose layers are not those of the model that saved them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ckptlint.diagnostic import Diagnostic, Related, Severity, confidence_of
from ckptlint.facts.built_models import BuiltDifferently
from ckptlint.facts.rebuilt import RebuiltModel
from ckptlint.rule import Rule

if TYPE_CHECKING:
    from ckptlint.facts.project import Facts

RULE = Rule(
    __name__,
    code="CKP309",
    severity=Severity.ERROR,
    summary="Weights are loaded into a model whose layers are not those of the model that saved them.",
)


@RULE.check(RebuiltModel)
def check(fact: RebuiltModel, facts: Facts) -> Iterator[Diagnostic]:
    """At the load, with the save and both layers."""
    found = fact.difference
    here = f"has {found.second.label}" if found.second is not None else "has ended"
    there = f"has {found.first.label}" if found.first is not None else "has ended"
    related = [Related(facts.site_span(fact.save.event.site), f"'{fact.path}' is written here")]
    if found.first is not None and found.first.site is not None:
        related.append(Related(facts.site_span(found.first.site), "in the model that is saved"))
    if found.second is not None and found.second.site is not None:
        related.append(Related(facts.site_span(found.second.site), "in the model that is loaded"))
    yield RULE.at(
        facts.site_span(fact.load.site),
        f"the weights in '{fact.path}' are those of another model: at layer {found.position} the one that wrote them "
        f"{there}, this one {here}; they do not load, or silently give other results",
        confidence=confidence_of(fact.assumptions),
        related=tuple(dict.fromkeys(related)),
        statement=facts.statement_span(fact.load.site),
    )


@RULE.check(BuiltDifferently)
def check_arguments(fact: BuiltDifferently, facts: Facts) -> Iterator[Diagnostic]:
    """At the place where the state is put into the model, with both constructions and what the argument decides."""
    name = facts.program.class_model(fact.loaded.model).name
    saved, loaded = (repr(value) for value in fact.values)
    related = (
        Related(facts.site_span(fact.saved.site), f"the model that is saved is built with {fact.argument}={saved}"),
        Related(facts.site_span(fact.loaded.site), f"this one is built with {fact.argument}={loaded}"),
        Related(facts.site_span(fact.link.save.event.site), "the checkpoint is written here"),
        Related(facts.span(fact.use.path, fact.use.at), f"{fact.argument} decides {fact.use.what} here"),
    )
    yield RULE.at(
        facts.site_span(fact.restored),
        f"the weights are those of a `{name}` built with {fact.argument}={saved}, and this one is built with "
        f"{fact.argument}={loaded}: they load without a word and give other results",
        confidence=confidence_of(fact.assumptions),
        related=tuple(dict.fromkeys(related)),
        statement=facts.statement_span(fact.restored),
    )
