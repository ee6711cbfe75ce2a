"""Pipelines that are called on an image whose result goes straight into a model, as scripts that predict do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ckptlint.facts.modes import EvaluationForward
from ckptlint.facts.pipelines import Pipeline, Pipelines
from ckptlint.facts.project import Facts, derives
from ckptlint.facts.runs import Run
from ckptlint.flow.domain import Made, Ran, Ref, Value, of_atom
from ckptlint.flow.events import Forward
from ckptlint.flow.program import statements_of
from ckptlint.flow.written import operands_of, walk, words_of
from ckptlint.knowledge.roles import Role
from ckptlint.semantics import model
from ckptlint.semantics.model import Function, Operand

ARITHMETIC = frozenset("- / * //".split())
VALUE_WORDS = frozenset("sub div mul normalize standardize rescale scale float".split())
"""Words of calls that change the values of an image."""


@dataclass(frozen=True, slots=True)
class DirectUse:
    """A model is evaluated on what one pipeline, called as a function, makes of an image."""

    forward: EvaluationForward
    pipeline: Pipeline


@derives(DirectUse)
def direct_uses(facts: Facts) -> Iterator[DirectUse]:
    """Every such evaluation in which nothing else is seen to change the values."""
    readers: dict[int, Pipelines] = {}
    for found in facts.of(EvaluationForward):
        run, event = found.run, found.event
        called = _transforms(run, event)
        if len(called) != 1:
            continue
        if any(_changes_values(facts.program.function(key)) for key in event.within[-2:]):
            continue
        pipeline = readers.setdefault(id(run), Pipelines(facts, run)).of(called.pop())
        if pipeline is not None:
            yield DirectUse(found, pipeline)


def _transforms(run: Run, event: Forward) -> set[Value]:
    """The transforms that the data of a forward call went through."""
    ran = {origin.site for origin in event.inputs.origins if isinstance(origin, Ran)}
    called = [e.operand for e in run.events if isinstance(e, Forward) and e.site in ran]
    called.extend(of_atom(Ref(origin)) for origin in event.inputs.origins if isinstance(origin, Made))
    found: set[Value] = set()
    for value in called:
        objects = run.objects(value)
        if any(held is not None and held.role is Role.TRANSFORM for _, held in objects):
            found.add(value)
    return found


def _changes_values(function: Function) -> bool:
    """Whether a function computes with images itself: then a pipeline is not all that is done to them."""
    for statement in statements_of(function.body):
        if isinstance(statement, model.Augment) and statement.operator in ARITHMETIC:
            return True
        for top in operands_of(statement):
            if any(_computes(operand) for operand in walk(top)):
                return True
    return False


def _computes(operand: Operand) -> bool:
    if isinstance(operand, model.Binary):
        # `start - end` and `100 * hits` are about numbers; only what is indexed, called or named like an image counts.
        return operand.operator in ARITHMETIC and not _is_number(operand)
    if isinstance(operand, model.CallSite) and isinstance(operand.func, model.Attribute):
        return bool(words_of(operand.func.name) & VALUE_WORDS)
    return False


def _is_number(operand: model.Binary) -> bool:
    names = {word for part in walk(operand) if isinstance(part, model.Name) for word in words_of(part.id)}
    return not names & IMAGE_WORDS


IMAGE_WORDS = frozenset(
    "x img imgs image images im input inputs data batch tensor tensors arr array face crop frame sample".split()
)
"""Words of names that hold images."""
