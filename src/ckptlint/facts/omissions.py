"""Data of one source that a model is given treated in one place and not, or otherwise, in another."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ckptlint.diagnostic import Assumption, Confidence
from ckptlint.facts.comparisons import are_alternatives, is_trial
from ckptlint.facts.lineage import Identity, Lineage, shared
from ckptlint.facts.places import call_at
from ckptlint.facts.project import Facts, derives
from ckptlint.facts.purposes import Purposes
from ckptlint.facts.runs import Run
from ckptlint.facts.steps import Course, course_of, first_argument
from ckptlint.flow.domain import Site
from ckptlint.flow.events import Fitted, Forward
from ckptlint.flow.written import words_of
from ckptlint.text import Span

PART_WORDS = frozenset("train training test testing val valid validation dev eval x y images labels data".split())
"""Words of an argument that says which part of the data is loaded."""

MAX_TEXT = 40
"""Characters of the evaluation's data that a message shows."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """Data whose whole way to a model is seen."""

    at: Site
    course: Course
    models: frozenset[Identity]
    assumptions: frozenset[Assumption]


@dataclass(frozen=True, slots=True)
class UnevenTreatment:
    """An evaluation's data are treated otherwise than those that the model learned from."""

    at: Span
    name: str
    """The evaluation's data, as written where the model is given them."""
    here: str
    """What is done to them; "" for nothing."""
    there: str
    other: Span
    most: Confidence
    assumptions: frozenset[Assumption]


@derives(UnevenTreatment)
def uneven_treatments(facts: Facts) -> Iterator[UnevenTreatment]:
    """Every evaluation whose data lack a treatment of all training data of the model, or have another."""
    calls: list[tuple[Run, Fitted | Forward, bool, frozenset[Assumption]]] = []
    for run in facts.runs:
        purposes = Purposes(facts, run)
        for event in run.events:
            found = purposes.of(event) if isinstance(event, Fitted | Forward) else None
            if found is not None and isinstance(event, Fitted | Forward):
                calls.append((run, event, *found))
    if not any(is_training for _, _, is_training, _ in calls):
        return
    lineage = Lineage(facts)
    learned = [
        _delivery(facts, lineage, run, event, True, taken) for run, event, is_training, taken in calls if is_training
    ]
    known = [delivery for delivery in learned if delivery is not None]
    if not known:
        return
    names = {identity.name for delivery in known for identity in delivery.models}
    unclear = [
        lineage.of(run, event.operand, True)
        for (run, event, _, _), delivery in zip((c for c in calls if c[2]), learned, strict=True)
        if delivery is None
    ]
    for run, event, is_training, taken in calls:
        models = frozenset() if is_training else lineage.of(run, event.operand)
        if not names & {identity.name for identity in models} or any(
            shared(models, other) is not None for other in unclear
        ):
            continue
        delivery = _delivery(facts, lineage, run, event, False, taken)
        uneven = _compared(facts, delivery, known) if delivery is not None else None
        if uneven is not None:
            yield uneven


def _delivery(
    facts: Facts,
    lineage: Lineage,
    run: Run,
    event: Fitted | Forward,
    is_training: bool,
    assumptions: frozenset[Assumption],
) -> Delivery | None:
    models = lineage.of(run, event.operand, is_training)
    course = course_of(facts, event.site) if models else None
    return Delivery(event.site, course, models, assumptions) if course is not None else None


def _compared(facts: Facts, delivery: Delivery, learned: list[Delivery]) -> UnevenTreatment | None:
    """An evaluation against every training of its model: what some training does too is no difference."""
    linked = [(other, assumed) for other in learned if (assumed := shared(delivery.models, other.models)) is not None]
    mine = delivery.course.treatment
    if not linked or is_trial(facts, delivery.at):
        return None
    for other, _ in linked:
        theirs = other.course.treatment
        if mine == theirs or (mine and theirs and not _is_arithmetic(mine + theirs)):
            return None
        if are_alternatives(facts, delivery.at, other.at) or is_trial(facts, other.at):
            return None
    other, assumed = linked[0]
    most = _likeness(facts, delivery.course, other.course)
    call = call_at(facts.program, *delivery.at.base)
    given = first_argument(call) if call is not None else None
    if most is None or given is None:
        return None
    place = delivery.course.steps[0].at if delivery.course.steps else (delivery.at.path, given.at)
    there = other.course.steps[0].at if other.course.steps else other.at.base
    return UnevenTreatment(
        facts.span(*place),
        _shortened(facts.text(facts.span(delivery.at.path, given.at))),
        _said(delivery.course),
        _said(other.course),
        facts.span(*there),
        most,
        assumed | delivery.assumptions | other.assumptions,
    )


def _shortened(text: str) -> str:
    return text if len(text) <= MAX_TEXT and "\n" not in text else f"{text.splitlines()[0][:MAX_TEXT]}…"


def _is_arithmetic(treatment: tuple[object, ...]) -> bool:
    return all(isinstance(step, tuple) for step in treatment)


def _likeness(facts: Facts, a: Course, b: Course) -> Confidence | None:
    """How sure it is that two courses begin with data of one kind; None when it is not.

    The parts that a library's function gives are of one kind; those of the project's own need not be.
    """
    if a.part[1:] != b.part[1:] or a.callee != b.callee:
        return None
    if a.source == b.source:
        is_library = facts.program.catalog.is_known_library(a.callee.split(".", 1)[0])
        return Confidence.HIGH if is_library or a.part == b.part else Confidence.MEDIUM
    if a.part != b.part or len(a.arguments) != len(b.arguments):
        return None
    for mine, theirs in zip(a.arguments, b.arguments, strict=True):
        if mine != theirs and not (words_of(mine) <= PART_WORDS and words_of(theirs) <= PART_WORDS):
            return None
    return Confidence.MEDIUM


def _said(course: Course) -> str:
    """A treatment as it is written, innermost first."""
    return ", ".join(step.written if step.sign else f"{step.written}()" for step in course.steps)
