"""The average of a model's weights is lost on resume, or evaluated with statistics that are not its own."""

from __future__ import annotations

from collections.abc import Iterator

from ckptlint.diagnostic import Confidence, Diagnostic, Related, Severity
from ckptlint.facts.averages import MissingAverage, UnrefreshedAverage
from ckptlint.facts.copied_averages import CopiedAverage
from ckptlint.facts.project import Facts
from ckptlint.rule import Rule

RULE = Rule(
    __name__,
    code="CKP204",
    severity=Severity.WARNING,
    summary="The average of a model's weights is lost on resume, or used with statistics that are not its own.",
)


@RULE.check(MissingAverage)
def missing(fact: MissingAverage, facts: Facts) -> Iterator[Diagnostic]:
    """No file of the training holds the average."""
    name = facts.name_given(fact.made) or "the average"
    related = [Related(facts.site_span(fact.made), f"`{name}` is made here and saved nowhere")]
    if fact.resumption is not None:
        related.insert(0, Related(facts.site_span(fact.resumption.restored.site), "training goes on from it here"))
    confidence = Confidence.MEDIUM if fact.resumption is None or fact.by_name else Confidence.HIGH
    yield RULE.at(
        facts.site_span(fact.checkpoint.event.site),
        f"the checkpoint holds the model and its optimizer, but not `{name}`: a run that goes on from it begins the "
        "average anew",
        confidence=Confidence.LOW if fact.resumption is None and fact.by_name else confidence,
        related=tuple(related),
        statement=facts.statement_span(fact.checkpoint.event.site),
    )


@RULE.check(UnrefreshedAverage)
def unrefreshed(fact: UnrefreshedAverage, facts: Facts) -> Iterator[Diagnostic]:
    """`update_bn` is never called."""
    name = facts.name_given(fact.made) or "the average"
    used = "saved" if fact.is_saved else "evaluated"
    yield RULE.at(
        facts.site_span(fact.used),
        f"`{name}` is {used} with the running statistics of the model that it follows: its own weights give other "
        "activations, so call `update_bn` first",
        confidence=Confidence.HIGH if fact.is_known and not fact.is_saved else Confidence.MEDIUM,
        related=(Related(facts.site_span(fact.made), "it averages the parameters and not the buffers"),),
        statement=facts.statement_span(fact.used),
    )


@RULE.check(CopiedAverage)
def copied(fact: CopiedAverage, facts: Facts) -> Iterator[Diagnostic]:
    """The next epoch trains the average."""
    name = facts.name_given(fact.made) or "the average"
    yield RULE.at(
        facts.site_span(fact.copied),
        f"`{name}` takes the place of the weights that are trained and nothing puts them back: the next epoch goes on "
        "from the average",
        confidence=Confidence.MEDIUM,
        related=(Related(facts.site_span(fact.evaluated), "it is evaluated here, and then trained on"),),
        statement=facts.statement_span(fact.copied),
    )
