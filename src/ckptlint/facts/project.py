"""All facts of a project, derived when a rule asks for them."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from ckptlint import facts as package
from ckptlint.facts.modules import Modules
from ckptlint.facts.places import bound_name, call_at, name_given, statement_at
from ckptlint.facts.runs import Run
from ckptlint.flow.analyzer import Analyzer
from ckptlint.flow.classes import MODULE_ROLES
from ckptlint.flow.domain import Object, Site
from ckptlint.flow.program import Program
from ckptlint.flow.written import written
from ckptlint.knowledge.roles import Role
from ckptlint.semantics.model import Attribute, Function, Place
from ckptlint.text import Span

F = TypeVar("F")
Derivation = Callable[["Facts"], Iterable[Any]]

_DERIVATIONS: dict[type[Any], Derivation] = {}


def derives(fact_type: type[F]) -> Callable[[Callable[[Facts], Iterable[F]]], Callable[[Facts], Iterable[F]]]:
    """Register the function that gives every fact of a type."""

    def register(function: Callable[[Facts], Iterable[F]]) -> Callable[[Facts], Iterable[F]]:
        _DERIVATIONS[fact_type] = function
        return function

    return register


class Facts:
    """What is known of a project; every fact is derived once."""

    def __init__(self, analyzer: Analyzer, runs: list[Run], evaluation_names: frozenset[str] = frozenset()) -> None:
        """`evaluation_names` are further words that mean evaluation in this project."""
        self.analyzer = analyzer
        self.runs = runs
        self.evaluation_names = evaluation_names
        self.modules = Modules(analyzer)
        self._facts: dict[type[Any], list[Any]] = {}
        for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)

    @property
    def program(self) -> Program:
        """The files behind the facts."""
        return self.analyzer.program

    def of(self, fact_type: type[F]) -> list[F]:
        """Every fact of a type, in a stable order."""
        found = self._facts.get(fact_type)
        if found is None:
            found = self._facts[fact_type] = list(_DERIVATIONS[fact_type](self))
        return found

    def is_model(self, held: Object) -> bool:
        """Whether an object is a model."""
        if held.role in MODULE_ROLES or (held.role is Role.AVERAGE and held.api and held.api.options.get("is_model")):
            return True
        return held.model is not None and self.analyzer.classes.hierarchy(held.model).is_module

    def span(self, path: str, at: Place) -> Span:
        """A place of a file as a span."""
        return Span(path, *at)

    def site_span(self, site: Site) -> Span:
        """Where a site itself lies."""
        return self.span(site.path, site.at)

    def statement_span(self, site: Site) -> Span | None:
        """The statement a site lies in."""
        statement = statement_at(self.program, site.path, site.at)
        return self.span(site.path, statement.at) if statement is not None else None

    def receiver_text(self, call: Site) -> str | None:
        """The receiver of the method call at a site, as written."""
        found = call_at(self.program, call.path, call.at)
        return written(found.func.value) if found is not None and isinstance(found.func, Attribute) else None

    def name_at(self, site: Site) -> str | None:
        """The dotted name that what is made at a site is assigned to."""
        return bound_name(self.program, site.path, site.at)

    def name_given(self, site: Site) -> str | None:
        """The same, or the name it gets where functions that only return it are called."""
        return name_given(self.program, site)

    def function_at(self, path: str, at: Place) -> Function | None:
        """The innermost function around a place."""
        record = self.program.record(path)
        found: Function | None = None
        for function in record.functions[1:] if record is not None else ():
            if function.at[0] <= at[0] <= function.end_row and (found is None or function.at[0] >= found.at[0]):
                found = function
        return found

    def text(self, span: Span) -> str:
        """The source text of a span within one file."""
        from ckptlint.syntax.tree import decode

        lines = decode(self.program.data(span.path))[0].splitlines(keepends=True)
        if span.row == span.end_row:
            return lines[span.row - 1][span.column - 1 : span.end_column - 1]
        first = lines[span.row - 1][span.column - 1 :]
        middle = lines[span.row : span.end_row - 1]
        return "".join([first, *middle, lines[span.end_row - 1][: span.end_column - 1]])
