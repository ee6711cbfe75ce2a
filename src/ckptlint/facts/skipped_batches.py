"""Loaders that skip their first batches, for a resumed epoch, under the name that all epochs iterate."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from ckptlint.diagnostic import Assumption
from ckptlint.facts.project import Facts, derives
from ckptlint.facts.written_calls import Written, argument, calls_where, named, surrounded
from ckptlint.flow.domain import ApiAtom
from ckptlint.flow.program import statements_of
from ckptlint.flow.written import operands_of, walk, words_of, written
from ckptlint.knowledge.catalog import Api, Catalog
from ckptlint.semantics import model
from ckptlint.semantics.model import Loop, Operand, Place, Statement
from ckptlint.text import Span

PASSED_ON = frozenset("enumerate tqdm trange zip iter islice track".split())
"""Words of callees that iterate what they are given where a loop iterates them."""
UNREAD = frozenset("len print type id isinstance info debug format str repr prepare clear_memory".split())
"""Callees that read no batch of what they are given."""


@dataclass(frozen=True, slots=True)
class SkippedBatches:
    """A name is bound anew to a loader without its first batches, and later epochs iterate the same name."""

    name: str
    at: Span
    statement: Span
    used: Span
    """Where an epoch gets its batches from it."""
    is_repeated: bool
    """It is bound anew in the loop of the epochs itself."""
    assumptions: frozenset[Assumption]


@derives(SkippedBatches)
def skipped_batches(facts: Facts) -> Iterator[SkippedBatches]:
    """Every such statement of the project, tests left out."""
    skipping = _skipping(facts.program.catalog)
    if not skipping:
        return
    for found in calls_where(facts, [f"{name}(" for name in skipping]):
        func = found.call.func
        called = func.name if isinstance(func, model.Attribute) else getattr(func, "id", "")
        row = skipping.get(called)
        if row is not None and isinstance(found.statement, model.Bind) and _is_meant(facts, found, row):
            yield from _kept(facts, found, row)


@lru_cache(maxsize=4)
def _skipping(catalog: Catalog) -> dict[str, Api]:
    """The functions that give a loader without its first batches, by their bare name."""
    names = sorted(name for name, row in catalog if isinstance(row.get("skips"), str))
    rows = [(name.rpartition(".")[2], catalog.api(name)) for name in names]
    return {name: row for name, row in rows if row is not None}


def _is_meant(facts: Facts, found: Written, row: Api) -> bool:
    """Whether a call may be of the row: a function of this name by import, or a method of an object."""
    func = found.call.func
    atom = named(facts, found.record, found.function, func)
    if isinstance(atom, ApiAtom):
        api = facts.program.catalog.api(atom.name)
        return api is not None and isinstance(api.options.get("skips"), str)
    packages = facts.program.catalog.packages_of(str(row.options.get("framework", "")))
    imports = found.record.imports.values()
    return isinstance(func, model.Attribute) and any(i.module.partition(".")[0] in packages for i in imports)


def _kept(facts: Facts, found: Written, row: Api) -> Iterator[SkippedBatches]:
    statement = found.statement
    given, skipped = argument(row, found.call, "of"), argument(row, found.call, "skips")
    assert isinstance(statement, model.Bind)
    if given is None or len(statement.targets) != 1 or statement.value is not found.call:
        return
    name = written(given)
    if written(statement.targets[0]) != name or not name.replace(".", "").isidentifier():
        return
    if isinstance(skipped, model.Literal) and skipped.value in (0, None):
        return
    use = _later_use(found, name)
    if use is None:
        return
    at, is_repeated, is_sure = use
    path = found.record.path
    yield SkippedBatches(
        name,
        facts.span(path, found.call.at),
        facts.span(path, statement.at),
        facts.span(path, at),
        is_repeated,
        frozenset() if is_sure else frozenset({Assumption.EXTERNAL_CALLEE}),
    )


def _later_use(found: Written, name: str) -> tuple[Place, bool, bool] | None:
    """Where a loop of epochs iterates the name, whether the skipping stands in that loop, and whether it is sure."""
    loops = [outer for outer in found.around if isinstance(outer, Loop)]
    if loops:
        epochs = loops[0]
        if _is_bound_again(epochs, name, found.statement) or _leaves_after(epochs, found):
            return None
        use = _use_in(epochs, name, found)
        return (use[0], True, use[1]) if use is not None else None
    for statement, around in surrounded(found.function.body):
        if not isinstance(statement, Loop) or statement.at[:2] < found.statement.at[:2]:
            continue
        if any(isinstance(outer, Loop) for outer in around) or _are_apart(found, statement, around):
            continue
        if _is_bound_between(found, name, statement) or _is_bound_again(statement, name, found.statement):
            return None
        use = _use_in(statement, name, found)
        if use is not None:
            return (use[0], False, use[1])
    return None


def _are_apart(found: Written, loop: Loop, around: tuple[Statement, ...]) -> bool:
    """Whether the skipping stands in a branch whose other arm holds the loop."""
    for outer in found.around:
        if isinstance(outer, model.Branch) and any(outer is other for other in around):
            here = any(inner is found.statement for inner in statements_of(outer.body))
            there = any(inner is loop for inner in statements_of(outer.body))
            if here != there:
                return True
    return False


def _is_bound_again(loop: Loop, name: str, own: Statement) -> bool:
    """Whether a round may get the whole loader back."""
    return any(_binds(inner, name) for inner in statements_of(loop.body) if inner is not own)


def _is_bound_between(found: Written, name: str, loop: Loop) -> bool:
    return any(
        _binds(inner, name) and found.statement.at[:2] < inner.at[:2] < loop.at[:2]
        for inner in statements_of(found.function.body)
    )


def _binds(statement: Statement, name: str) -> bool:
    targets: list[Operand] = []
    if isinstance(statement, model.Bind | model.Delete):
        targets = statement.targets
    elif isinstance(statement, model.Loop) and statement.target is not None:
        targets = [statement.target]
    elif isinstance(statement, model.Region):
        targets = [item.target for item in statement.items if item.target is not None]
    return any(written(part) == name for target in targets for part in walk(target))


def _leaves_after(loop: Loop, found: Written) -> bool:
    """Whether the round that skips is the last one."""
    blocks = [b for outer in found.around if isinstance(outer, model.Branch) for b in (outer.body, outer.orelse)]
    block = next((b for b in reversed(blocks) if any(s is found.statement for s in b)), loop.body)
    return isinstance(block[-1], model.Return | model.Raise) or getattr(block[-1], "kind", "") == "break"


def _use_in(loop: Loop, name: str, found: Written) -> tuple[Place, bool] | None:
    """Where batches of the name are read in a loop, and whether that is seen."""
    possible: Place | None = None
    for statement in statements_of(loop.body):
        if isinstance(statement, Loop) and _iterates(statement.iter, name):
            return (statement.iter.at, True)
        if statement is found.statement or possible is not None or _is_progress_bar(statement):
            continue
        possible = next((at for top in operands_of(statement) for at in _handed_over(top, name)), None)
    return (possible, False) if possible is not None and _counts_epochs(loop) else None


def _iterates(operand: Operand, name: str) -> bool:
    if written(operand) == name:
        return True
    if not isinstance(operand, model.CallSite):
        return False
    words = words_of(written(operand.func).rpartition(".")[2])
    return bool(words & PASSED_ON) and any(_iterates(a.value, name) for a in operand.args)


def _handed_over(top: Operand, name: str) -> Iterator[Place]:
    for part in walk(top):
        if isinstance(part, model.CallSite):
            called = written(part.func).rpartition(".")[2]
            if called not in UNREAD and any(written(a.value) == name for a in part.args):
                yield part.at


def _is_progress_bar(statement: Statement) -> bool:
    """Whether a statement only makes something that shows how far an epoch is."""
    return isinstance(statement, model.Bind) and any(
        words_of(written(t)) & {"bar", "pbar", "progress"} for t in statement.targets
    )


def _counts_epochs(loop: Loop) -> bool:
    shown = f"{written(loop.target) if loop.target is not None else ''} {written(loop.iter)}"
    return bool(words_of(shown) & {"epoch", "epochs"})
