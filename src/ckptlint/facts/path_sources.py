"""What the path of a save is made from, as written: in the function of the save, and in those that call it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ckptlint.facts.evaluations import Step, calls_to
from ckptlint.facts.places import call_at
from ckptlint.facts.project import Facts
from ckptlint.facts.rank_guards import argument_for, names_in, targets_of
from ckptlint.flow.domain import FunctionKey
from ckptlint.flow.events import Saved
from ckptlint.flow.program import statements_of
from ckptlint.flow.written import walk, written
from ckptlint.semantics import model
from ckptlint.semantics.model import Function, Operand

_PASSING = re.compile(r"BytesIO|tempfile|mkdtemp|mkstemp|TemporaryFile|TemporaryDirectory")
"""Text of what is in memory, or in a file that is made anew each time and read by nobody later."""
_MAX_NAMES = 4
"""Names followed from a path to what they hold."""


def is_passing(facts: Facts, save: Saved) -> bool:
    """Whether a save goes into memory, or to a temporary file with a name of its own."""
    steps = (*calls_to(save.site), save.site.base)
    if len(steps) != len(save.within):
        return False  # Of a longer way the calls between are not known.
    call = call_at(facts.program, *save.site.base)
    if call is None:
        return False
    return any(
        _PASSING.search(text)
        for operand in _paths(facts, save, call)
        for text in _texts(facts, save.within, steps, operand, len(steps) - 1, _MAX_NAMES)
    )


def _paths(facts: Facts, save: Saved, call: model.CallSite) -> list[Operand]:
    """What a call is given as path; everything where `*args` leaves open which it is."""
    row = facts.program.catalog.api(save.api)
    if row is None or any(argument.star for argument in call.args):
        return [argument.value for argument in call.args]
    positional = [a.value for a in call.args if a.keyword is None]
    return row.given("path", row.bind(positional, {a.keyword: a.value for a in call.args if a.keyword is not None}))


def _texts(
    facts: Facts, within: tuple[FunctionKey, ...], steps: tuple[Step, ...], operand: Operand, depth: int, left: int
) -> Iterator[str]:
    """The text of an operand, and of what the names in it were given."""
    yield written(operand)
    if left == 0:
        return
    function = facts.program.function(within[depth])
    for part in walk(operand):
        if not isinstance(part, model.Name):
            continue
        for value in _assigned(function, part.id):
            yield from _texts(facts, within, steps, value, depth, left - 1)
        if depth > 0:
            for value in _handed(facts, function, steps[depth - 1], part.id):
                yield from _texts(facts, within, steps, value, depth - 1, left - 1)


def _assigned(function: Function, name: str) -> Iterator[Operand]:
    for statement in statements_of(function.body):
        if isinstance(statement, model.Bind):
            if statement.value is not None and any(name in names_in(target) for target in targets_of(statement)):
                yield statement.value
        elif isinstance(statement, model.Region):
            for item in statement.items:
                if item.target is not None and name in names_in(item.target):
                    yield item.value


def _handed(facts: Facts, function: Function, step: Step, name: str) -> list[Operand]:
    """What a call gives for a parameter: for `*args` whatever it gives."""
    kinds = [parameter.kind for parameter in function.parameters if parameter.name == name]
    call = call_at(facts.program, *step) if kinds else None
    if call is None:
        return []
    if kinds[0] in ("args", "kwargs"):
        return [argument.value for argument in call.args]
    given = argument_for(function, call, name)
    return [given] if given is not None else []
