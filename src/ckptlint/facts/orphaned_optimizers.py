"""Optimizers that hold the parameters of a model which another one has replaced before it is trained."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ckptlint.facts.optimizers import Optimizer, optimizers_of, overlap
from ckptlint.facts.places import call_at, holds, statement_at
from ckptlint.facts.project import Facts, derives
from ckptlint.facts.runs import Run
from ckptlint.flow.classes import MODULE_ROLES
from ckptlint.flow.domain import Location, Made, Ran, Ref, Site
from ckptlint.flow.events import Forward, Restored, Update
from ckptlint.flow.program import statements_of
from ckptlint.flow.written import operands_of, walk, words_of, written
from ckptlint.knowledge.roles import Role
from ckptlint.semantics import model
from ckptlint.semantics.model import Bind, Statement

OPTIMIZER_WORDS = frozenset("optim optims optimizer optimizers optimiser optimisers opt opts adam sgd".split())
"""Words of a statement after which there may be another optimizer, or the old one may have been given parameters."""
_REGROUPING = frozenset({"add_param_group", "param_groups"})


@dataclass(frozen=True, slots=True)
class OrphanedOptimizer:
    """A model is replaced, or its parameters are, behind the back of the optimizer made for it."""

    optimizer: Optimizer
    at: Site
    """Where the model, the part of it or its parameters are replaced."""
    name: str
    """The model, or the part of it, as written."""
    trained: Site
    """A forward call of the new one that is trained."""
    kind: str
    """"model", "part", "parameters"."""


@derives(OrphanedOptimizer)
def orphaned_optimizers(facts: Facts) -> Iterator[OrphanedOptimizer]:
    """Every such replacement, once a place."""
    seen: set[object] = set()
    for run in facts.runs:
        trained = _trained_forwards(run)
        optimizers = optimizers_of(run) if trained else []
        owned = {owner for optimizer in optimizers for owner in optimizer.owners}
        for optimizer in optimizers:
            for found in _orphaned(facts, run, optimizer, owned, trained):
                if found.at.base not in seen:
                    seen.add(found.at.base)
                    yield found


def _trained_forwards(run: Run) -> list[Forward]:
    ran = {o.site for e in run.events if isinstance(e, Update) for o in e.operand.origins if isinstance(o, Ran)}
    return [e for e in run.events if isinstance(e, Forward) and e.gradients and e.site in ran] if ran else []


def _orphaned(
    facts: Facts, run: Run, optimizer: Optimizer, owned: set[Location], trained: list[Forward]
) -> Iterator[OrphanedOptimizer]:
    site = optimizer.built.site
    name = _model_name(facts, optimizer)
    if name is None or not optimizer.owners:
        return
    later = list(_later_statements(facts, site))
    if not later or any(_may_regroup(s, name) or _is_dropped(facts, s, optimizer) for s in later):
        return
    for forward in trained:
        for ref, held in run.objects(forward.operand):
            place = ref.location
            if held is None or not isinstance(place, Made) or any(overlap(place, owner) for owner in owned):
                continue
            if held.role not in MODULE_ROLES and held.role is not Role.LOAD:
                continue
            bind = _binding(facts, place, site, later)
            if bind == name:
                yield OrphanedOptimizer(optimizer, _outer(place, site), name, forward.site, "model")
    yield from _parts(facts, run, optimizer, name, later, trained)
    yield from _assigned(facts, run, optimizer, name, trained)


def _outer(place: Made, beside: Site) -> Site:
    """Where an object is made as the function around `beside` sees it."""
    depth = len(beside.chain)
    if len(place.site.chain) > depth:
        path, at = place.site.chain[depth]
        return Site(path, at, place.site.chain[:depth])
    return place.site


def _model_name(facts: Facts, optimizer: Optimizer) -> str | None:
    """The model as it stands in the call that makes the optimizer; None unless that shows just one."""
    call = call_at(facts.program, optimizer.built.site.path, optimizer.built.site.at)
    names = _models_in(part for argument in (call.args if call is not None else []) for part in walk(argument.value))
    return names.pop() if len(names) == 1 else None


def _later_statements(facts: Facts, site: Site) -> Iterator[Statement]:
    """Statements of the same function below the one that makes the optimizer."""
    record = facts.program.record(site.path)
    if record is None:
        return
    own = statement_at(facts.program, site.path, site.at)
    for function in record.functions:
        statements = list(statements_of(function.body))
        if own in statements:
            yield from (s for s in statements if s.at[:2] > (own.at[2], own.at[3]) and s is not own)
            return


def _may_regroup(statement: Statement, name: str) -> bool:
    parts = [part for top in operands_of(statement) for part in walk(top)]
    models = _models_in(parts)
    if models and not any(found == name or found.startswith(f"{name}.") for found in models):
        return False  # The optimizer of another model.
    targets = statement.targets if isinstance(statement, Bind) else []
    if any(words_of(written(target)) & OPTIMIZER_WORDS for target in targets):
        return True
    for part in parts:
        if isinstance(part, model.Attribute) and part.name in _REGROUPING:
            return True
        if isinstance(part, model.CallSite) and words_of(written(part.func).rsplit(".", 1)[-1]) & OPTIMIZER_WORDS:
            return True
    return False


def _models_in(parts: Iterable[model.Operand]) -> set[str]:
    """The models whose parameters are asked for, as written."""
    found = set()
    for part in parts:
        func = part.func if isinstance(part, model.CallSite) else None
        if isinstance(func, model.Attribute) and func.name in ("parameters", "named_parameters"):
            found.add(written(func.value))
    return found


def _binding(facts: Facts, place: Made, site: Site, later: list[Statement]) -> str | None:
    """The name that an object is bound to, in the function that makes the optimizer and after it is made."""
    depth = len(site.chain)
    if place.site.chain[:depth] != site.chain:
        return None
    outer = _outer(place, site)
    if outer.path != site.path:
        return None
    statement = statement_at(facts.program, outer.path, outer.at)
    if not isinstance(statement, Bind) or len(statement.targets) != 1 or statement not in later:
        return None
    if statement.value is None or not holds(statement.value.at, outer.at):
        return None
    name = written(statement.targets[0])
    return None if _is_built_on(facts, site.path, statement.value, name) else name


def _is_built_on(facts: Facts, path: str, value: model.Operand, name: str) -> bool:
    """Whether a new model has the old one, called the same, among its parts."""
    if not isinstance(value, model.CallSite):
        return False
    given = {written(part) for a in value.args for part in walk(a.value) if not isinstance(part, model.CallSite)}
    atom = facts.program.resolve(path, value.func)
    api = facts.program.catalog.api(getattr(atom, "name", ""))
    return name in given and (api is None or api.role is not Role.COPY)


def _is_dropped(facts: Facts, statement: Statement, optimizer: Optimizer) -> bool:
    """Whether the optimizer's name is given to another object."""
    name = facts.name_given(optimizer.built.site)
    return isinstance(statement, Bind) and any(written(target) == name for target in statement.targets)


