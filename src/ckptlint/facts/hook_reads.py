"""Keys that a model's class reads from its framework's own checkpoint, and those that it adds to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase

from ckptlint.facts.classes import records_where
from ckptlint.facts.project import Facts, derives
from ckptlint.flow.domain import ClassKey, Parameter, Ref
from ckptlint.flow.events import KeyRead, Opened
from ckptlint.flow.frame import Context
from ckptlint.flow.summaries import Summary
from ckptlint.knowledge.catalog import Api


@dataclass(frozen=True, slots=True)
class HookRead:
    """A key that a hook reads without providing for its absence, and that no hook of the program writes."""

    read: KeyRead
    key: str
    added: tuple[str, ...]
    """What hooks add to the checkpoint."""


@derives(HookRead)
def hook_reads(facts: Facts) -> Iterator[HookRead]:
    """Every such read, once a place."""
    writers: list[tuple[frozenset[str], bool]] | None = None
    seen: set[object] = set()
    for key, api in list(_classes(facts)):
        found = _hook(facts, key, str(api.options["read_in"]))
        if found is None:
            continue
        summary, given = found
        reads = [e for e in summary.events if isinstance(e, KeyRead) and _is(e.holder.single, given)]
        if any(isinstance(e, Opened) and given in {r.location for r in e.operand.refs()} for e in summary.events):
            continue
        if writers is None:
            writers = list(_written(facts))
        if any(is_open for _, is_open in writers):
            return
        added = frozenset[str]().union(*(keys for keys, _ in writers))
        own = api.options.get("own_keys")
        patterns = [str(pattern) for pattern in own] if isinstance(own, list) else []
        for read in reads:
            if read.guarded or not isinstance(read.key, str) or read.key in added or read.site.base in seen:
                continue
            if not any(fnmatchcase(read.key, pattern) for pattern in patterns):
                seen.add(read.site.base)
                yield HookRead(read, read.key, tuple(sorted(added)))


def _classes(facts: Facts) -> Iterator[tuple[ClassKey, Api]]:
    """Classes with such a reading method of their own, with the row of what they derive from."""
    names = _names(facts, "read_in")
    for record in records_where(facts, _mentions(names)):
        for held in record.classes:
            if names & held.methods.keys():
                hierarchy = facts.analyzer.classes.hierarchy(ClassKey(record.path, held.index))
                api = next((api for api in hierarchy.apis if "read_in" in api.options), None)
                if api is not None and hierarchy.is_complete:
                    yield ClassKey(record.path, held.index), api


def _written(facts: Facts) -> Iterator[tuple[frozenset[str], bool]]:
    """What every method of the writing hook's name puts into the checkpoint, and whether it may be more."""
    names = _names(facts, "written_in")
    for record in records_where(facts, _mentions(names)):
        for held in record.classes:
            for name in sorted(names & held.methods.keys()):
                found = _hook(facts, ClassKey(record.path, held.index), name)
                if found is None:
                    yield frozenset(), True
                    continue
                summary, given = found
                content = summary.items.get(given)
                if content is not None:
                    keys = frozenset(key for key, _ in content.entries if isinstance(key, str))
                    yield keys, content.open or content.element is not None or not summary.is_known
                handed = any(
                    isinstance(e, Opened) and given in {r.location for r in e.operand.refs()} for e in summary.events
                )
                if handed:
                    yield frozenset(), True


def _names(facts: Facts, option: str) -> frozenset[str]:
    return frozenset(str(row[option]) for _, row in facts.program.catalog if option in row)


def _mentions(names: frozenset[str]) -> Callable[[bytes], bool]:
    literals = [name.encode() for name in sorted(names)]
    return lambda data: any(literal in data for literal in literals)


def _hook(facts: Facts, key: ClassKey, name: str) -> tuple[Summary, Parameter] | None:
    """The summary of a hook, and its last parameter: the checkpoint."""
    method = facts.analyzer.classes.method(key, name)
    if method is None:
        return None
    function = facts.program.function(method)
    if len(function.parameters) < 2 or function.decorators:
        return None
    return facts.analyzer.summary(Context(method, key)), Parameter(function.parameters[-1].name)


def _is(atom: object, given: Parameter) -> bool:
    return isinstance(atom, Ref) and atom.location == given
