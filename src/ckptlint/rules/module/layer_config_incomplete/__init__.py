"""A layer's config leaves out constructor arguments: it is loaded without them."""

from __future__ import annotations

from collections.abc import Iterator

from ckptlint import fixes
from ckptlint.diagnostic import Confidence, Diagnostic, Related, Severity
from ckptlint.facts.layer_config import IncompleteConfig
from ckptlint.facts.project import Facts
from ckptlint.rule import Rule
from ckptlint.text import Applicability, Fix

RULE = Rule(
    __name__,
    code="CKP506",
    severity=Severity.WARNING,
    summary="`get_config` leaves out constructor arguments, which are lost when a whole model is loaded.",
)


@RULE.check(IncompleteConfig)
def check(fact: IncompleteConfig, facts: Facts) -> Iterator[Diagnostic]:
    """Each class, once."""
    required = [argument.name for argument in fact.omitted if argument.is_required]
    names = ", ".join(f"`{argument.name}`" for argument in fact.omitted)
    if required:
        what = ", ".join(f"`{name}`" for name in required)
        follows = f"loading a saved model fails for want of {what}"
    else:
        follows = "a loaded model has the default instead of what it was built with"
    confidence = Confidence.HIGH if fact.is_saved_whole else Confidence.MEDIUM
    yield RULE.at(
        fact.config,
        f"the config of `{fact.model}` leaves out {names} of its constructor: {follows}",
        confidence=Confidence.LOW if fact.is_inner else confidence,
        related=(Related(fact.init, "the constructor takes it here"),),
        fix=_fix(fact),
        statement=fact.statement,
    )


def _fix(fact: IncompleteConfig) -> Fix | None:
    if fact.display is None or any(argument.attribute is None for argument in fact.omitted):
        return None
    entries = "".join(f', "{argument.name}": {argument.attribute}' for argument in fact.omitted)
    return fixes.wrap(fact.display, "", entries, "add them to the config", Applicability.UNSAFE)
