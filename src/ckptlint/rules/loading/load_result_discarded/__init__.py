"""What a call loads or changes is in its result, and the result is dropped."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ckptlint import fixes
from ckptlint.diagnostic import Confidence, Diagnostic, Related, Severity, confidence_of
from ckptlint.facts.discarded_results import DiscardedResult
from ckptlint.facts.initial_parameters import InitialParameters
from ckptlint.rule import Rule
from ckptlint.text import Applicability, Fix

if TYPE_CHECKING:
    from ckptlint.facts.project import Facts

RULE = Rule(
    __name__,
    code="CKP305",
    severity=Severity.ERROR,
    summary="What a call loads or changes is in its result, which is dropped.",
)

SAYING = {
    "value": "`{name}` only reads the file: its result is dropped here, so nothing is loaded",
    "model": "`{name}` makes a new model, which is dropped here: no other model gets its weights",
    "instance": "`{name}` makes a new model, which is dropped here: `{receiver}` keeps the weights it has",
    "copy": "`{name}` gives what it loads and changes nothing in place: its result is dropped here",
    "changed": "`{name}` gives a changed copy, which is dropped here: `{receiver}` stays as it was",
    "state": "this changes a dict that is thrown away: `{receiver}.state_dict()` makes a new one at each call, and "
    "nothing loads it",
}


@RULE.check(DiscardedResult)
def check(fact: DiscardedResult, facts: Facts) -> Iterator[Diagnostic]:
    """At the statement."""
    yield RULE.at(
        fact.at,
        SAYING[fact.kind].format(name=fact.name, receiver=fact.receiver),
        confidence=confidence_of(fact.assumptions),
        fix=_fix(fact),
        statement=fact.statement,
    )


def _fix(fact: DiscardedResult) -> Fix | None:
    if fact.assigned is None:
        return None
    title = f"assign the result to `{fact.assigned}`"
    return fixes.wrap(fact.statement, f"{fact.assigned} = ", "", title, Applicability.UNSAFE)


@RULE.check(InitialParameters)
def check_initial_parameters(fact: InitialParameters, facts: Facts) -> Iterator[Diagnostic]:
    """An evaluation that never sees what was trained."""
    yield RULE.at(
        fact.at,
        f"`{fact.function}` evaluates with `{fact.name}`, the parameters the model began with: training replaces "
        f"`{fact.state}`, and what it learns is in `{fact.state}.{fact.field}` only",
        confidence=Confidence.HIGH,
        related=(
            Related(fact.made, f"`{fact.state}` is made of them here"),
            Related(fact.trained, f"`{fact.state}` is replaced by what training gives here"),
        ),
        statement=fact.statement,
    )
