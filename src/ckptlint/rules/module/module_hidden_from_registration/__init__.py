"""A model keeps a module where its registration does not see it: in a partial, a lambda or `__dict__`."""

from __future__ import annotations

from collections.abc import Iterator

from ckptlint.diagnostic import Confidence, Diagnostic, Related, Severity
from ckptlint.facts.hidden_modules import HiddenModule
from ckptlint.facts.project import Facts
from ckptlint.rule import Rule

RULE = Rule(
    __name__,
    code="CKP507",
    severity=Severity.ERROR,
    summary="Modules within a partial, a lambda or `__dict__` are in no state dict and are not trained.",
)

_LOST = "it is in no state dict, and `parameters()`, `to()` and `eval()` do not reach it"


@RULE.check(HiddenModule)
def check(fact: HiddenModule, facts: Facts) -> Iterator[Diagnostic]:
    """Each such module, once."""
    confidence = Confidence.HIGH
    if fact.how == "before":
        message = (
            f"`{fact.attribute}` of `{fact.model}` is assigned before `super().__init__()`: "
            f"a {fact.module} cannot be registered then, which raises AttributeError"
        )
    elif fact.how == "__dict__":
        message = f"`{fact.attribute}` of `{fact.model}` gets round the registration of the {fact.module}: {_LOST}"
        if fact.is_named:
            # A name that could have been an attribute is often written this way to hide the module.
            confidence = Confidence.MEDIUM
    else:
        message = f"`{fact.attribute}` of `{fact.model}` holds a {fact.module} within a {fact.how}: {_LOST}"
    related = () if fact.made.row == fact.span.row else (Related(fact.made, "made here, and held by nothing else"),)
    yield RULE.at(fact.span, message, confidence=confidence, related=related, statement=fact.statement)
