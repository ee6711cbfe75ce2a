"""An `eval()` does not reach all that an evaluation runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ckptlint import fixes
from ckptlint.diagnostic import Confidence, Diagnostic, Related, Severity, confidence_of
from ckptlint.facts.captures import CapturedInTraining
from ckptlint.facts.modes import name_of
from ckptlint.facts.modules import Trait
from ckptlint.facts.partial_modes import LatePart, PartlySwitched
from ckptlint.facts.project import Facts
from ckptlint.flow.domain import ModeDef
from ckptlint.rule import Rule
from ckptlint.text import Applicability, Fix, Span

RULE = Rule(
    __name__,
    code="CKP409",
    severity=Severity.WARNING,
    summary="`eval()` does not reach all that is evaluated: another model, a part put in later, a traced model.",
)


@RULE.check(PartlySwitched)
def check_models(fact: PartlySwitched, facts: Facts) -> Iterator[Diagnostic]:
    """Of an evaluation's models one is switched and one is not."""
    event, sensitive = fact.forward.event, fact.forward.sensitive
    name = name_of(event)
    is_weak = fact.is_by_design or sensitive.is_weak
    switched = Related(facts.site_span(fact.switch), f"`{fact.switched}` is put into eval mode here")
    yield RULE.at(
        facts.site_span(event.site),
        f"`{fact.switched}` is put into eval mode and `{name}` is not: when {fact.forward.reason} runs it, "
        f"{_layers(sensitive)} as in training",
        confidence=Confidence.LOW if is_weak else confidence_of(fact.assumptions),
        related=(switched, *_in_train_mode(facts, name, fact.forward.modes)),
        fix=_eval_before(facts.span(event.site.path, event.anchor), name),
        statement=facts.span(event.site.path, event.statement),
    )


@RULE.check(LatePart)
def check_parts(fact: LatePart, facts: Facts) -> Iterator[Diagnostic]:
    """A part is put into a model that is already in eval mode."""
    event = fact.forward.event
    name = name_of(event)
    switches = [Related(facts.site_span(site), "the model is put into eval mode here") for site in fact.switches]
    yield RULE.at(
        facts.site_span(fact.put_in),
        f"what is put in here after `eval()` is itself in train mode: {_layers(fact.part)} as in training "
        f"when {fact.forward.reason} runs `{name}`",
        confidence=confidence_of(fact.assumptions),
        related=(*switches, Related(facts.site_span(event.site), f"`{name}` is evaluated here")),
        statement=facts.statement_span(fact.put_in),
    )


@RULE.check(CapturedInTraining)
def check_captures(fact: CapturedInTraining, facts: Facts) -> Iterator[Diagnostic]:
    """A model is recorded in train mode."""
    event = fact.event
    statement = facts.span(event.site.path, event.statement)
    yield RULE.at(
        facts.site_span(event.site),
        f"`{event.written}` records `{event.model}` in train mode: {_layers(fact.sensitive)} as in training "
        "whatever the recording is switched to",
        confidence=Confidence.LOW if fact.sensitive.is_weak else confidence_of(fact.assumptions),
        related=tuple(_in_train_mode(facts, event.model, event.modes)),
        fix=_eval_before(statement, event.model),
        statement=statement,
    )


def _layers(sensitive: Trait) -> str:
    """What minds the mode; of a library's whole model only its name is known."""
    is_layer = sensitive.holds and sensitive.layer[:1].isupper()
    return f"its {sensitive.layer} acts" if is_layer else "its dropout and batch statistics act"


def _in_train_mode(facts: Facts, name: str, modes: Iterable[ModeDef]) -> Iterator[Related]:
    for definition in sorted(modes, key=repr):
        if definition.site is not None and not definition.crossed:
            said = "is built here, in train mode" if definition.kind == "built" else "is put into train mode here"
            yield Related(facts.site_span(definition.site), f"`{name}` {said}")


def _eval_before(statement: Span, name: str) -> Fix | None:
    if not name.replace(".", "").isidentifier():
        return None
    title = f"call `{name}.eval()` before it runs"
    return fixes.insert_before_statement(statement, [f"{name}.eval()"], title, Applicability.UNSAFE)
