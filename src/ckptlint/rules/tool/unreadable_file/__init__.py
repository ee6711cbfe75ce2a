"""A file that is not decodable or not valid Python was not checked; the engine reports it."""

from __future__ import annotations

from ckptlint.diagnostic import Severity
from ckptlint.rule import Rule

RULE = Rule(
    __name__,
    code="CKP001",
    severity=Severity.ERROR,
    summary="The file cannot be decoded or is not valid Python, so nothing in it was checked.",
)
