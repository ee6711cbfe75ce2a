"""Models that are taken out of their wrapper for one save and not for another."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ckptlint.facts.arms import are_exclusive
from ckptlint.facts.checkpoints import Checkpoint
from ckptlint.facts.links import Link
from ckptlint.facts.places import call_at, statement_at
from ckptlint.facts.prefixes import prefix_at, rewrites_keys, snapshot_in
from ckptlint.facts.programs import programs_of
from ckptlint.facts.project import Facts, derives
from ckptlint.flow.domain import Location, Site
from ckptlint.flow.events import Saved
from ckptlint.flow.processes import Joined
from ckptlint.flow.program import statements_of
from ckptlint.flow.written import walk, written
from ckptlint.knowledge.roles import Role
from ckptlint.semantics import model


@dataclass(frozen=True, slots=True)
class MixedPrefix:
    """One model's state is saved with the prefix of its wrapper at one place, and without it at another."""

    wrapped: Site
    """The call that gives the state with the prefix."""
    bare: Site
    prefix: str


@dataclass(frozen=True, slots=True)
class PreparedSave:
    """A model saves itself that a library may have wrapped for several processes."""

    at: Site
    name: str
    """The model, as written."""
    unwrapped: Site | None
    """Where a model is taken out of such a wrapper."""


@derives(MixedPrefix)
def mixed_prefixes(facts: Facts) -> Iterator[MixedPrefix]:
    """Every such pair of a run, of which nothing reads either."""
    read = {id(link.save.event) for link in facts.of(Link)}
    for run in facts.runs:
        wrapped: list[tuple[Location, Site, str]] = []
        bare: dict[Location, list[Site]] = {}
        for checkpoint in facts.of(Checkpoint):
            if checkpoint.run is not run or id(checkpoint.event) in read:
                continue  # Where one is read and the other is not, they are files of two kinds.
            for location, site, prefix in _states(facts, checkpoint):
                if prefix:
                    wrapped.append((location, site, prefix))
                elif _takes_out(facts, site):
                    bare.setdefault(location, []).append(site)
        for location, site, prefix in wrapped:
            others = [other for other in bare.get(location, ()) if not are_exclusive(facts.program, site, other)]
            if others and not any(rewrites_keys(facts, record.path) for record in facts.program.loaded()):
                yield MixedPrefix(site, others[0], prefix)


def _states(facts: Facts, checkpoint: Checkpoint) -> Iterator[tuple[Location, Site, str]]:
    """(model, call, prefix) of every state that a save holds whose prefix is sure."""
    stored = checkpoint.event.stored
    values = [entry.value for entry in checkpoint.schema.entries] if checkpoint.schema is not None else [stored.value]
    for value in values:
        found = snapshot_in(checkpoint.run, value)
        if found is None:
            continue
        site, owner = found
        prefix, refs = prefix_at(facts, checkpoint.run, owner, site), owner.refs()
        if prefix is not None and prefix.sure is not None and len(refs) == 1:
            yield refs[0].location, site, prefix.sure


def _takes_out(facts: Facts, site: Site) -> bool:
    """Whether the model is taken out of its wrapper where its state is asked for."""
    call = call_at(facts.program, *site.base)
    func = call.func if call is not None else None
    receiver = func.value if isinstance(func, model.Attribute) else None
    return isinstance(receiver, model.Attribute) and receiver.name in facts.analyzer.inner_names


# ---------------------------------------------------------------------------------------------------- prepared


@derives(PreparedSave)
def prepared_saves(facts: Facts) -> Iterator[PreparedSave]:
    """Every model that saves itself under the name that such a library gave it."""
    names, programs = _preparing(facts), programs_of(facts)
    seen: set[object] = set()
    for run in facts.runs:
        if not any(isinstance(event, Joined) and not event.is_sure for event in run.events):
            continue
        for save in run.events:
            if not isinstance(save, Saved) or save.stores != "weights" or save.site.base in seen:
                continue
            call = call_at(facts.program, *save.site.base)
            func = call.func if call is not None else None
            receiver = func.value if isinstance(func, model.Attribute) else None
            if isinstance(receiver, model.Name) and _is_prepared(facts, save.site, receiver.id, names):
                seen.add(save.site.base)
                yield PreparedSave(save.site, receiver.id, _unwrapping(facts, programs, save.site.path))


def _preparing(facts: Facts) -> frozenset[str]:
    """Names of methods that wrap all that they are given."""
    return frozenset(
        name.rpartition(".")[2]
        for name, row in facts.program.catalog
        if row["role"] == Role.WRAPPER.value and row.get("returns") == "arguments" and row.get("prefix")
    )


def _is_prepared(facts: Facts, site: Site, name: str, names: frozenset[str]) -> bool:
    """Whether all that a name is bound to last, before a place, comes from such a method."""
    function = facts.function_at(*site.base)
    record = facts.program.record(site.path)
    body = function.body if function is not None else record.module_body.body if record is not None else []
    last: model.Bind | None = None
    for statement in statements_of(body):
        if isinstance(statement, model.Bind) and statement.at[:2] < site.at[:2]:
            bound = {p.id for target in statement.targets for p in walk(target) if isinstance(p, model.Name)}
            last = statement if name in bound else last
    value = last.value if last is not None else None
    return isinstance(value, model.CallSite) and isinstance(value.func, model.Attribute) and value.func.name in names


def _unwrapping(facts: Facts, programs: dict[str, int], path: str) -> Site | None:
    """The first call of the program that takes a model out of its wrapper."""
    names = {
        name.rpartition(".")[2]
        for name, row in facts.program.catalog
        if row["role"] == Role.IDENTITY.value and row.get("unwraps")
    }
    for record in facts.program.loaded():
        if programs.get(record.path, -1) != programs.get(path):
            continue  # Other scripts wrap their models otherwise.
        for function in record.functions:
            for statement in statements_of(function.body) if names & function.calls else ():
                found = statement_at(facts.program, record.path, statement.at)
                for operand in (
                    walk(found.value) if isinstance(found, model.Bind | model.Evaluate) and found.value else ()
                ):
                    if isinstance(operand, model.CallSite) and written(operand.func).rpartition(".")[2] in names:
                        return Site(record.path, operand.at)
    return None
