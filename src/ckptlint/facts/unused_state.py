"""State that is read from a checkpoint into a name that nothing reads afterwards."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from ckptlint.facts.evaluated_files import comes_from
from ckptlint.facts.optimizers import Training, optimizers_of
from ckptlint.facts.places import function_with, statement_at
from ckptlint.facts.project import Facts, derives
from ckptlint.facts.runs import Run
from ckptlint.facts.written_calls import Written, api_of, calls_where, holds_name, surrounded
from ckptlint.flow.domain import Site, root_of
from ckptlint.flow.events import KeyRead, Loaded, Restored
from ckptlint.flow.program import statements_of
from ckptlint.flow.written import operands_of, walk, words_of
from ckptlint.knowledge.catalog import Catalog
from ckptlint.knowledge.roles import Role
from ckptlint.semantics import model
from ckptlint.semantics.model import Bind, Function, Operand, Record, Statement

STATE_WORDS = frozenset("optim optimizer optimiser opt scheduler sched scaler".split())
"""Words of a key, or of a name, under which there is state that training needs."""
_TRYING = frozenset("test tests check verify benchmark bench time timing profile inspect".split())


@dataclass(frozen=True, slots=True)
class UnusedState:
    """Restored state is bound to a name, and the name is not read or gets another value first."""

    name: str
    at: Site
    """The statement that binds it."""
    replaced: Site | None
    """The statement that gives the name another value."""
    is_result: bool
    """It is what a call that restores gave, and not what a key of a checkpoint holds."""


@derives(UnusedState)
def unused_states(facts: Facts) -> Iterator[UnusedState]:
    """Every such name, once a place."""
    seen: set[object] = set()
    for found in (*_results(facts), *_entries(facts)):
        if found.at.base not in seen:
            seen.add(found.at.base)
            yield found


def _results(facts: Facts) -> Iterator[UnusedState]:
    """Names that are given a copy of an argument with the restored values in it."""
    names = _restoring(facts.program.catalog)
    if not names:
        return
    pattern = re.compile(rf"=[ \t]*(?:\w+\.)*(?:{'|'.join(names)})\(".encode())
    for found in calls_where(facts, [f"{name}(" for name in names], pattern):
        statement = found.statement
        if not isinstance(statement, Bind) or statement.value is not found.call or len(statement.targets) != 1:
            continue
        api = api_of(facts, found.record, found.function, found.call.func)
        if api is None or api.role is not Role.LOAD or not api.options.get("copies"):
            continue
        if words_of(found.function.name) & _TRYING:
            continue
        target = statement.targets[0]
        items = target.items if isinstance(target, model.Sequence) else [target]
        unused = [
            (item.id, other) for item in items if isinstance(item, model.Name) for other in _unused(found, item.id)
        ]
        for name, other in unused:
            if len(items) == 1 or words_of(name) & STATE_WORDS:
                replaced = Site(found.record.path, other.at) if other is not None else None
                yield UnusedState(name, Site(found.record.path, statement.at), replaced, True)


@lru_cache(maxsize=4)
def _restoring(catalog: Catalog) -> tuple[str, ...]:
    rows = {name.rpartition(".")[2] for name, row in catalog if row["role"] == Role.LOAD.value and row.get("copies")}
    return tuple(sorted(name for name in rows if name.isidentifier()))


def _entries(facts: Facts) -> Iterator[UnusedState]:
    """Names that are given what a key of a checkpoint holds, where training goes on without it."""
    for training in facts.of(Training):
        run = training.run
        loads = [e for e in run.events if isinstance(e, Loaded) and not e.outside]
        if not loads or run.summary.truncated:
            continue
        for event in run.events:
            if isinstance(event, KeyRead) and isinstance(event.key, str) and words_of(event.key) & STATE_WORDS:
                yield from _entry(facts, run, event, loads)


def _entry(facts: Facts, run: Run, event: KeyRead, loads: list[Loaded]) -> Iterator[UnusedState]:
    places = {ref.location for e in loads for ref in e.made.refs()}
    holders = {root_of(ref.location) for ref in event.holder.refs()}
    statement = statement_at(facts.program, *event.site.base)
    if not holders & places or not isinstance(statement, Bind) or len(statement.targets) != 1:
        return
    target, value = statement.targets[0], statement.value
    if not isinstance(target, model.Name) or not isinstance(value, model.Index | model.CallSite):
        return
    if not optimizers_of(run) or any(
        isinstance(e, Restored) and comes_from(e.value, holders) and _is_state(run, e) for e in run.events
    ):
        return
    record = facts.program.record(event.site.path)
    function = function_with(facts.program, *event.site.base)
    if record is None or function is None:
        return
    found = next((s for s, _ in surrounded(function.body) if s is statement), None)
    if found is None:
        return
    for other in _unused_in(record, function, statement, target.id):
        replaced = Site(event.site.path, other.at) if other is not None else None
        yield UnusedState(target.id, Site(event.site.path, statement.at), replaced, False)


def _is_state(run: Run, event: Restored) -> bool:
    """Whether something other than a model is restored."""
    held = [h for _, h in run.objects(event.target)]
    return any(h is None or h.role in (None, Role.OPTIMIZER, Role.SCHEDULER, Role.SCALER) for h in held)


def _unused(found: Written, name: str) -> Iterator[Statement | None]:
    yield from _unused_in(found.record, found.function, found.statement, name)


def _unused_in(record: Record, function: Function, own: Statement, name: str) -> Iterator[Statement | None]:
    """None when nothing reads the name; the statement that replaces its value when that comes before any read."""
    if name.startswith("_") or name in function.declared_global or name in function.declared_nonlocal:
        return
    if not function.index and not record.has_main_guard and not _is_script(function):
        return  # A module's names are there for others.
    others = [f for f in record.functions if f is not function and name in f.mentions]
    if any(f.outer == function.index or not function.index or name in f.declared_nonlocal for f in others):
        return
    around = next((a for s, a in surrounded(function.body) if s is own), ())
    in_loop = any(isinstance(outer, model.Loop) for outer in around)
    is_before = True
    for statement in statements_of(function.body):
        if statement is own:
            is_before = False
            continue
        if is_before and not in_loop:
            continue
        if isinstance(statement, model.Delete):
            continue
        if _reads(statement, name):
            break
        if _binds(statement, name) and not in_loop:
            # Only what surely comes next replaces it.
            block = next((a for s, a in surrounded(function.body) if s is statement), ())
            if isinstance(statement, Bind) and all(any(x is y for y in around) for x in block):
                yield statement
            return
    else:
        if not (function.index and _calls_locals(function)):
            yield None


def _is_script(function: Function) -> bool:
    """Whether a module's own code trains."""
    return any(isinstance(statement, model.Loop) for statement in function.body)


def _calls_locals(function: Function) -> bool:
    return bool({"locals", "globals", "vars", "eval", "exec"} & function.calls)


def _reads(statement: Statement, name: str) -> bool:
    targets = statement.targets if isinstance(statement, Bind) else []
    for top in operands_of(statement):
        if any(top is target for target in targets) and _is_plain(top):
            continue
        if isinstance(statement, model.Loop | model.Region) and _is_target(statement, top):
            continue
        if holds_name(top, name):
            return True
    return isinstance(statement, model.Match)


def _is_target(statement: model.Loop | model.Region, top: Operand) -> bool:
    if isinstance(statement, model.Loop):
        return top is statement.target and _is_plain(top)
    return any(top is item.target for item in statement.items) and _is_plain(top)


def _is_plain(target: Operand) -> bool:
    """Whether a target holds names only: one that is an attribute or an item reads what stands before it."""
    return all(isinstance(part, model.Name | model.Sequence | model.Star) for part in walk(target))


def _binds(statement: Statement, name: str) -> bool:
    targets = statement.targets if isinstance(statement, Bind) else []
    if isinstance(statement, model.Loop) and statement.target is not None:
        targets = [statement.target]
    return any(holds_name(target, name, own=True) for target in targets)
