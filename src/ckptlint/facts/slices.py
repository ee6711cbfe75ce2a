"""Which files and functions can matter: those with a trigger, then those that call one of these by name."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection, Iterable

from ckptlint.facts.vocabulary import EVALUATION_WORDS, SAMPLING_WORDS
from ckptlint.flow.classes import Classes
from ckptlint.flow.domain import ClassKey
from ckptlint.flow.program import Program, statements_of
from ckptlint.flow.written import operands_of, root_name, walk, words_of
from ckptlint.semantics import model
from ckptlint.semantics.model import Function, Record
from ckptlint.syntax.prefilter import has_any

MIN_CALLS = 2
"""Functions that act which one without a trigger must call to be followed, or one in a loop.

What calls a single one once adds nothing to it: a model zoo has thousands of those.
"""

_TEST_FILE = re.compile(r"(^|/)(test_[^/]*|[^/]*_test|conftest)\.py$|(^|/)tests?/.*\.py$")


def is_test_file(root: str, path: str) -> bool:
    """Whether a file holds tests by pytest's naming: these neither evaluate nor count as callers."""
    return _TEST_FILE.search(posixpath.relpath(path, root)) is not None


class Slices:
    """Chooses by the triggers of the catalogue's rows; everything else is followed where it is called."""

    def __init__(
        self, program: Program, classes: Classes, triggers: frozenset[bytes], names: frozenset[str], whole: bool = False
    ) -> None:
        """`triggers` make a file worth reading, `names` a function worth following; `whole`: all are."""
        self.program = program
        self.classes = classes
        self.triggers = triggers
        self.names = names
        self.whole = whole
        self._acting: dict[str, set[str]] = {}
        self._kept: dict[str, set[int]] = {}
        self._holders: dict[str, set[int]] = {}

    def records(self) -> list[Record]:
        """Files with a trigger, and then those that name what these define."""
        chosen: dict[str, Record] = {}
        rest: list[str] = []
        for path in sorted(self.program.files):
            if is_test_file(self.program.root, path):
                continue
            data = self.program.data(path)
            if self.whole or has_any(data, self.triggers):
                record = self.program.record(path)
                if record is not None:
                    chosen[path] = record
            else:
                rest.append(path)
        chosen.update(self._callers(chosen, rest))
        found = [chosen[path] for path in sorted(chosen)]
        if not self.whole:
            self._close(found)
        return found

    def keeps(self, path: str, function: Function) -> bool:
        """Whether a function of one of these files is followed although nothing calls it."""
        return (
            self._has_trigger(function)
            or function.index in self._kept.get(path, ())
            or function.index in self._holders_of(path)
            or self._runs_what_another_trains(path, function)
        )

    def _runs_what_another_trains(self, path: str, function: Function) -> bool:
        """Whether a method named for evaluation calls an attribute that a method with a trigger calls and fills."""
        record = self.program.record(path)
        if (
            record is None
            or function.model is None
            or not words_of(function.name) & (EVALUATION_WORDS | SAMPLING_WORDS)
        ):
            return False
        methods = record.classes[function.model].methods
        for other in (record.functions[index] for index in methods.values()):
            if other.index == function.index or not other.mentions & self.names:
                continue
            called = (other.calls & function.calls) - methods.keys()
            if called and any(
                isinstance(target, model.Attribute) and target.name in called and root_name(target) == "self"
                for statement in statements_of(other.body)
                if isinstance(statement, model.Bind)
                for target in statement.targets
            ):
                return True
        return False

    def _holders_of(self, path: str) -> set[int]:
        """Functions of a file that hold a function with a trigger: they run what is followed only from within."""
        found = self._holders.get(path)
        if found is None:
            found = self._holders[path] = set()
            record = self.program.record(path)
            functions = record.functions if record is not None else []
            for function in functions[1:]:
                if function.outer and function.mentions & self.names:
                    found.add(function.outer)
            for function in reversed(functions):
                if function.index in found and function.outer:
                    found.add(function.outer)
        return found

    # --------------------------------------------------------------------------------------------- by trigger

    def _has_trigger(self, function: Function) -> bool:
        if self.whole or function.mentions & self.names:
            return True
        # A model that was given may be run; what a constructor calls are the classes of its parts.
        return function.name != "__init__" and any(p.name in function.calls for p in function.parameters)

    def _acts(self, function: Function) -> bool:
        """Whether calling a function may switch, save, load, train or evaluate something."""
        if function.mentions & self.names:
            return True
        return bool(words_of(function.name) & EVALUATION_WORDS) and self._has_trigger(function)

    # ------------------------------------------------------------------------------------------------ by name

    def _callers(self, chosen: dict[str, Record], rest: list[str]) -> dict[str, Record]:
        """Files without a trigger that import a function or class which does something of interest."""
        wanted: set[bytes] = set()
        modules: set[bytes] = set()
        for path, record in chosen.items():
            names = {f.name for f in record.functions[1:] if f.model is None and f.outer == 0 and self._acts(f)}
            for held in record.classes:
                acts = any(self._acts(record.functions[i]) for i in held.methods.values())
                if acts and not self.classes.hierarchy(ClassKey(path, held.index)).is_module:
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

    def _close(self, records: list[Record]) -> None:
        """Keep functions that call several of those kept, by name, until none is added."""
        for record in records:
            self._acting[record.path] = {f.name for f in record.functions[1:] if self._acts(f)}
        pending = records
        while pending:
            grown = [record for record in pending if self._keep_callers(record)]
            pending = records if grown else []

    def _keep_callers(self, record: Record) -> bool:
        visible = self._visible(record)
        kept = self._kept.setdefault(record.path, set())
        before = len(kept)
        for function in record.functions[1:]:
            if function.index in kept:
                continue
            called = function.calls & visible
            if len(called) >= MIN_CALLS or (called and _calls_in_loop(function, called)):
                kept.add(function.index)
                self._acting[record.path].add(function.name)
        return len(kept) > before

    def _visible(self, record: Record) -> set[str]:
        """Names of acting functions of a file and of the files it imports from."""
        visible = set(self._acting[record.path])
        for imported in record.imports.values():
            target = self.program.find_module(record.path, imported.module)
            if target is not None:
                visible |= self._acting.get(target, set())
        return visible


def _calls_in_loop(function: Function, names: Collection[str]) -> bool:
    return any(
        isinstance(operand, model.CallSite) and _called_name(operand) in names
        for loop in statements_of(function.body)
        if isinstance(loop, model.Loop)
        for statement in statements_of(loop.body)
        for top in operands_of(statement)
        for operand in walk(top)
    )


def _called_name(call: model.CallSite) -> str | None:
    if isinstance(call.func, model.Attribute):
        return call.func.name
    return call.func.id if isinstance(call.func, model.Name) else None


_WORDS = re.compile(rb"[A-Za-z_]\w*")
_IMPORT = re.compile(rb"^[ \t]*(?:from[ \t]+([.\w]+)[ \t]+)?import[ \t]+(\([^)]*\)|[^\n]*)", re.MULTILINE)


def _imports(data: bytes) -> Iterable[bytes]:
    """What import statements bind; for a star import the module's own name."""
    for match in _IMPORT.finditer(data):
        module, names = match.groups()
        yield module if module is not None and names.strip().startswith(b"*") else names
