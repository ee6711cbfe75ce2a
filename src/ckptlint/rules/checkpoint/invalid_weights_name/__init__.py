"""A save call is given a file name whose end it refuses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ckptlint import fixes
from ckptlint.diagnostic import Diagnostic, Severity, confidence_of
from ckptlint.facts.names import RefusedName
from ckptlint.rule import Rule
from ckptlint.text import Applicability, Fix

if TYPE_CHECKING:
    from ckptlint.facts.project import Facts

RULE = Rule(
    __name__,
    code="CKP108",
    severity=Severity.ERROR,
    summary="Keras 3 refuses the file name that weights or a model are saved under.",
)


@RULE.check(RefusedName)
def check(fact: RefusedName, facts: Facts) -> Iterator[Diagnostic]:
    """Each call, once."""
    name = fact.ending if fact.is_whole else f"…{fact.ending}"
    wanted = " or ".join(f"`{ending}`" for ending in fact.wanted)
    what = "weights are" if fact.weights else "a model is"
    yield RULE.at(
        facts.site_span(fact.at),
        f"{what} saved as '{name}', but the name must end in {wanted}: the call raises a ValueError",
        confidence=confidence_of(fact.assumptions),
        fix=_fix(fact, facts),
        statement=facts.statement_span(fact.at),
    )


def _fix(fact: RefusedName, facts: Facts) -> Fix | None:
    """Another ending, where the name stands in the call itself."""
    span = facts.site_span(fact.at)
    text = facts.text(span)
    wanted = fact.wanted[0]
    quoted = [f"{fact.ending}{quote}" for quote in "\"'" if text.count(f"{fact.ending}{quote}") == 1]
    if len(quoted) != 1:
        return None
    folder, slash, last = fact.ending.rpartition("/")
    stem = last.rsplit(".", 1)[0] if "." in last else last
    new = text.replace(quoted[0], f"{folder}{slash}{stem.removesuffix('.weights')}{wanted}{quoted[0][-1]}")
    return fixes.replace(span, new, f"let the name end in `{wanted}`", Applicability.UNSAFE)
