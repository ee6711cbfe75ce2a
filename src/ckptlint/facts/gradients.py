"""Evaluations that keep what a backward pass would need, though none follows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ckptlint.diagnostic import Assumption
from ckptlint.facts.evaluations import Evaluation, Step, calls_to, evaluation_around, statements_around
from ckptlint.facts.modes import EvaluationForward
from ckptlint.facts.project import Facts, derives
from ckptlint.facts.tried_models import is_tried_out
from ckptlint.facts.vocabulary import GRADIENT_USE_WORDS
from ckptlint.flow.domain import ApiAtom, ClassKey, FunctionKey, Object
from ckptlint.flow.program import statements_of
from ckptlint.flow.written import operands_of, walk, words_of
from ckptlint.knowledge.catalog import Api
from ckptlint.knowledge.roles import Role
from ckptlint.semantics import model
from ckptlint.semantics.model import Function, Place, Statement

_GRADIENT_NAMES = frozenset(
    (
        "backward grad autograd requires_grad requires_grad_ zero_grad retain_grad no_grad inference_mode "
        "set_grad_enabled enable_grad is_grad_enabled"
    ).split()
)
"""Names in an evaluation that show it to need gradients, or to handle them in a way that is not followed."""
_FREEZING_NAMES = frozenset("requires_grad requires_grad_ set_grad_enabled set_requires_grad".split())
_OFF_FOR_DATA = "volatile"
"""The argument by which data once told that no backward pass follows, before there was a context for it."""
_FREEZING_WORDS = frozenset("freeze frozen unfreeze".split())


@dataclass(frozen=True, slots=True)
class TrackedEvaluation:
    """An evaluation whose forward calls are recorded for a backward pass that never comes."""

    forward: EvaluationForward
    at: Step
    """The forward call, or the call in the evaluation's own function that leads to it."""
    assumptions: frozenset[Assumption]
    is_called_alone: bool
    """Nothing seen calls its function, and it goes through no data itself: its callers may switch gradients off."""


@derives(TrackedEvaluation)
def tracked_evaluations(facts: Facts) -> Iterator[TrackedEvaluation]:
    """The first such forward call of every evaluation."""
    places = _Surroundings(facts)
    seen: set[object] = set()
    for fact in facts.of(EvaluationForward):
        if not fact.event.gradients or is_tried_out(facts, fact.run, fact.event):
            continue
        around = evaluation_around(facts, fact.event)
        key = (around.functions[-1], around.loop or (None if around.is_named else fact.event.anchor))
        if key in seen or not places.shows_all(fact, around):
            continue
        seen.add(key)
        assumptions = fact.assumptions
        if not fact.run.is_entry:
            assumptions |= {Assumption.CALLER_UNSEEN}
        steps = [*calls_to(fact.event.site), fact.event.site.base]
        at = steps[len(around.calls)] if len(steps) > len(around.calls) else fact.event.site.base
        yield TrackedEvaluation(fact, at, assumptions, not fact.run.is_entry and not fact.event.loops)


