"""Runs: what happens when an entry point, or a function nothing in the project calls, is executed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ckptlint.facts.slices import Slices
from ckptlint.flow.analyzer import Analyzer
from ckptlint.flow.domain import ClassKey, FunctionKey, Location, Object, Ref, Value
from ckptlint.flow.events import Event, Fitted, Update
from ckptlint.flow.frame import Context
from ckptlint.flow.program import Program
from ckptlint.flow.summaries import Summary
from ckptlint.semantics.model import Record


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

    @property
    def trains(self) -> bool:
        """Whether it trains a model, by itself or by a library's loop."""
        return any(isinstance(e, Update) or (isinstance(e, Fitted) and e.kind == "fit") for e in self.events)

    def after(self, event: Event) -> Iterator[Event]:
        """The events met after one of them."""
        following = iter(self.events)
        if any(e is event for e in following):
            yield from following

    def object_at(self, location: Location) -> Object | None:
        """What is known of an object of this run."""
        return self.summary.objects.get(location)

    def objects(self, value: Value) -> list[tuple[Ref, Object | None]]:
        """The objects a value may be."""
        return [(ref, self.object_at(ref.location)) for ref in value.refs()]


class RunBuilder:
    """Finds the runs of a program, reading only files that can matter."""

    def __init__(self, program: Program, analyzer: Analyzer, slices: Slices) -> None:
        """`slices` choose what is followed from its own beginning."""
        self.program = program
        self.analyzer = analyzer
        self.slices = slices
        self._subclasses: dict[ClassKey, list[ClassKey]] | None = None

    def build(self) -> list[Run]:
        """Every run, by file and function."""
        records = self.slices.records()
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

    def _candidates(self, record: Record) -> Iterable[tuple[FunctionKey, ClassKey | None]]:
        yield FunctionKey(record.path, 0), None
        for function in record.functions[1:]:
            if function.is_lambda or (function.outer or 0) > 0:
                continue  # Nested functions are followed where they are called.
            key = FunctionKey(record.path, function.index)
            if function.model is None:
                if self.slices.keeps(record.path, function):
                    yield key, None
                continue
            if self.slices.keeps(record.path, function):
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
