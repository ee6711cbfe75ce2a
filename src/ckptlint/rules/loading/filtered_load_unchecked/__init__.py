"""Only the weights whose names match are loaded, and nobody looks at how many that were."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ckptlint.diagnostic import Diagnostic, Severity
from ckptlint.facts.modes import EvaluationForward
from ckptlint.rule import Rule

if TYPE_CHECKING:
    from ckptlint.facts.project import Facts

RULE = Rule(__name__, code="CKP306", severity=Severity.WARNING, summary="Only the weights whose names match are loaded, and nobody looks at how many that were.")


@RULE.check(EvaluationForward)
def check(fact: EvaluationForward, facts: Facts) -> Iterator[Diagnostic]:
    """Replace `EvaluationForward` by the fact this rule reads, and say here when it reports."""
    yield from ()
