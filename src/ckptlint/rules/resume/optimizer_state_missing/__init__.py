"""A checkpoint to resume from holds the model and not its optimizer's state."""

from __future__ import annotations

from collections.abc import Iterator

from ckptlint import fixes
from ckptlint.diagnostic import Confidence, Diagnostic, Related, Severity
from ckptlint.facts.entries import edits_for
from ckptlint.facts.missing_state import MissingState
from ckptlint.facts.project import Facts
from ckptlint.facts.swapped_keys import lacks_by_swap
from ckptlint.facts.writers import WeightsOnlyWriter
from ckptlint.rule import Rule
from ckptlint.text import Applicability

RULE = Rule(
    __name__,
    code="CKP201",
    severity=Severity.WARNING,
    summary="A checkpoint to resume from holds the model and not its optimizer's state.",
)


@RULE.check(MissingState)
def check(fact: MissingState, facts: Facts) -> Iterator[Diagnostic]:
    """No checkpoint of the training holds the state of an optimizer that has some."""
    if fact.whose != "optimizer":
        return
    made = fact.lost
    if all(lacks_by_swap(facts, fact.checkpoint, o.built.site) for o in made):
        return
    edits = edits_for(facts, fact)
    names = [f"`{name}`" if (name := facts.name_given(o.built.site)) else "the optimizer" for o in made]
    held = "the checkpoint lacks" if fact.checkpoint.schema is not None else "only weights are saved, without"
    yield RULE.at(
        facts.site_span(fact.at),
        f"{held} the state of {_listed(names)}"
        f" ({', '.join(dict.fromkeys(o.kind for o in made))}): a run that goes on from it starts the optimizer afresh",
        confidence=fact.confidence,
        related=tuple(dict.fromkeys(Related(facts.site_span(site), text) for site, text in fact.ends)),
        fix=fixes.insert_in_both(*edits.parts, Applicability.UNSAFE) if edits is not None else None,
        statement=facts.statement_span(fact.at),
    )


def _listed(names: list[str]) -> str:
    once = list(dict.fromkeys(names))
    return " and ".join(filter(None, [", ".join(once[:-1]), once[-1]]))


@RULE.check(WeightsOnlyWriter)
def check_writer(fact: WeightsOnlyWriter, facts: Facts) -> Iterator[Diagnostic]:
    """A library's trainer goes on from checkpoints that it was told to write without the optimizer."""
    related = Related(facts.site_span(fact.fitted.site), "training goes on from one here")
    yield RULE.at(
        facts.site_span(fact.built.site),
        f"`{fact.flag}` leaves the optimizer's state out of the checkpoints that training goes on from",
        confidence=Confidence.HIGH if fact.is_certain else Confidence.MEDIUM,
        related=(related,),
        statement=facts.statement_span(fact.built.site),
    )
