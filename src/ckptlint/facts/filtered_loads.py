"""Loads of only those weights whose names a model knows, without a look at how many that were."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ckptlint.facts.links import Link, LoadedUse
from ckptlint.facts.partial_loads import TELLING, is_told
from ckptlint.facts.prefixes import prefix_at, rewrites_keys, snapshot_in
from ckptlint.facts.project import Facts, derives
from ckptlint.flow.domain import Site, Value
from ckptlint.flow.events import Restored
from ckptlint.flow.program import statements_of
from ckptlint.flow.written import name_of_call, operands_of, walk, written
from ckptlint.semantics import model
from ckptlint.semantics.model import Function, Operand, Place, Statement

LOADING = "load_state_dict"


@dataclass(frozen=True, slots=True)
class FilteredLoad:
    """Weights are dropped when the model has none of their name, and nobody counts them."""

    at: Site
    """The comprehension, or the test in a loop."""
    name: str
    """What holds the names that are known, as written."""
    prefix: str
    """The prefix for which nothing is left; "" when the prefixes are not known to differ."""
    snapshot: Site | None
    """Where the state with another prefix is saved."""


@derives(FilteredLoad)
def filtered_loads(facts: Facts) -> Iterator[FilteredLoad]:
    """Every such filter in a function that loads weights."""
    for record in facts.program.loaded():
        for function in record.functions:
            if LOADING not in function.calls:
                continue
            for at, name in _filters(function):
                site = Site(record.path, at)
                if not is_told(facts, site) and not _counts(function, at):
                    found = _lost(facts, record.path, function)
                    yield FilteredLoad(site, name, *(found or ("", None)))


# ------------------------------------------------------------------------------------------------------ filters


def _filters(function: Function) -> Iterator[tuple[Place, str]]:
    """(place, what holds the known names) of each filter by name."""
    states = _states(function)
    for statement in statements_of(function.body):
        for top in operands_of(statement):
            for operand in walk(top):
                if isinstance(operand, model.Comprehension) and operand.kind == "dict":
                    known = _known_names(operand, states)
                    if known is not None:
                        yield operand.at, known
        if isinstance(statement, model.Loop) and _iterates_items(statement.iter):
            found = _test_in_loop(statement, states)
            if found is not None:
                yield found


def _states(function: Function) -> set[str]:
    """Names that hold a model's own state."""
    found: set[str] = set()
    for statement in statements_of(function.body):
        if not isinstance(statement, model.Bind) or statement.value is None:
            continue
        if any(isinstance(p, model.CallSite) and name_of_call(p) == "state_dict" for p in walk(statement.value)):
            found.update(t.id for t in statement.targets if isinstance(t, model.Name))
    return found


def _is_state(operand: Operand, states: set[str]) -> bool:
    while isinstance(operand, model.CallSite) and name_of_call(operand) in ("keys", "list", "set"):
        func = operand.func
        inner = func.value if isinstance(func, model.Attribute) else operand.args[0].value if operand.args else None
        if inner is None:
            return False
        operand = inner
    if isinstance(operand, model.CallSite):
        return name_of_call(operand) == "state_dict"
    return isinstance(operand, model.Name) and operand.id in states


def _membership(test: Operand, states: set[str], operator: str) -> str | None:
    """What a test of a name looks it up in."""
    for part in walk(test):
        if not isinstance(part, model.Compare) or part.operators != [operator] or not isinstance(part.left, model.Name):
            continue
        if _is_state(part.rights[0], states):
            return written(part.rights[0])
    return None


def _known_names(operand: model.Comprehension, states: set[str]) -> str | None:
    if len(operand.generators) != 1 or not _iterates_items(operand.generators[0].iter):
        return None
    for test in operand.generators[0].tests:
        known = _membership(test, states, "in")
        if known is not None:
            return known
    return None


def _iterates_items(operand: Operand) -> bool:
    return isinstance(operand, model.CallSite) and name_of_call(operand) == "items"


def _test_in_loop(loop: model.Loop, states: set[str]) -> tuple[Place, str] | None:
    for statement in loop.body:
        if not isinstance(statement, model.Branch):
            continue
        known = _membership(statement.test, states, "in")
        if known is not None and not statement.orelse:
            return statement.test.at, known
        skipped = _membership(statement.test, states, "not in")
        last = statement.body[-1]
        if (
            skipped is not None
            and len(statement.body) == 1
            and isinstance(last, model.Jump)
            and last.kind == "continue"
        ):
            return statement.test.at, skipped
    return None


def _counts(function: Function, at: Place) -> bool:
    """Whether what a filter leaves is counted or shown."""
    names = {
        target.id
        for statement in statements_of(function.body)
        if isinstance(statement, model.Bind) and statement.value is not None
        for part in walk(statement.value)
        if part.at == at
        for target in statement.targets
        if isinstance(target, model.Name)
    }
    for statement in statements_of(function.body):
        if isinstance(statement, model.Branch | model.Assert) and _has_length(statement.test):
            return True
        for operand in operands_of(statement):
            for part in walk(operand):
                if not isinstance(part, model.CallSite) or name_of_call(part) not in TELLING:
                    continue
                if _has_length(part) or any(isinstance(p, model.Name) and p.id in names for p in walk(part)):
                    return True
    return any(_counts_up(statement) for statement in statements_of(function.body))


def _has_length(operand: Operand) -> bool:
    return any(isinstance(part, model.CallSite) and name_of_call(part) == "len" for part in walk(operand))


def _counts_up(statement: Statement) -> bool:
    return isinstance(statement, model.Augment) and isinstance(statement.value, model.Literal)


# ----------------------------------------------------------------------------------------------------- prefixes


def _lost(facts: Facts, path: str, function: Function) -> tuple[str, Site] | None:
    """The prefix for which no name of a linked checkpoint is known to the model, and where that is saved."""
    if rewrites_keys(facts, path):
        return None
    for use in facts.of(LoadedUse):
        for restored in use.restored:
            at = restored.site
            if at.path != path or not function.at[0] <= at.at[0] <= function.end_row or use.is_opened:
                continue
            links = [link for link in facts.of(Link) if link.load is use.load]
            found = [_lost_in(facts, use, link, restored) for link in links]
            if found and all(found) and not any(link.assumptions for link in links):
                return found[0]
    return None


def _lost_in(facts: Facts, use: LoadedUse, link: Link, restored: Restored) -> tuple[str, Site] | None:
    target = prefix_at(facts, use.run, restored.target, restored.site)
    if target is None or target.sure is None:
        return None
    values = [value for value in _model_states(use, link) if snapshot_in(link.save.run, value) is not None]
    if len(values) != 1:
        return None
    found = snapshot_in(link.save.run, values[0])
    assert found is not None
    source = prefix_at(facts, link.save.run, found[1], found[0])
    if source is None or source.sure is None or source.sure == target.sure:
        return None
    return source.sure or target.sure, found[0]


def _model_states(use: LoadedUse, link: Link) -> Iterator[Value]:
    """The states of models that a file holds under the keys that are read."""
    save = link.save
    if save.is_plain_state:
        yield save.event.stored.value
    keys = {read.key for read in use.reads}
    for entry in save.schema.entries if save.schema is not None else ():
        if entry.key in keys and entry.kind == "model":
            yield entry.value