def _parts(
    facts: Facts, run: Run, optimizer: Optimizer, name: str, later: list[Statement], trained: list[Forward]
) -> Iterator[OrphanedOptimizer]:
    """`model.fc = nn.Linear(...)` after the optimizer was made."""
    path = optimizer.built.site.path
    forward = next((f for f in trained if _is_of(f, optimizer)), None)
    if forward is None:
        return
    for statement in later:
        if not isinstance(statement, Bind) or len(statement.targets) != 1:
            continue
        target, value = statement.targets[0], statement.value
        if not isinstance(target, model.Attribute) or not isinstance(value, model.CallSite):
            continue
        if not written(target).startswith(f"{name}.") or not _is_learnt(facts, path, value):
            continue
        if forward.site.path == path and forward.statement[:2] < statement.at[:2] and not forward.loops:
            continue
        yield OrphanedOptimizer(
            optimizer, Site(path, statement.at, optimizer.built.site.chain), written(target), forward.site, "part"
        )


def _is_learnt(facts: Facts, path: str, call: model.CallSite) -> bool:
    """Whether a call makes a layer with parameters."""
    atom = facts.program.resolve(path, call.func)
    api = facts.program.catalog.api(getattr(atom, "name", ""))
    return api is not None and api.role is Role.LAYER and "weights" in api.options


def _is_of(forward: Forward, optimizer: Optimizer) -> bool:
    return any(overlap(ref.location, owner) for ref in forward.operand.refs() for owner in optimizer.owners)


def _assigned(
    facts: Facts, run: Run, optimizer: Optimizer, name: str, trained: list[Forward]
) -> Iterator[OrphanedOptimizer]:
    """`load_state_dict(..., assign=True)` after the optimizer was made."""
    forward = next((f for f in trained if _is_of(f, optimizer)), None)
    if forward is None:
        return
    is_built = False
    for event in run.events:
        is_built |= event is optimizer.built
        if not is_built or not isinstance(event, Restored):
            continue
        call = call_at(facts.program, event.site.path, event.site.at)
        flags = [a.value for a in call.args if a.keyword == "assign"] if call is not None else []
        if not flags or not isinstance(flags[0], model.Literal) or flags[0].value is not True:
            continue
        refs: list[Ref] = event.target.refs()
        if refs and all(ref.location in optimizer.owners for ref in refs):
            yield OrphanedOptimizer(optimizer, event.site, name, forward.site, "parameters")
