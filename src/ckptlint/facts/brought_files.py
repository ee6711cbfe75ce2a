"""Files that a program copies or downloads to a path before it reads them there."""

from __future__ import annotations

from ckptlint.facts.places import call_at, function_with
from ckptlint.facts.project import Facts
from ckptlint.facts.written_calls import calls_of
from ckptlint.flow.events import Loaded
from ckptlint.flow.written import words_of, written
from ckptlint.semantics import model

BRINGING = frozenset(
    (
        "copy copyfile copy2 cp download downloads fetch get put pull move rename replace retrieve urlretrieve wget "
        "extract"
    ).split()
)
"""Words of a callee that puts a file somewhere."""


def is_brought(facts: Facts, load: Loaded) -> bool:
    """Whether the function that reads a path hands the same path, as written, to what puts a file there."""
    call = call_at(facts.program, *load.site.base)
    record, function = facts.program.record(load.site.path), function_with(facts.program, *load.site.base)
    if call is None or record is None or function is None:
        return False
    paths = {written(a.value) for a in call.args if isinstance(a.value, model.Literal | model.Name | model.Attribute)}
    return any(
        words_of(written(found.call.func).rsplit(".", 1)[-1]) & BRINGING
        and any(written(a.value) in paths for a in found.call.args[1:])
        for found in calls_of(record, function)
        if found.call.at < call.at
    )
