"""A whole model is pickled: of its class only the name goes into the file."""

from __future__ import annotations

from collections.abc import Iterator

from ckptlint import fixes
from ckptlint.diagnostic import Confidence, Diagnostic, Related, Severity, confidence_of
from ckptlint.facts.pickled_models import PickledModel
from ckptlint.facts.project import Facts
from ckptlint.rule import Rule
from ckptlint.text import Applicability, Fix

RULE = Rule(
    __name__,
    code="CKP102",
    severity=Severity.WARNING,
    summary="A whole model is pickled: its class's name goes into the file, not its code.",
)


@RULE.check(PickledModel)
def check(fact: PickledModel, facts: Facts) -> Iterator[Diagnostic]:
    """At the saved expression; whoever loads with `weights_only=False` knows what the file holds."""
    written = facts.text(fact.value) if fact.value is not None else ""
    name = f"`{written}`" if written and "\n" not in written else "a model"
    where = f" under '{fact.key}'" if fact.key is not None else ""
    related: tuple[Related, ...] = ()
    if fact.load is not None:
        related = (Related(facts.site_span(fact.load), "this load accepts any object, and so runs what a file says"),)
    yield RULE.at(
        fact.value or facts.site_span(fact.at),
        f"{name} is pickled whole{where}: the file names its class and has none of its code; loads of plain data "
        "refuse it, and once the class is edited it computes something else",
        confidence=_confidence(fact),
        related=related,
        fix=_fix(fact, written),
        statement=facts.statement_span(fact.at),
    )


def _confidence(fact: PickledModel) -> Confidence:
    if not fact.is_known or fact.load is not None:
        return Confidence.LOW
    return min(Confidence.MEDIUM, confidence_of(fact.assumptions))


def _fix(fact: PickledModel, written: str) -> Fix | None:
    if fact.value is None or not written.replace(".", "").isidentifier():
        return None
    return fixes.wrap(fact.value, "", ".state_dict()", f"save `{written}.state_dict()`", Applicability.UNSAFE)
