"""Single batches drawn with `next(...)`: what a call is given, followed back through the statements before it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ckptlint.facts.comparisons import blocks_of
from ckptlint.facts.vocabulary import data_purpose_of
from ckptlint.flow.program import statements_of
from ckptlint.flow.written import operands_of, walk, written
from ckptlint.semantics import model
from ckptlint.semantics.model import CallSite, Function, Operand, Place, Statement

DRAWING = frozenset(("next", "__next__"))
"""Functions and methods that give the next batch of an iterator."""


def drawn_from(function: Function, statement: Place, call: Place) -> str | None:
    """What the batch that a call is given is drawn from, as written.

    None when none is drawn since the innermost loop around the call began, or when it is given another one as well.
    """
    if not function.mentions & DRAWING:
        return None
    path = _path_to(function.body, statement)
    if not path:
        return None
    block, index = path[-1]
    calls = (part for top in operands_of(block[index]) for part in walk(top) if isinstance(part, CallSite))
    given = next((part for part in calls if part.at == call), None)
    wanted = set().union(*(_data_names(argument.value) for argument in given.args)) if given is not None else set()
    drawn: set[str] = set()
    for depth in reversed(range(len(path))):
        block, index = path[depth]
        for before in reversed(block[:index]):
            if isinstance(before, model.Bind) and before.value is not None:
                _step_back(function, before, wanted, drawn)
            elif _binds_anew(before, wanted):
                return None
        around = path[depth - 1][0][path[depth - 1][1]] if depth else None
        if isinstance(around, model.Loop):
            if around.target is not None and wanted & _names(around.target):
                return None
            break
    return drawn.pop() if len(drawn) == 1 else None


def _path_to(body: Sequence[Statement], at: Place) -> list[tuple[Sequence[Statement], int]]:
    """The blocks around the statement at a place, outermost first, and where in each it lies."""
    for index, statement in enumerate(body):
        if statement.at == at:
            return [(body, index)]
        for block in blocks_of(statement):
            found = _path_to(block, at)
            if found:
                return [(body, index), *found]
    return []


def _step_back(function: Function, bind: model.Bind, wanted: set[str], drawn: set[str]) -> None:
    """Put what names were given in their place."""
    asked = frozenset(wanted)
    for target, value in _pairs(bind):
        names = asked & _names(target)
        if not names:
            continue
        wanted -= names
        source = next((s for part in walk(value) if (s := _source(function, part)) is not None), None)
        if source is not None:
            drawn.add(source)
        else:
            wanted |= _data_names(value)


def _pairs(bind: model.Bind) -> Iterator[tuple[Operand, Operand]]:
    assert bind.value is not None
    for target in bind.targets:
        if (
            isinstance(target, model.Sequence)
            and isinstance(bind.value, model.Sequence)
            and len(target.items) == len(bind.value.items)
        ):
            yield from zip(target.items, bind.value.items, strict=True)
        else:
            yield target, bind.value


def _source(function: Function, part: Operand) -> str | None:
    """What a call that draws a batch draws from; of a plain name what that was made of."""
    if not isinstance(part, CallSite):
        return None
    if isinstance(part.func, model.Name) and part.func.id in DRAWING and part.args:
        source: Operand = part.args[0].value
    elif isinstance(part.func, model.Attribute) and part.func.name in DRAWING:
        source = part.func.value
    else:
        return None
    name = written(source)
    if not isinstance(source, model.Name) or data_purpose_of(name) is not None:
        return name
    made = [
        written(s.value)
        for s in statements_of(function.body)
        if isinstance(s, model.Bind) and s.value is not None and any(_names(t) == {name} for t in s.targets)
    ]
    return made[0] if len(made) == 1 else name


def _binds_anew(statement: Statement, wanted: set[str]) -> bool:
    """Whether a statement gives names other data than they held: `if cuda: x = x.cuda()` does not."""
    for inner in statements_of([statement]):
        if isinstance(inner, model.Loop) and inner.target is not None and wanted & _names(inner.target):
            return True
        if isinstance(inner, model.Bind) and inner.value is not None:
            for target, value in _pairs(inner):
                if wanted & _names(target) - _data_names(value):
                    return True
    return False


def _data_names(operand: Operand) -> set[str]:
    """The names of a value that may hold data: those of functions that are called are left out."""
    called = {id(part.func) for part in walk(operand) if isinstance(part, CallSite)}
    return {part.id for part in walk(operand) if isinstance(part, model.Name) and id(part) not in called}


def _names(target: Operand) -> set[str]:
    """The plain names that a target binds."""
    if isinstance(target, model.Sequence):
        return set().union(*(_names(item) for item in target.items))
    if isinstance(target, model.Star):
        return _names(target.value)
    return {target.id} if isinstance(target, model.Name) else set()
