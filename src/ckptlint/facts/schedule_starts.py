"""Whether a scheduler is made for the beginning of a training, or for where one goes on."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ckptlint.facts.places import call_at
from ckptlint.facts.project import Facts
from ckptlint.flow.domain import Object
from ckptlint.flow.events import Built
from ckptlint.flow.written import walk, words_of
from ckptlint.semantics import model

START_WORDS = frozenset("start started resume resumed begin offset initial remaining left done completed last".split())
"""Words of names from which a schedule is computed that goes on where a training was."""
RATE_WORDS = frozenset("lr rate factor value".split())
"""Words beside these that make it a learning rate."""
_BEGUN = re.compile(
    r"(?:start|resum|begin|last|offset|init|done|trained|completed)\w*_?(?:epoch|step|iter)"
    r"|(?:epoch|step|iter)\w*_?(?:start|begin|offset|done|init)|^epoch$|^resume"
)
"""The same with the unit that is counted."""


def is_for_the_beginning(facts: Facts, held: Object, built: Built) -> bool:
    """Whether nothing that a scheduler is made with says where the training goes on."""
    last = held.argument("last_epoch")
    if last is not None and (last.constant() is None or getattr(last.constant(), "value", None) != -1):
        return False
    call = call_at(facts.program, *built.site.base)
    return call is not None and not any(_says_where(name) for name in _names(facts, built, call))


def _says_where(name: str) -> bool:
    words = words_of(name)
    return _BEGUN.search(name) is not None or bool(words & START_WORDS and not words & RATE_WORDS)


def _names(facts: Facts, built: Built, call: model.CallSite) -> Iterator[str]:
    """Names in the call, and in the functions that it is given."""
    record = facts.program.record(built.site.path)
    parts = [part for argument in call.args for part in walk(argument.value)]
    names = {part.id for part in parts if isinstance(part, model.Name)}
    inner = {part.function for part in parts if isinstance(part, model.FunctionRef)}
    yield from (name for name in names if name != "epoch")
    yield from (part.name for part in parts if isinstance(part, model.Attribute))
    for function in record.functions if record is not None else ():
        if function.name in names or function.index in inner:
            yield from function.mentions - {parameter.name for parameter in function.parameters}