class _Surroundings:
    """Looks at what stands around a forward call, and asks for every reason to leave gradients on."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.program = facts.program
        rows = [name for name, row in facts.program.catalog if row["role"] == Role.NO_GRAD.value]
        self.libraries = frozenset(name.partition(".")[0] for name in rows)
        self._switches_all: bool | None = None

    def shows_all(self, fact: EvaluationForward, around: Evaluation) -> bool:
        """Whether nothing seen, and nothing that is not followed, can have to do with gradients."""
        event = fact.event
        inner = event.within[len(around.functions) - 1 :]
        if not any(self._imports(key.path) for key in event.within):
            return False
        models = [held for _, held in fact.run.objects(event.operand)]
        if not all(self._needs_no_grad(held) for held in models):
            return False
        if self._uses_gradients(around, around.loop or event.anchor, inner) or any(
            self._is_frozen(key) or _is_off_for_data(self.program.function(key)) for key in event.within
        ):
            return False
        steps = [*calls_to(event.site), event.site.base]
        if any(self._is_within_unknown(path, at) for path, at in steps):
            return False
        if not all(self._is_followed(key) for key in event.within):
            return False
        return not self._is_off_everywhere()

    def _imports(self, path: str) -> bool:
        record = self.program.record(path)
        return record is not None and any(
            name.module.partition(".")[0] in self.libraries for name in record.imports.values()
        )

    def _needs_no_grad(self, held: Object | None) -> bool:
        """Whether a model records its forward calls unasked, has parameters, and does not stop that itself."""
        if held is None:
            return True
        apis: list[Api] = [held.api] if held.api is not None else []
        if held.model is not None:
            apis.extend(self.facts.analyzer.classes.hierarchy(held.model).apis)
            if self._runs_quietly(held.model):
                return False
        return not any(self._is_asked(api) for api in apis) and self._parameters(held) is not False

    def _parameters(self, held: Object) -> bool | None:
        return self.facts.modules.trait(held, "parameters").holds

    def _is_asked(self, api: Api) -> bool:
        """Whether gradients of a library's models are computed on request, with nothing kept before."""
        base = self.program.catalog.api(str(api.options.get("instance_of", "")))
        rows = [api] if base is None else [api, base]
        return any(row.options.get("symbolic") or row.options.get("gradients") == "asked" for row in rows)

    def _runs_quietly(self, key: ClassKey) -> bool:
        for name in ("forward", "__call__"):
            method = self.facts.analyzer.classes.method(key, name)
            if method is not None and self.program.function(method).mentions & _GRADIENT_NAMES:
                return True
        return False

    def _uses_gradients(self, around: Evaluation, place: Place, inner: Iterable[FunctionKey]) -> bool:
        functions = [self.program.function(key) for key in inner]
        if frozenset().union(*(words_of(f.name) for f in functions)) & GRADIENT_USE_WORDS:
            return True
        if not around.is_named:
            first = functions.pop(0)
            if _names_in(_statements_at(first.body, place)) & _GRADIENT_NAMES:
                return True
        return any(f.mentions & _GRADIENT_NAMES for f in functions)

    def _is_frozen(self, key: FunctionKey) -> bool:
        function = self.program.function(key)
        return bool(function.mentions & _FREEZING_NAMES) or any(
            words_of(name) & _FREEZING_WORDS for name in function.mentions
        )

    def _is_within_unknown(self, path: str, at: Place) -> bool:
        """Whether a with statement around a place may switch gradients off."""
        function = self.facts.function_at(path, at)
        record = self.program.record(path)
        if function is None:
            function = record.module_body if record is not None else None
        around = statements_around(function.body, at) if function is not None else None
        regions = [s for s in around or () if isinstance(s, model.Region)]
        return around is None or not all(self._is_known(path, item.value) for r in regions for item in r.items)

    def _is_known(self, path: str, operand: model.Operand) -> bool:
        if not isinstance(operand, model.CallSite) or not isinstance(operand.func, model.Name | model.Attribute):
            return False
        atom = self.program.resolve(path, operand.func)
        if not isinstance(atom, ApiAtom):
            return isinstance(operand.func, model.Name) and operand.func.id == "open"
        api = self.program.catalog.api(atom.name)
        return api is not None and api.role is not Role.NO_GRAD

    def _is_followed(self, key: FunctionKey) -> bool:
        """Whether nothing takes a function's place, and no class that is not seen calls it."""
        function = self.program.function(key)
        if not self.facts.analyzer.is_transparent(key):
            return False
        if function.model is None:
            return True
        hierarchy = self.facts.analyzer.classes.hierarchy(ClassKey(key.path, function.model))
        return hierarchy.is_module or not (hierarchy.external or hierarchy.apis)

    def _is_off_everywhere(self) -> bool:
        """Whether gradients are switched by a bare statement somewhere, for all that follows."""
        if self._switches_all is None:
            self._switches_all = any(
                isinstance(statement, model.Evaluate) and "set_grad_enabled" in _names_in([statement])
                for record in self.program.loaded()
                for function in record.functions
                if "set_grad_enabled" in function.mentions
                for statement in statements_of(function.body)
            )
        return self._switches_all


def _is_off_for_data(function: Function) -> bool:
    return any(
        isinstance(operand, model.CallSite) and any(a.keyword == _OFF_FOR_DATA for a in operand.args)
        for statement in statements_of(function.body)
        for top in operands_of(statement)
        for operand in walk(top)
    )


def _names_in(statements: Iterable[Statement]) -> frozenset[str]:
    found: set[str] = set()
    for statement in statements_of(statements):
        for top in operands_of(statement):
            for operand in walk(top):
                if isinstance(operand, model.Name):
                    found.add(operand.id)
                elif isinstance(operand, model.Attribute):
                    found.add(operand.name)
    return frozenset(found)


def _statements_at(body: list[Statement], at: Place) -> list[Statement]:
    return [statement for statement in statements_of(body) if statement.at == at]
