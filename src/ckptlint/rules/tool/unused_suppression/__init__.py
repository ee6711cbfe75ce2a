"""A suppression names a rule that reports nothing there; the engine reports it."""

from __future__ import annotations

from ckptlint.diagnostic import Severity
from ckptlint.rule import Rule

RULE = Rule(
    __name__,
    code="CKP002",
    severity=Severity.WARNING,
    summary="A suppression comment suppresses nothing.",
)
