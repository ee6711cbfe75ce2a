"""Whether an exception that is raised at a place is caught on the way out of the program."""

from __future__ import annotations

from ckptlint.facts.evaluations import calls_to
from ckptlint.facts.places import holds
from ckptlint.flow.domain import Site
from ckptlint.flow.program import Program, statements_of
from ckptlint.semantics import model


def try_around(program: Program, path: str, at: model.Place) -> model.Try | None:
    """The innermost `try` with handlers whose body holds a place."""
    record = program.record(path)
    found: model.Try | None = None
    for function in record.functions if record is not None else ():
        for statement in statements_of(function.body):
            if not isinstance(statement, model.Try) or not statement.handlers:
                continue
            if any(holds(inner.at, at) for inner in statements_of(statement.body)):
                found = statement
    return found


def is_tried(program: Program, site: Site) -> bool:
    """Whether a place, or a call on the way to it, lies in a `try` with handlers."""
    return any(try_around(program, path, at) is not None for path, at in (*calls_to(site), site.base))
