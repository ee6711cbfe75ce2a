"""What else a function does to data that it preprocesses with one call: read off its text."""

from __future__ import annotations

from collections.abc import Iterator

from ckptlint.facts.places import call_at, statement_at
from ckptlint.facts.project import Facts
from ckptlint.flow.domain import Site
from ckptlint.flow.program import statements_of
from ckptlint.flow.signatures import OPTION_WORDS, TREATING_WORDS
from ckptlint.flow.written import operands_of, root_name, walk, words_of, written
from ckptlint.semantics import model
from ckptlint.semantics.model import CallSite, Operand, Statement

_WORDS = (TREATING_WORDS | OPTION_WORDS) - frozenset("float uint8 dtype size lower range prepare process log".split())
"""Words of calls that treat data further; conversions that every pipeline has are none."""
_SIGNS = frozenset({"-", "/", "*"})
_ARITHMETIC = "arithmetic"


def handling_of(facts: Facts, call: Site) -> frozenset[str]:
    """The other treatments, by their words, that the data of a preprocessing call get in the same function."""
    record = facts.program.record(call.path)
    function = facts.function_at(call.path, call.at) or (record.functions[0] if record is not None else None)
    own = call_at(facts.program, call.path, call.at)
    statement = statement_at(facts.program, call.path, call.at)
    if function is None or own is None or statement is None:
        return frozenset()
    callee = written(own.func)
    names = _data_names(own, statement)
    found: set[str] = set()
    for other in statements_of(function.body):
        if other is not statement and not _binds(other, names):
            continue
        if isinstance(other, model.Augment) and other.operator in _SIGNS and root_name(other.target) in names:
            found.add(_ARITHMETIC)
        for top in operands_of(other):
            found.update(_treatments(top, names, callee))
    return frozenset(found)


def _data_names(call: CallSite, statement: Statement) -> frozenset[str]:
    """The names that the data have before and after the call."""
    given = call.args[0].value if call.args else None
    names = {name for part in walk(given) if (name := root_name(part)) is not None} if given is not None else set()
    targets = list(statement.targets) if isinstance(statement, model.Bind) else []
    for target in targets:
        names.update(name for part in walk(target) if (name := root_name(part)) is not None)
    return frozenset(names - {"self"})


def _binds(statement: Statement, names: frozenset[str]) -> bool:
    """Whether a statement gives one of the names another value, made from what it had."""
    if isinstance(statement, model.Augment):
        return root_name(statement.target) in names
    if not isinstance(statement, model.Bind) or statement.value is None:
        return False
    targets = {root_name(part) for target in statement.targets for part in walk(target)}
    return bool(targets & names)


def _treatments(top: Operand, names: frozenset[str], callee: str) -> Iterator[str]:
    for part in walk(top):
        if isinstance(part, model.CallSite) and written(part.func) != callee:
            yield from words_of(written(part.func).rsplit(".", 1)[-1]) & _WORDS
        elif isinstance(part, model.Binary) and part.operator in _SIGNS:
            sides = (part.left, part.right)
            if any(root_name(s) in names or isinstance(s, model.CallSite) for s in sides):
                yield _ARITHMETIC
