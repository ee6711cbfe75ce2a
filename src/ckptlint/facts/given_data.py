"""What a loop over a parameter iterates, as the callers name it: `run_epoch(model, test_loader)`."""

from __future__ import annotations

import re

from ckptlint.facts.places import call_at
from ckptlint.facts.project import Facts
from ckptlint.facts.vocabulary import data_purpose_of
from ckptlint.flow.events import Forward, Told
from ckptlint.flow.written import written
from ckptlint.semantics import model
from ckptlint.semantics.model import CallSite, Function

_NAME = re.compile(r"(?<![.\w])[^\W\d]\w*")


def iterated_by_caller(facts: Facts, event: Forward | Told) -> str | None:
    """What the innermost loop iterates, as the first caller on the way out that tells a purpose writes it."""
    calls = [call for call in event.site.chain if call[0]]
    if not event.loops or len(calls) != len(event.within) - 1:
        return None
    text = event.loops[-1]
    for key, place in zip(reversed(event.within[1:]), reversed(calls), strict=True):
        function = facts.program.function(key)
        named = {p.name for p in function.parameters} & set(_NAME.findall(text))
        call = call_at(facts.program, *place)
        if len(named) != 1 or call is None:
            return None
        given = _given(function, named.pop(), call)
        if given is None:
            return None
        text = written(given)
        if data_purpose_of(text) is not None:
            return text
        if not isinstance(given, model.Name):
            return None
    return None


def _given(function: Function, name: str, call: CallSite) -> model.Operand | None:
    """The argument that a call of the function itself gives for a parameter."""
    called = call.func.name if isinstance(call.func, model.Attribute) else getattr(call.func, "id", "")
    if called != function.name or any(argument.star for argument in call.args):
        return None
    parameters = [p for p in function.parameters if p.kind in ("positional", "any")]
    if function.model is not None and isinstance(call.func, model.Attribute) and not _is_static(function):
        parameters = parameters[1:]
    positional = [argument for argument in call.args if argument.keyword is None]
    for parameter, argument in zip(parameters, positional, strict=False):
        if parameter.name == name:
            return argument.value
    return next((argument.value for argument in call.args if argument.keyword == name), None)


def _is_static(function: Function) -> bool:
    return any(getattr(decorator, "id", "") == "staticmethod" for decorator in function.decorators)
