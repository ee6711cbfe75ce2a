"""Methods `state_dict` that give the methods of their parts, not the states of these."""

from __future__ import annotations

from collections.abc import Iterator

from ckptlint.facts.project import Facts
from ckptlint.flow.domain import Site
from ckptlint.flow.program import statements_of
from ckptlint.flow.written import operands_of, walk, written
from ckptlint.semantics.model import Attribute, CallSite, Function, Mapping, Operand, Return, Sequence

STATE_DICT = "state_dict"
_LOADING = "load_state_dict"


def uncalled_parts(facts: Facts) -> Iterator[Site]:
    """Every `self.part.state_dict` that such a method returns while its class restores the part."""
    for record in facts.program.loaded():
        for function in record.functions:
            if function.name != STATE_DICT or function.model is None or function.decorators:
                continue
            for part in _returned(function):
                owner = written(part.value)
                same = (f for f in record.functions if f.model == function.model and _LOADING in f.calls)
                if any(owner == restored for other in same for restored in _restored(other)):
                    yield Site(record.path, part.at)


def _returned(function: Function) -> Iterator[Attribute]:
    """What is returned without a call, on its own or as an item."""
    for statement in statements_of(function.body):
        work: list[Operand] = []
        if isinstance(statement, Return) and statement.value is not None:
            work.append(statement.value)
        while work:
            operand = work.pop(0)
            if isinstance(operand, Attribute) and operand.name == STATE_DICT:
                yield operand
            elif isinstance(operand, Sequence):
                work.extend(operand.items)
            elif isinstance(operand, Mapping):
                work.extend(item.value for item in operand.items)


def _restored(function: Function) -> Iterator[str]:
    """The objects whose state a method restores, as written."""
    for statement in statements_of(function.body):
        for operand in operands_of(statement):
            for call in walk(operand):
                if isinstance(call, CallSite) and isinstance(call.func, Attribute) and call.func.name == _LOADING:
                    yield written(call.func.value)
