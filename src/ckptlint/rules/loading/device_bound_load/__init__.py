"""A load puts tensors on the device they were saved from, which may not be there."""

from __future__ import annotations

from collections.abc import Iterator

from ckptlint.diagnostic import Confidence, Diagnostic, Severity
from ckptlint.facts.device_loads import DeviceBoundLoad
from ckptlint.facts.project import Facts
from ckptlint.rule import Rule

RULE = Rule(
    __name__,
    code="CKP311",
    severity=Severity.NOTE,
    summary="A load puts tensors on the device they were saved from, which may not be there.",
    on_by_default=False,
)


@RULE.check(DeviceBoundLoad)
def check(fact: DeviceBoundLoad, facts: Facts) -> Iterator[Diagnostic]:
    """Every such load, once."""
    yield RULE.at(
        facts.site_span(fact.at),
        f"`{fact.api}` is given no `{fact.parameter}`: tensors go back to the device they were saved from, and where "
        "there is none, as this file provides for, the load raises",
        confidence=Confidence.MEDIUM,
        statement=facts.statement_span(fact.at),
    )
