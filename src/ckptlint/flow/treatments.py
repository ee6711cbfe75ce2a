"""Calls that treat data before a model sees it: what is told of them, and how their results are known again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ckptlint.flow.classes import MODULE_ROLES
from ckptlint.flow.domain import (
    NOTHING,
    ClassAtom,
    Const,
    FunctionAtom,
    FunctionKey,
    Items,
    Location,
    Made,
    ModuleAtom,
    Parameter,
    Ref,
    Text,
    Treated,
    Value,
    bounded,
    constant,
    derived,
    is_entry,
    of_atom,
)
from ckptlint.flow.events import Forward, Prepared, Stored, Update
from ckptlint.flow.written import written
from ckptlint.knowledge.catalog import Api
from ckptlint.semantics import model

if TYPE_CHECKING:
    from ckptlint.flow.calls import Arguments, Calls
    from ckptlint.flow.frame import Frame
    from ckptlint.flow.summaries import Summary

Bindings = dict[Location, Value]


def treated(
    frame: Frame,
    atom: FunctionAtom,
    data: int | None,
    summary: Summary,
    bindings: Bindings,
    operand: model.CallSite,
    result: Value,
) -> Value:
    """What a call of a project function gives, marked when the call preprocesses its argument at `data`."""
    if data is None or any(isinstance(event, Forward | Update) for event in summary.events):
        return result
    function = frame.program.function(atom.key)
    given = bindings.get(Parameter(function.parameters[data].name))
    if given is None or not _may_be_data(frame, given) or not _may_be_data(frame, result):
        return result
    options: dict[str, Value] = {}
    for parameter in function.parameters[data + 1 :]:
        value = bindings.get(Parameter(parameter.name))
        if value is not None:
            options[parameter.name] = value
    return _marked(frame, atom.key, function.name, given, options, operand, result)


def treated_by_api(c: Calls, api: Api, bound: dict[str, Value], a: Arguments, operand: model.CallSite) -> Value:
    """What a preprocessing call of a library gives."""
    options = {name: value for name, value in bound.items() if value is not a.positional[0]}
    if not a.open:
        options = {**{k: constant(v) for k, v in api.arguments({}).items()}, **options}
    result = derived(a.values())
    return _marked(c, api.name, written(operand.func), a.positional[0], options, operand, result)


def _marked(
    frame: Frame,
    callee: FunctionKey | str,
    name: str,
    given: Value,
    options: dict[str, Value],
    operand: model.CallSite,
    result: Value,
) -> Value:
    kept = {option: known for option, value in options.items() if (known := _literal(frame, value)) is not None}
    if not kept:
        return result
    site = frame.site(operand.at)
    mark = frozenset({Treated(site)})
    frame.record(
        Prepared(
            site,
            frame.within,
            frame.state.tests,
            given,
            Value(frozenset(), True, mark),
            Stored(NOTHING, Items("dict", tuple(kept.items()))),
            callee,
            name,
            frame.statement,
        )
    )
    for ref in result.refs():
        location = ref.location
        if isinstance(location, Made) and (frame.path, operand.at) in location.site.chain:
            frame.taint(ref, Value(frozenset(), True, mark))
    return result._replace(origins=bounded(result.origins | mark))


def _literal(frame: Frame, value: Value) -> Value | None:
    """An option worth telling: a literal, or what a caller may give as one."""
    known = frame.literal(value)
    if known is not None:
        return of_atom(known)
    atom = value.single
    return value if isinstance(atom, Ref) and is_entry(atom.location) else None


def _may_be_data(frame: Frame, value: Value) -> bool:
    for atom in value.atoms:
        if isinstance(atom, Const | Text | FunctionAtom | ClassAtom | ModuleAtom):
            return False
        if isinstance(atom, Ref):
            held = frame.object_at(atom.location)
            if held is not None and (held.role in MODULE_ROLES or atom.location in frame.state.modes):
                return False
    return True
