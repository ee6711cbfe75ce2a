"""The files of a project as one program: modules found by import, names followed to what they mean.

Files are lowered only when something asks for them; an unreadable one is remembered and answers nothing.
"""

from __future__ import annotations

import builtins
import posixpath
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from ckptlint.flow.domain import (
    ApiAtom,
    Atom,
    ClassAtom,
    ClassKey,
    Const,
    FunctionAtom,
    FunctionKey,
    Global,
    ModuleAtom,
    Ref,
)
from ckptlint.knowledge.catalog import Catalog
from ckptlint.semantics import model
from ckptlint.semantics.model import ClassModel, Function, ImportedName, Operand, Place, Record, Statement

UNRESOLVED = "?"
"""First character of the qualified name of something in the project that could not be found."""
MAX_HOPS = 20
"""Imports followed for one name; more are a cycle."""


@dataclass(slots=True)
class ModuleNames:
    """What the names of one module are bound to at its top level."""

    functions: dict[str, int] = field(default_factory=dict)
    classes: dict[str, int] = field(default_factory=dict)
    assigned: dict[str, Operand | None] = field(default_factory=dict)
    """Plain assignments; None when there is more than one, or one that is no plain `name = operand`."""
    touched: frozenset[str] = frozenset()
    """Names some function declares global."""
    ambiguous: frozenset[str] = frozenset()
    """Names that two definitions or imports bind: which one holds is not known."""


def leaves(block: list[Statement]) -> bool:
    """Whether a block ends by going elsewhere."""
    last = block[-1] if block else None
    return isinstance(last, model.Return | model.Raise) or (isinstance(last, model.Jump) and last.kind != "pass")


def statements_of(body: Iterable[Statement]) -> Iterable[Statement]:
    """Every statement of a body, those within compound statements included."""
    for statement in body:
        yield statement
        if isinstance(statement, model.Branch | model.Loop):
            yield from statements_of(statement.body)
            yield from statements_of(statement.orelse)
        elif isinstance(statement, model.Try):
            yield from statements_of(statement.body)
            for handler in statement.handlers:
                yield from statements_of(handler.body)
            yield from statements_of(statement.orelse)
            yield from statements_of(statement.final)
        elif isinstance(statement, model.Region):
            yield from statements_of(statement.body)
        elif isinstance(statement, model.Match):
            for case in statement.cases:
                yield from statements_of(case.body)


def _module_names(record: Record) -> ModuleNames:
    names = ModuleNames()
    bound: dict[str, set[object]] = {}
    for statement in statements_of(record.module_body.body):
        if isinstance(statement, model.Import):
            for name in statement.names:
                bound.setdefault(name.bound, set()).add((name.module, name.attribute))
        if isinstance(statement, model.Define):
            if not _is_overload(record, statement):
                bound.setdefault(statement.name, set()).add(statement.at)
            if statement.function is not None:
                names.functions[statement.name] = statement.function
            elif statement.model is not None:
                names.classes[statement.name] = statement.model
        elif isinstance(statement, model.Bind):
            plain = statement.value is not None and all(isinstance(t, model.Name) for t in statement.targets)
            for target in statement.targets:
                _assign(names, target, statement.value if plain else None)
        elif isinstance(statement, model.Augment) or (
            isinstance(statement, model.Loop) and statement.target is not None
        ):
            _assign(names, statement.target, None)
        elif isinstance(statement, model.Region):
            for item in statement.items:
                if item.target is not None:
                    _assign(names, item.target, None)
    touched: set[str] = set()
    for function in record.functions[1:]:
        touched |= function.declared_global
    names.touched = frozenset(touched)
    names.ambiguous = frozenset(name for name, places in bound.items() if len(places) > 1)
    return names


def _is_overload(record: Record, statement: model.Define) -> bool:
    if statement.function is None:
        return False
    decorators = record.functions[statement.function].decorators
    return any(isinstance(d, model.Name) and d.id == "overload" for d in decorators)


def _assign(names: ModuleNames, target: Operand | None, value: Operand | None) -> None:
    if isinstance(target, model.Name):
        known = target.id in names.assigned
        names.assigned[target.id] = None if known else value
    elif isinstance(target, model.Sequence):
        for item in target.items:
            _assign(names, item, None)
    elif isinstance(target, model.Star):
        _assign(names, target.value, None)


