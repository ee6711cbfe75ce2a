"""Who writes or reads a file: the call itself and, where a helper is given what or where, the calls that give it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

from ckptlint.facts.places import call_at, holds
from ckptlint.facts.project import Facts
from ckptlint.flow.domain import Site
from ckptlint.flow.program import statements_of
from ckptlint.flow.written import walk
from ckptlint.knowledge.catalog import Api
from ckptlint.knowledge.roles import Role
from ckptlint.semantics import model
from ckptlint.semantics.model import CallSite, Function, Operand, Place

LONGEST = 60
"""Characters of an expression as written; the rest is left out."""


@dataclass(frozen=True, slots=True)
class Frames:
    """The calls that decide what is written or read, and the path's expression."""

    sites: tuple[Site, ...]
    """Outermost first; the last is the library's call."""
    path: str
    """The path as written where it is first named; empty when there is none."""


def frames_of(facts: Facts, site: Site, api: str, values: tuple[str, ...]) -> Frames:
    """From a library's call outwards, as long as its path or value is a parameter of the function around it.

    `values` are the options of the API's row that name such arguments beside the path.
    """
    # Between the calls stand the rounds of loops that are followed one by one.
    ways = [site.base, *((path, at) for path, at in reversed(site.chain) if path)]
    call = call_at(facts.program, site.path, site.at)
    row = _row(facts, api)
    if call is None or row is None:
        return Frames((Site(*site.base),), "")
    bound = _bound(row, call)
    path = next(iter(row.given("path", bound)), None)
    operands = [operand for option in values for operand in row.given(option, bound)]
    sites = [Site(*ways[0])]
    file = site.path
    for (inner_path, inner_at), (outer_path, outer_at) in pairwise(ways):
        function = function_around(facts, inner_path, inner_at)
        passed = _passed_on(call, function, call_at(facts.program, outer_path, outer_at))
        if passed is not None:
            call, file = passed, outer_path
            bound = _bound(row, call)
            path = next(iter(row.given("path", bound)), None)
            operands = [operand for option in values for operand in row.given(option, bound)]
            sites.append(Site(outer_path, outer_at))
            continue
        asked = [operand for operand in (path, *operands) if operand is not None]
        if function is None or not any(_depends(operand, function) for operand in asked):
            break
        sites.append(Site(outer_path, outer_at))
        outer = call_at(facts.program, outer_path, outer_at)
        if outer is None:
            break
        defaults = [p.default for p in function.parameters]
        given = _given(function, outer)
        if isinstance(path, model.Name) and _is_telling(given.get(path.id)) and path.id not in _rebound(function):
            path = given[path.id]
            if not any(path is default for default in defaults):
                file = outer_path
        operands = [outside for operand in operands for outside in _parts_outside(operand, given)]
    return Frames(tuple(reversed(sites)), _source(facts, file, path) if path is not None else "")


def _source(facts: Facts, file: str, operand: Operand) -> str:
    """An expression as it stands in its file, on one line and of a bearable length."""
    text = " ".join(facts.text(facts.span(file, operand.at)).split())
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _row(facts: Facts, api: str) -> Api | None:
    catalog = facts.program.catalog
    roles = (Role.SAVE, Role.LOAD, Role.OUTSIDE_LOAD, Role.MODEL)
    rows = [catalog.api(api), *catalog.methods(api)]
    return next((row for row in rows if row is not None and row.role in roles), None)


def _bound(row: Api, call: CallSite) -> dict[str, Operand]:
    positional = [argument.value for argument in call.args if argument.keyword is None and not argument.star]
    named = {argument.keyword: argument.value for argument in call.args if argument.keyword is not None}
    bound = row.bind(positional, named)
    if isinstance(call.func, model.Attribute):
        bound.setdefault("self", call.func.value)
    return bound


def _passed_on(call: CallSite, function: Function | None, outer: CallSite | None) -> CallSite | None:
    """A call that hands on all that its function is given (`*args, **kwargs`), with what the caller gives."""
    if (
        function is None
        or outer is None
        or [p.kind for p in _parameters(function)] not in (["args"], ["args", "kwargs"])
    ):
        return None
    names = {parameter.name for parameter in _parameters(function)}
    given = [a.value.id for a in call.args if a.star and isinstance(a.value, model.Name)]
    return replace(call, args=outer.args) if len(given) == len(call.args) and set(given) == names else None


def function_around(facts: Facts, path: str, at: Place) -> Function | None:
    """The innermost function around a place; a lambda only when the place lies within its own text."""
    record = facts.program.record(path)
    found: Function | None = None
    for function in record.functions[1:] if record is not None else ():
        if function.is_lambda and not holds(function.at, at):
            continue
        if function.at[0] <= at[0] <= function.end_row and (found is None or function.at >= found.at):
            found = function
    return found


def _parameters(function: Function) -> list[model.Parameter]:
    """Those that a caller gives: without the receiver of a method."""
    is_method = function.model is not None and bool(function.parameters)
    return function.parameters[1:] if is_method else function.parameters


def _rebound(function: Function) -> set[str]:
    """Names that the function gives another value: they are no longer what a caller gave."""
    binds = (one for one in statements_of(function.body) if isinstance(one, model.Bind))
    return {target.id for bind in binds for target in bind.targets if isinstance(target, model.Name)}


def _depends(operand: Operand, function: Function) -> bool:
    names = {parameter.name for parameter in _parameters(function)} - _rebound(function)
    return any(isinstance(part, model.Name) and part.id in names for part in walk(operand))


def _given(function: Function, call: CallSite) -> dict[str, Operand]:
    """What a call gives each parameter, defaults included."""
    found: dict[str, Operand] = {p.name: p.default for p in _parameters(function) if p.default is not None}
    names = [p.name for p in _parameters(function) if p.kind in ("positional", "any")]
    positional = [argument.value for argument in call.args if argument.keyword is None and not argument.star]
    found.update(zip(names, positional, strict=False))
    found.update({a.keyword: a.value for a in call.args if a.keyword is not None})
    return found


def _is_telling(given: Operand | None) -> bool:
    return given is not None and not (isinstance(given, model.Literal) and given.value is None)


def _parts_outside(operand: Operand, given: dict[str, Operand]) -> Iterator[Operand]:
    for part in walk(operand):
        if isinstance(part, model.Name) and part.id in given:
            yield given[part.id]
