"""Which files of the project a file imports, and where in it something can be put."""

from __future__ import annotations

from collections.abc import Iterator

from ckptlint.facts.places import holds
from ckptlint.flow.program import Program, statements_of
from ckptlint.flow.written import walk
from ckptlint.semantics import model
from ckptlint.semantics.model import Branch, ImportedName, Place, Record, Statement


def imported_files(program: Program, record: Record) -> Iterator[str]:
    """The modules of the project that a file imports from, each as often as it does."""
    modules = {name.module for name in record.imports.values()} | set(record.stars)
    for name in record.imports.values():
        if name.attribute is not None:
            separator = "" if name.module.endswith(".") else "."
            modules.add(f"{name.module}{separator}{name.attribute}")
    for module in sorted(modules):
        target = program.find_module(record.path, module)
        if target is not None and not target.endswith("/"):
            yield target


def import_closure(program: Program, path: str) -> list[str]:
    """Every file of the project that importing this one runs, itself left out."""
    seen = {path}
    work = [path]
    while work:
        record = program.record(work.pop())
        for target in imported_files(program, record) if record is not None else ():
            if target not in seen:
                seen.add(target)
                work.append(target)
    return sorted(seen - {path})


def main_guard(record: Record) -> Branch | None:
    """The `if __name__ == "__main__":` of a file."""
    for statement in record.module_body.body:
        if isinstance(statement, model.Branch) and any(
            isinstance(part, model.Name) and part.id == "__name__" for part in walk(statement.test)
        ):
            return statement
    return None


def is_guarded(record: Record, at: Place) -> bool:
    """Whether a place at the top level only runs when the file itself is run."""
    guard = main_guard(record)
    if guard is None:
        return False
    return any(holds(inner.at, at) for inner in statements_of(guard.body))


def head_imports(record: Record) -> list[Statement]:
    """The imports that a file begins with, `from __future__` left out."""
    found: list[Statement] = []
    for statement in record.module_body.body:
        if isinstance(statement, model.Import):
            if all(name.module != "__future__" for name in statement.names):
                found.append(statement)
        elif not isinstance(statement, model.Evaluate) or not isinstance(statement.value, model.Literal):
            break
    return found


def bound_name(record: Record, module: str) -> str | None:
    """How a file names a module it imports (`np` for numpy); None when it does not."""
    parent, _, last = module.rpartition(".")
    best: str | None = None
    for bound, name in record.imports.items():
        if _means(name, module, parent, last):
            best = bound if best is None else min(best, bound)
    if best is None and parent:
        above = bound_name(record, parent)
        return f"{above}.{last}" if above is not None else None
    return best


def _means(name: ImportedName, module: str, parent: str, last: str) -> bool:
    if name.attribute is not None:
        return (name.module, name.attribute) == (parent, last)
    return name.module == module