class Program:
    """All files under the analysis root; paths are absolute, with forward slashes."""

    def __init__(
        self,
        root: str,
        files: Iterable[str],
        read: Callable[[str], bytes | None],
        lower: Callable[[str, bytes], Record | None],
        catalog: Catalog,
    ) -> None:
        self.root = root
        self.files = frozenset(files)
        self.catalog = catalog
        self._read = read
        self._lower = lower
        self._bytes: dict[str, bytes | None] = {}
        self._records: dict[str, Record | None] = {}
        self._names: dict[str, ModuleNames] = {}
        self._modules: dict[tuple[str, str], str | None] = {}
        self._lookups: dict[tuple[str, str], Atom | None] = {}
        self._starred: dict[str, tuple[str, ...]] = {}
        self._folders: set[str] = set()
        self.statements: dict[tuple[str, Place], Statement | None] = {}
        """Statements by places looked up so far (see `facts/places.py`)."""
        for path in self.files:
            folder = posixpath.dirname(path)
            while folder not in self._folders and len(folder) >= len(root):
                self._folders.add(folder)
                folder = posixpath.dirname(folder)

    # ------------------------------------------------------------------------------------------------- files

    def data(self, path: str) -> bytes:
        """The bytes of a file, read once; empty when it cannot be read."""
        if path not in self._bytes:
            self._bytes[path] = self._read(path)
        return self._bytes[path] or b""

    def record(self, path: str) -> Record | None:
        """The lowered file; None when it is unreadable or not of the project."""
        if path not in self._records:
            self._records[path] = self._lower(path, self.data(path)) if path in self.files else None
        return self._records[path]

    def loaded(self) -> list[Record]:
        """Every record lowered so far, by path."""
        return [r for _, r in sorted(self._records.items()) if r is not None]

    def function(self, key: FunctionKey) -> Function:
        """A function by key."""
        record = self.record(key.path)
        assert record is not None, key
        return record.functions[key.number]

    def class_model(self, key: ClassKey) -> ClassModel:
        """A class by key."""
        record = self.record(key.path)
        assert record is not None, key
        return record.classes[key.number]

    def names(self, path: str) -> ModuleNames:
        """The top-level names of a module."""
        found = self._names.get(path)
        if found is None:
            record = self.record(path)
            found = self._names[path] = _module_names(record) if record is not None else ModuleNames()
        return found

    # ----------------------------------------------------------------------------------------------- modules

    def find_module(self, importer: str, module: str) -> str | None:
        """The file (or, ending in a slash, the folder) that a module name means in an importing file."""
        key = (posixpath.dirname(importer), module)
        if key not in self._modules:
            self._modules[key] = self._find_module(importer, module)
        return self._modules[key]

    def _find_module(self, importer: str, module: str) -> str | None:
        folder = posixpath.dirname(importer)
        if module.startswith("."):
            level = len(module) - len(module.lstrip("."))
            for _ in range(level - 1):
                folder = posixpath.dirname(folder)
            rest = module[level:]
            return self._at(folder, rest.split(".") if rest else [])
        parts = module.split(".")
        bases = [] if f"{folder}/__init__.py" in self.files else [folder]
        while len(folder) > len(self.root):
            folder = posixpath.dirname(folder)
            bases.append(folder)
        bases.append(f"{self.root}/src")
        for base in bases:
            found = self._at(base, parts)
            if found is not None:
                return found
        return None

    def _at(self, base: str, parts: list[str]) -> str | None:
        stem = "/".join([base, *parts])
        for candidate in (f"{stem}.py", f"{stem}/__init__.py") if parts else (f"{stem}/__init__.py",):
            if candidate in self.files:
                return candidate
        # A folder without __init__.py is a package too, when it holds Python files.
        return f"{stem}/" if stem in self._folders and stem != self.root else None

    # ------------------------------------------------------------------------------------------------- names

    def lookup(self, path: str, name: str, hops: int = 0) -> Atom | None:
        """What a module's top-level name means; None when the module does not bind it."""
        key = (path, name)
        if key in self._lookups:
            return self._lookups[key]
        if hops > MAX_HOPS:
            return None
        self._lookups[key] = None
        found = self._lookup(path, name, hops)
        if found is None and hops:
            del self._lookups[key]  # Star imports in a circle: asked from elsewhere the answer may be another.
        else:
            self._lookups[key] = found
        return found

    def _lookup(self, path: str, name: str, hops: int) -> Atom | None:
        if path.endswith("/"):
            inner = self._at(path.rstrip("/"), [name])
            return ModuleAtom(inner) if inner is not None else None
        found = self._bound(path, name, hops)
        if found is not None:
            return found
        starred = self.starred(path)
        written_name = name.encode()
        for target in starred:
            if written_name in self.data(target):
                found = self._bound(target, name, hops + 1)
                if found is not None:
                    return found
        for package in (path, *starred):
            if package.endswith("/__init__.py"):
                inner = self._at(posixpath.dirname(package), [name])
                if inner is not None:
                    return ModuleAtom(inner)
        return None

    def _bound(self, path: str, name: str, hops: int) -> Atom | None:
        """What a module binds a name to itself, star imports aside."""
        record = self.record(path)
        if record is None:
            return None
        names = self.names(path)
        rebound = name in names.assigned and not _is_fallback(names.assigned[name])
        if name in names.ambiguous or (rebound and (name in names.functions or name in names.classes)):
            return ApiAtom(f"{UNRESOLVED}{path}.{name}")
        if name in names.functions:
            return FunctionAtom(FunctionKey(path, names.functions[name]))
        if name in names.classes:
            return ClassAtom(ClassKey(path, names.classes[name]))
        imported = record.imports.get(name)
        if imported is not None and rebound:
            return Ref(Global(path, name))
        if imported is not None:
            return self.imported(path, imported, hops + 1)
        if name in names.assigned:
            value = names.assigned[name]
            if name not in names.touched and value is not None:
                literal = self._alias(path, value, hops)
                if literal is not None:
                    return literal
            return Ref(Global(path, name))
        if name in names.touched:
            return Ref(Global(path, name))
        return None

    def starred(self, path: str) -> tuple[str, ...]:
        """The files whose names a module gets by star imports, those of star-imported files included, in order."""
        found = self._starred.get(path)
        if found is None:
            seen = {path: None}
            pending = self._stars(path)
            while pending:
                target = pending.pop()
                if target not in seen:
                    seen[target] = None
                    pending.extend(self._stars(target))
            found = self._starred[path] = tuple(seen)[1:]
        return found

    def _stars(self, path: str) -> list[str]:
        record = self.record(path) if b"import *" in self.data(path) else None
        targets = [self.find_module(path, star) for star in record.stars] if record is not None else []
        return [target for target in reversed(targets) if target is not None and not target.endswith("/")]

    def _alias(self, path: str, value: Operand, hops: int) -> Atom | None:
        if isinstance(value, model.Literal):
            return Const(type(value.value).__name__, value.value)
        if isinstance(value, model.Name | model.Attribute):
            atom = self.resolve(path, value, hops + 1)
            if isinstance(atom, FunctionAtom | ClassAtom | ApiAtom):
                return atom
        return None

    def imported(self, path: str, name: ImportedName, hops: int = 0) -> Atom | None:
        """What an import binds: something of the project, else a library's qualified name."""
        if name.attribute is None:
            whole = name.module if name.bound != name.module.split(".")[0] else name.bound
            target = self.find_module(path, whole)
            if target is not None:
                return ModuleAtom(target)
            return ApiAtom(self.catalog.canonical(whole))
        target = self.find_module(path, name.module)
        if target is None:
            if name.module.startswith("."):
                return ApiAtom(f"{UNRESOLVED}{name.module}.{name.attribute}")
            return ApiAtom(self.catalog.canonical(f"{name.module}.{name.attribute}"))
        found = self.lookup(target, name.attribute, hops)
        if found is not None:
            return found
        inner = (
            self._at(target[: -len("/__init__.py")].rstrip("/"), [name.attribute])
            if target.endswith(("/__init__.py", "/"))
            else None
        )
        if inner is not None:
            return ModuleAtom(inner)
        return ApiAtom(f"{UNRESOLVED}{name.module}.{name.attribute}")

    def member(self, atom: Atom, name: str, hops: int = 0) -> Atom | None:
        """An attribute of a module or a library name."""
        if isinstance(atom, ModuleAtom):
            found = self.lookup(atom.path, name, hops)
            if found is None and atom.path.endswith("/__init__.py"):
                inner = self._at(posixpath.dirname(atom.path), [name])
                found = ModuleAtom(inner) if inner is not None else None
            return found or ApiAtom(f"{UNRESOLVED}{atom.path}.{name}")
        if isinstance(atom, ApiAtom):
            return ApiAtom(self.catalog.canonical(f"{atom.name}.{name}"))
        if isinstance(atom, ClassAtom):
            return self._class_member(atom.key, name)
        return None

    def _class_member(self, key: ClassKey, name: str) -> Atom | None:
        held = self.class_model(key)
        if name in held.methods:
            return FunctionAtom(FunctionKey(key.path, held.methods[name]))
        return None

    def resolve(self, path: str, operand: Operand, hops: int = 0) -> Atom | None:
        """What a dotted name means at the top level of a module."""
        if isinstance(operand, model.Name):
            found = self.lookup(path, operand.id, hops)
            if found is None and hops <= MAX_HOPS and operand.id in BUILTINS:
                return ApiAtom(f"builtins.{operand.id}")
            return found
        if isinstance(operand, model.Attribute):
            base = self.resolve(path, operand.value, hops)
            return self.member(base, operand.name, hops) if base is not None else None
        if isinstance(operand, model.Index):  # Generic[T], nn.Module[...]
            return self.resolve(path, operand.value, hops)
        return None


def _is_fallback(value: Operand | None) -> bool:
    """`try: import x … except ImportError: x = None`: the assignment stands in for the import."""
    return isinstance(value, model.Literal)


BUILTINS = frozenset(dir(builtins))
