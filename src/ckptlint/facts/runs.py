"""Runs: what happens when an entry point, or a function nothing in the project calls, is executed."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable
from dataclasses import dataclass

from ckptlint.facts.vocabulary import EVALUATION_WORDS
from ckptlint.flow.analyzer import Analyzer
from ckptlint.flow.domain import ClassKey, FunctionKey, Location, Object, Ref, Value
from ckptlint.flow.events import Event
from ckptlint.flow.frame import Context
from ckptlint.flow.program import Program
from ckptlint.flow.summaries import Summary
from ckptlint.flow.written import words_of
from ckptlint.semantics.model import Function, Record
from ckptlint.syntax.prefilter import has_any

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
            is_entry = key.number == 0
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
            if has_any(data, self.triggers):
                record = self.program.record(path)
                if record is not None:
                    chosen[path] = record
            else:
                rest.append(path)
        chosen.update(self._callers(chosen, rest))
        return [chosen[path] for path in sorted(chosen)]

    def _callers(self, chosen: dict[str, Record], rest: list[str]) -> dict[str, Record]:
        """Files without a trigger that import a function or class which does something of interest."""
        wanted: set[bytes] = set()
        modules: set[bytes] = set()
        for path, record in chosen.items():
            names = {f.name for f in record.functions[1:] if f.model is None and f.outer == 0 and self._acts(f)}
            for held in record.classes:
                acts = any(self._acts(record.functions[i]) for i in held.methods.values())
                if acts and not self.analyzer.classes.hierarchy(ClassKey(path, held.index)).is_module:
                    names.add(held.name)
            if names:
                wanted.update(name.encode() for name in names)
                stem = posixpath.basename(path).removesuffix(".py")
                modules.add((stem if stem != "__init__" else posixpath.basename(posixpath.dirname(path))).encode())
        found: dict[str, Record] = {}
        for path in rest:
            data = self.program.data(path)
            imported = set(_WORDS.findall(b" ".join(_imports(data))))
            if imported & wanted or (imported & modules and not wanted.isdisjoint(_WORDS.findall(data))):
                caller = self.program.record(path)
                if caller is not None:
                    found[path] = caller
        return found

    def _acts(self, function: Function) -> bool:
        """Whether calling a function may switch, save, load, train or evaluate something."""
        if function.mentions & self.names:
            return True
        return bool(words_of(function.name) & EVALUATION_WORDS) and self._matters(function)

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
_IMPORT = re.compile(rb"^[ \t]*(?:from[ \t]+([.\w]+)[ \t]+)?import[ \t]+(\([^)]*\)|[^\n]*)", re.MULTILINE)


def _imports(data: bytes) -> Iterable[bytes]:
    """What import statements bind; for a star import the module's own name."""
    for match in _IMPORT.finditer(data):
        module, names = match.groups()
        yield module if module is not None and names.strip().startswith(b"*") else names
