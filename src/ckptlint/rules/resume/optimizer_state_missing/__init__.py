"""A checkpoint to resume from holds the model and not its optimizer's state."""

from __future__ import annotations

from collections.abc import Iterator

from ckptlint import fixes
from ckptlint.diagnostic import Confidence, Diagnostic, Related, Severity
from ckptlint.facts.entries import new_entries, restoring_lines
from ckptlint.facts.project import Facts
from ckptlint.facts.resume import Evidence, MissingState
from ckptlint.facts.swapped_keys import lacks_by_swap
from ckptlint.facts.writers import WeightsOnlyWriter
from ckptlint.rule import Rule
from ckptlint.text import Applicability, Fix

RULE = Rule(
    __name__,
    code="CKP201",
    severity=Severity.WARNING,
    summary="A checkpoint to resume from holds the model and not its optimizer's state.",
)

_LEVELS = {
    Evidence.RESUMED: Confidence.HIGH,
    Evidence.ONE_SIGN: Confidence.MEDIUM,
    Evidence.PERIODIC: Confidence.LOW,
}


@RULE.check(MissingState)
def check(fact: MissingState, facts: Facts) -> Iterator[Diagnostic]:
    """No checkpoint of the training holds the state of an optimizer that has some."""
    confidence = _LEVELS[fact.evidence]
    if not fact.is_certain:
        confidence = min(confidence, Confidence.MEDIUM)
    if fact.is_doubtful:
        confidence = Confidence.LOW
    made = [group.first for group in fact.groups]
    if all(lacks_by_swap(facts, fact.checkpoint, o.built.site) for o in made):
        return
    related = [Related(facts.site_span(o.built.site), f"{o.kind} is made here and saved nowhere") for o in made]
    if fact.resumption is not None:
        related.insert(0, Related(facts.site_span(fact.resumption.restored.site), "training goes on from it here"))
    names = [f"`{name}`" if (name := facts.name_given(o.built.site)) else "the optimizer" for o in made]
    held = "the checkpoint lacks" if fact.checkpoint.schema is not None else "only weights are saved, without"
    yield RULE.at(
        facts.site_span(fact.at),
        f"{held} the state of {_listed(names)}"
        f" ({', '.join(dict.fromkeys(o.kind for o in made))}): a run that goes on from it starts the optimizer afresh",
        confidence=confidence,
        related=tuple(dict.fromkeys(related)),
        fix=_fix(fact, facts),
        statement=facts.statement_span(fact.at),
    )


def _fix(fact: MissingState, facts: Facts) -> Fix | None:
    schema = fact.checkpoint.schema
    if schema is None:
        return None
    if any(len(group.optimizers) > 1 for group in fact.groups):
        return None
    sites = tuple(group.first.built.site for group in fact.groups)
    entries = new_entries(facts, fact.at, schema.keys, sites)
    if entries is None:
        return None
    named = " and ".join(f"'{key}'" for key in entries.keys)
    title = f"save {named} too, and restore it where training goes on"
    save = fixes.replace(entries.span, entries.text, title, Applicability.UNSAFE)
    found = restoring_lines(facts, fact.resumption, sites, entries.keys) if fact.resumption is not None else None
    if found is None:
        return save
    restore = fixes.insert_after_statement(*found, title, Applicability.UNSAFE)
    return fixes.together(title, Applicability.UNSAFE, save, restore)


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
