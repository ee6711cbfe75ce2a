"""Runs: what happens when an entry point, or a function nothing in the project calls, is executed."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable
from dataclasses import dataclass

from ckptlint.flow.analyzer import Analyzer
from ckptlint.flow.domain import ClassKey, FunctionKey, Location, Object, Ref, Value
from ckptlint.flow.events import Event
from ckptlint.flow.frame import Context
from ckptlint.flow.program import Program
from ckptlint.flow.summaries import Summary
from ckptlint.semantics.model import Function, Record

_TEST_FILE = re.compile(r"(^|/)(test_[^/]*|[^/]*_test|conftest)\.py$|(^|/)tests?/.*\.py$")


@dataclass(frozen=True, slots=True)
class Run:
    """One way the project's code is executed, with every event instantiated from where it starts."""

    key: FunctionKey
    receiver_class: ClassKey | None
    summary: Summary
    is_entry: bool
    """It is a module's own code: what it holds is all that happens."""

    @property
    def events(self) -> tuple[Event, ...]:
        """Its events, in the order they were first met."""
        return self.summary.events

    def object_at(self, location: Location) -> Object | None:
        """What is known of an object of this run."""
        return self.summary.objects.get(location)

    def objects(self, value: Value) -> list[tuple[Ref, Object | None]]:
        """The objects a value may be."""
        return [(ref, self.object_at(ref.location)) for ref in value.refs()]


def is_test_file(root: str, path: str) -> bool:
    """Whether a file holds tests by pytest's naming: these neither evaluate nor count as callers."""
    return _TEST_FILE.search(posixpath.relpath(path, root)) is not None


class RunBuilder:
    """Finds the runs of a program, reading only files that can matter."""

    def __init__(self, program: Program, analyzer: Analyzer, triggers: frozenset[bytes], names: frozenset[str]) -> None:
        """`triggers` make a file worth reading; `names` make a function worth following."""
        self.program = program
        self.analyzer = analyzer
        self.triggers = triggers
        self.names = names
        self._subclasses: dict[ClassKey, list[ClassKey]] | None = None

    def build(self) -> list[Run]:
        """Every run, by file and function."""
        records = self._records()
        candidates: list[tuple[FunctionKey, ClassKey | None]] = []
        for record in records:
            candidates.extend(self._candidates(record))
        summaries = {c: self.analyzer.summary(Context(c[0], c[1])) for c in candidates}
        runs: list[Run] = []
        for (key, receiver_class), summary in summaries.items():
            is_entry = key.index == 0
            if not is_entry and self._is_called(key, receiver_class):
                continue
            runs.append(Run(key, receiver_class, summary, is_entry))
        return runs

    def _is_called(self, key: FunctionKey, receiver_class: ClassKey | None) -> bool:
        return (key, receiver_class) in self.analyzer.called

    def _records(self) -> list[Record]:
        """Files with a trigger, and then those that name what these define."""
        chosen: dict[str, Record] = {}
        rest: list[str] = []
        for path in sorted(self.program.files):
            if is_test_file(self.program.root, path):
                continue
            data = self.program.data(path)
            if any(literal in data for literal in self.triggers):
                record = self.program.record(path)
                if record is not None:
                    chosen[path] = record
            else:
                rest.append(path)
        wanted = {
            function.name.encode()
            for record in chosen.values()
            for function in record.functions[1:]
            if self._matters(function) and len(function.name) > 3 and not function.name.startswith("__")
        } | {
            held.name.encode()
            for record in chosen.values()
            for held in record.classes
            if any(self._matters(record.functions[i]) for i in held.methods.values())
        }
        for path in rest:
            data = self.program.data(path)
            if b"import" in data and not wanted.isdisjoint(_WORDS.findall(data)):
                record = self.program.record(path)
                if record is not None:
                    chosen[path] = record
        return list(chosen.values())

    def _matters(self, function: Function) -> bool:
        if function.mentions & self.names:
            return True
        return any(p.name in function.calls for p in function.parameters)

    def _candidates(self, record: Record) -> Iterable[tuple[FunctionKey, ClassKey | None]]:
        yield FunctionKey(record.path, 0), None
        for function in record.functions[1:]:
            if function.is_lambda or (function.outer or 0) > 0:
                continue  # Nested functions are followed where they are called.
            key = FunctionKey(record.path, function.index)
            if function.model is None:
                if self._matters(function):
                    yield key, None
                continue
            if self._matters(function):
                owner = ClassKey(record.path, function.model)
                yield from ((key, receiver) for receiver in self._receivers(owner))

    def _receivers(self, owner: ClassKey) -> list[ClassKey]:
        """The classes whose instances a method may run on: the leaves below its owner."""
        self._find_subclasses()
        below = (self._subclasses or {}).get(owner, [])
        if not below or owner in self.analyzer.constructed:
            return [owner, *below[:4]]
        return below[:4]

    def _find_subclasses(self) -> None:
        if self._subclasses is not None:
            return
        self._subclasses = {}
        for record in self.program.loaded():
            for held in record.classes:
                key = ClassKey(record.path, held.index)
                for base in self.analyzer.classes.hierarchy(key).order[1:]:
                    self._subclasses.setdefault(base, []).append(key)


_WORDS = re.compile(rb"[A-Za-z_]\w*")

