"""Models recorded in train mode (traced, exported), where the recording is kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ckptlint.diagnostic import Assumption
from ckptlint.facts.modes import mode_assumptions, sensitive_of
from ckptlint.facts.modules import Trait
from ckptlint.facts.places import statement_at
from ckptlint.facts.project import Facts, derives
from ckptlint.facts.runs import Run
from ckptlint.facts.vocabulary import DELIBERATE_WORDS
from ckptlint.flow.domain import ApiAtom, Location
from ckptlint.flow.events import Captured, Event, Forward
from ckptlint.flow.program import statements_of
from ckptlint.flow.written import operands_of, walk, words_of, written
from ckptlint.knowledge.roles import Role
from ckptlint.semantics import model
from ckptlint.semantics.model import Operand

_Test = Callable[[Operand], bool]
_KEEPING_METHODS = frozenset({"save", "eval", "module", "run_decompositions"})
_KEEPING_ROLES = frozenset({Role.SAVE, Role.WRAPPER, Role.IDENTITY})
_KEEPING_WORDS = frozenset("save export convert compile optimize deploy quantize".split())
"""Words of functions that make of a recording what is used later (assumption role-by-name)."""


@dataclass(frozen=True, slots=True)
class CapturedInTraining:
    """A model recorded in train mode, which the recording keeps."""

    event: Captured
    sensitive: Trait
    assumptions: frozenset[Assumption]


@derives(CapturedInTraining)
def captured_in_training(facts: Facts) -> Iterator[CapturedInTraining]:
    """Each recording of a model in train mode that is kept, and not trained on afterwards."""
    for run in facts.runs:
        for index, event in enumerate(run.events):
            if isinstance(event, Captured) and event.modes and all(d.trains for d in event.modes):
                found = _captured(facts, run, event, run.events[index + 1 :])
                if found is not None:
                    yield found


def _captured(facts: Facts, run: Run, event: Captured, later: tuple[Event, ...]) -> CapturedInTraining | None:
    functions = [facts.program.function(key) for key in event.within]
    if frozenset().union(*(words_of(f.name) for f in functions)) & DELIBERATE_WORDS:
        return None
    objects = run.objects(event.operand)
    held = [each for _, each in objects if each is not None and facts.is_model(each)]
    locations = {ref.location for ref, _ in objects}
    if event.operand.open or len(held) < len(objects) or run.summary.module_self in locations:
        return None
    if any(isinstance(e, Forward) and any(d.trains for d in e.modes) and locations & _locations(e) for e in later):
        return None  # It is trained as a recording, or that it runs in train mode is a report of its own.
    traits = [sensitive_of(facts, run, [each]) for each in held]
    kept = _keeps(facts, event)
    if kept is None or any(trait.holds is False or trait.is_mild for trait in traits):
        return None
    assumptions = kept | mode_assumptions(event.modes) | {Assumption(a) for each in held for a in each.assumed}
    unseen = next((trait for trait in traits if trait.holds is None), None)
    if unseen is not None:
        assumptions |= {Assumption.CLASS_UNSEEN}
    return CapturedInTraining(event, unseen or traits[0], assumptions)


def _locations(event: Forward) -> set[Location]:
    return {ref.location for ref in event.operand.refs()}


def _keeps(facts: Facts, event: Captured) -> frozenset[Assumption] | None:
    """What must be assumed for the recording to be kept; None when it may only be looked at (a drawing of it)."""
    path, at = event.site.base
    statement = statement_at(facts.program, path, at)
    function = facts.program.function(event.within[-1])
    if isinstance(statement, model.Return) and statement.value is not None and statement.value.at == at:
        return frozenset()
    names = {""}
    if isinstance(statement, model.Bind) and statement.value is not None and statement.value.at == at:
        names = {written(target) for target in statement.targets}
    assumed: list[frozenset[Assumption]] = []
    for other in statements_of(function.body):
        if isinstance(other, model.Return) and other.value is not None and written(other.value) in names:
            return frozenset()
        for top in operands_of(other):
            for operand in walk(top):
                if isinstance(operand, model.CallSite):
                    found = _keeps_by(facts, path, operand, lambda x: x.at == at or written(x) in names)
                    assumed.extend([found] if found is not None else [])
    return min(assumed, key=len, default=None)


def _keeps_by(facts: Facts, path: str, call: model.CallSite, is_recording: _Test) -> frozenset[Assumption] | None:
    if is_recording(call.func):
        return frozenset()
    if isinstance(call.func, model.Attribute) and call.func.name in _KEEPING_METHODS and is_recording(call.func.value):
        return frozenset()
    if not any(is_recording(argument.value) for argument in call.args):
        return None
    atom = facts.program.resolve(path, call.func) if isinstance(call.func, model.Name | model.Attribute) else None
    api = facts.program.catalog.api(atom.name) if isinstance(atom, ApiAtom) else None
    if api is not None and "captures_mode" not in api.options:
        return frozenset() if api.role in _KEEPING_ROLES else None
    named = words_of(written(call.func).rsplit(".", 1)[-1]) & _KEEPING_WORDS
    return frozenset({Assumption.ROLE_BY_NAME}) if named else None
