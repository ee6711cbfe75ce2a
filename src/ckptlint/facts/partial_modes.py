"""Evaluations that an `eval()` reaches in part: another model stays behind, or a part is put in later."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ckptlint.diagnostic import Assumption
from ckptlint.facts.evaluations import Evaluation, Step, calls_to, evaluation_around
from ckptlint.facts.modes import EvaluationForward, mode_assumptions, name_of
from ckptlint.facts.modules import Trait
from ckptlint.facts.project import Facts, derives
from ckptlint.facts.runs import Run
from ckptlint.facts.vocabulary import (
    CRITIC_WORDS,
    REFERENCE_WORDS,
    TRAINING_ONLY_WORDS,
)
from ckptlint.flow.domain import FunctionKey, Location, Site, is_below
from ckptlint.flow.events import Forward, Switched, Update
from ckptlint.flow.written import last_word, words_of


@dataclass(frozen=True, slots=True)
class PartlySwitched:
    """A model left in train mode by an evaluation that puts another of its models into eval mode."""

    forward: EvaluationForward
    switched: str
    """The other model, as the evaluation names it."""
    switch: Site
    """Where that one is put into eval mode."""
    assumptions: frozenset[Assumption]
    is_by_design: bool
    """Models so named often stay in train mode on purpose: critics, losses, references."""


@dataclass(frozen=True, slots=True)
class PartlySwitchedPlaces:
    """Every place of a `PartlySwitched`, for those who would report it as a forward in train mode."""

    places: frozenset[Step]


@dataclass(frozen=True, slots=True)
class LatePart:
    """A part put into a model after its `eval()`, and in train mode when the model is evaluated."""

    forward: EvaluationForward
    put_in: Site
    part: Trait
    switches: tuple[Site, ...]
    assumptions: frozenset[Assumption]


@derives(PartlySwitched)
def partly_switched(facts: Facts) -> Iterator[PartlySwitched]:
    """Each model in train mode beside one whose eval switch belongs to the same evaluation."""
    of_run: dict[int, list[EvaluationForward]] = {}
    for fact in facts.of(EvaluationForward):
        of_run.setdefault(id(fact.run), []).append(fact)
    for forwards in of_run.values():
        left = [f for f in forwards if f.sensitive.holds is not False and f.modes and all(d.trains for d in f.modes)]
        switched = [(f, d) for f in forwards for d in _switches(f)] if left else []
        for fact in left:
            here = evaluation_around(facts, fact.event)
            for other, switch in switched:
                if _is_beside(facts, fact, here, other, switch):
                    yield _found(fact, other, switch)
                    break


@derives(PartlySwitchedPlaces)
def partly_switched_places(facts: Facts) -> Iterator[PartlySwitchedPlaces]:
    """One set for the project."""
    yield PartlySwitchedPlaces(frozenset(f.forward.event.site.base for f in facts.of(PartlySwitched)))


def _found(fact: EvaluationForward, other: EvaluationForward, switch: Site) -> PartlySwitched:
    assumptions = fact.assumptions | mode_assumptions(fact.modes)
    assumptions |= fact.sensitive.assumptions
    name = name_of(fact.event)
    kept = words_of(name) & (CRITIC_WORDS | REFERENCE_WORDS) or last_word(name) in TRAINING_ONLY_WORDS
    return PartlySwitched(fact, name_of(other.event), switch, assumptions, bool(kept))


def _switches(fact: EvaluationForward) -> list[Site]:
    """The `eval()` calls that alone reach a forward call."""
    if not fact.modes or not all(d.evaluates for d in fact.modes):
        return []
    found = [d for d in fact.modes if d.kind == "eval" and d.site is not None]
    return [d.site for d in sorted(found, key=repr) if d.site is not None]


def _is_beside(facts: Facts, fact: EvaluationForward, here: Evaluation, other: EvaluationForward, switch: Site) -> bool:
    mine, its = _locations(fact.event), _locations(other.event)
    if any(a == b or is_below(a, b) or is_below(b, a) for a in mine for b in its):
        return False
    depth = len(here.functions)
    if other.event.within[:depth] != here.functions or calls_to(other.event.site)[: len(here.calls)] != here.calls:
        return False
    if here.loop is not None and evaluation_around(facts, other.event).loop != here.loop:
        return False
    return _belongs(facts, fact.run, here, its, switch)


def _belongs(facts: Facts, run: Run, here: Evaluation, switched: set[Location], switch: Site) -> bool:
    """Whether a switch is made for the evaluation: a model that is never trained may stand in eval mode for good."""
    if not any(isinstance(event, Update) for event in run.events):
        return True
    if here.is_named:
        steps = (*calls_to(switch), switch.base)
        if steps[: len(here.calls)] == here.calls and len(steps) > len(here.calls):
            path, at = steps[len(here.calls)]
            function = facts.function_at(path, at)
            if function is not None and FunctionKey(path, function.index) == here.functions[-1]:
                return True
    return any(
        isinstance(event, Switched) and event.mode == "train" and switched & {r.location for r in event.operand.refs()}
        for event in run.events
    )


def _locations(event: Forward) -> set[Location]:
    return {ref.location for ref in event.operand.refs()}


@derives(LatePart)
def late_parts(facts: Facts) -> Iterator[LatePart]:
    """Each part that is not in the mode of the model it was put into, by evaluation."""
    for fact in facts.of(EvaluationForward):
        parts = sorted((d for d in fact.modes if d.kind == "part"), key=repr)
        if not parts or not all(d.evaluates or d.kind == "part" for d in fact.modes):
            continue
        switches = tuple(d.site for d in sorted(fact.modes, key=repr) if d.kind == "eval" and d.site is not None)
        for part in parts:
            held = fact.run.object_at(part.location) if part.location is not None else None
            if held is None or part.site is None or not facts.is_model(held):
                continue
            trait = facts.modules.trait(held, "sensitive", fact.run.object_at)
            if trait.holds is False or trait.is_mild:
                continue
            assumptions = fact.assumptions - {Assumption.CLASS_UNSEEN} | mode_assumptions(fact.modes)
            assumptions |= trait.assumptions
            yield LatePart(fact, part.site, trait, switches, assumptions)
