"""A model's parameters are saved where its state dict belongs: buffers and names are lost."""

from __future__ import annotations

from collections.abc import Iterator

from ckptlint import fixes
from ckptlint.diagnostic import Confidence, Diagnostic, Related, Severity
from ckptlint.facts.checkpoints import StoredParameters
from ckptlint.facts.modules import UNSEEN, Trait
from ckptlint.facts.project import Facts
from ckptlint.rule import Rule
from ckptlint.text import Applicability, Fix

RULE = Rule(
    __name__,
    code="CKP101",
    severity=Severity.ERROR,
    summary="`parameters()` is saved in place of `state_dict()`: buffers such as BatchNorm statistics are lost.",
)


@RULE.check(StoredParameters)
def check(fact: StoredParameters, facts: Facts) -> Iterator[Diagnostic]:
    """Parameters saved directly, or in a list or dict."""
    buffers = (
        facts.modules.trait(fact.model, "buffers", fact.checkpoint.run.object_at) if fact.model is not None else UNSEEN
    )
    if fact.is_partial:
        return
    tied = facts.modules.ties_weights(fact.model)
    name = facts.receiver_text(fact.call) or "model"
    related: tuple[Related, ...] = ()
    if buffers.holds and buffers.at is not None:
        span = facts.span(buffers.path, buffers.at)
        related = (Related(span, f"this {buffers.layer} has buffers, which are no parameters"),)
    yield RULE.at(
        facts.site_span(fact.at),
        _message(fact, name, buffers, tied),
        confidence=_confidence(fact, buffers, tied),
        related=related,
        fix=_fix(fact, facts, name),
        statement=facts.statement_span(fact.at),
    )


def _confidence(fact: StoredParameters, buffers: Trait, tied: bool) -> Confidence:
    if fact.kind == "generator" or fact.is_filtered_state or buffers.holds or tied:
        return Confidence.HIGH
    if buffers.holds is None or (fact.kind == "list" and not fact.is_named):
        return Confidence.MEDIUM
    return Confidence.LOW


def _message(fact: StoredParameters, name: str, buffers: Trait, tied: bool) -> str:
    if fact.is_filtered_state:
        return (
            f"the checkpoint of `{name}` stays empty: tensors of a state dict are detached, none of them has "
            "requires_grad"
        )
    if fact.kind == "generator":
        lost = ", and its buffers would be missing" if buffers.holds else ""
        return f"`{name}`'s parameters are a generator, which cannot be pickled: the save fails{lost}"
    if buffers.holds:
        return f"the parameters of `{name}` are saved without its buffers ({buffers.layer}): the state dict has both"
    if tied:
        return f"the parameters of `{name}` are saved in place of its state dict: tied weights are listed only once"
    if buffers.holds is None:
        return f"the parameters of `{name}` are saved in place of its state dict: any buffers are lost"
    return f"the parameters of `{name}` are saved in place of its state dict: they are restored by position alone"


def _fix(fact: StoredParameters, facts: Facts, name: str) -> Fix | None:
    if fact.is_filtered_state or not name.replace(".", "").isidentifier():
        return None
    title = f"save `{name}.state_dict()`"
    return fixes.replace(facts.site_span(fact.at), f"{name}.state_dict()", title, Applicability.SAFE)
