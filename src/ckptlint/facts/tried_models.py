"""Models that are made and tried out: nothing they give depends on what was learned."""

from __future__ import annotations

import re

from ckptlint.facts.project import Facts
from ckptlint.facts.runs import Run
from ckptlint.flow.domain import ClassKey, Made
from ckptlint.flow.events import Fitted, Forward, Loaded, Restored, Update

_LEARNED = re.compile(rb"pretrain|load|restore|checkpoint|\bhub\b|\bzoo\b|\bweights\b", re.IGNORECASE)
"""Words in a class that say it may come with trained weights."""


def is_tried_out(facts: Facts, run: Run, event: Forward) -> bool:
    """Whether the run makes the model itself, of a class seen whole, and neither trains nor restores anything."""
    refs = event.operand.refs()
    if not refs or any(isinstance(e, Update | Fitted | Restored | Loaded) for e in run.events):
        return False
    if any(definition.kind != "built" or definition.assumed for definition in event.modes):
        return False  # Code that is not seen had it, and may have filled it.
    for ref in refs:
        held = run.object_at(ref.location)
        if not isinstance(ref.location, Made) or held is None or held.model is None:
            return False
        if any(value.constant() is not None and _is_file(value.constant()) for _, value in held.arguments):
            return False
        if any(_comes_with_weights(facts, key) for key in facts.analyzer.classes.hierarchy(held.model).order):
            return False
    return True


def _is_file(literal: object) -> bool:
    value = getattr(literal, "value", None)
    return value is True or (isinstance(value, str) and ("." in value or "/" in value))


def _comes_with_weights(facts: Facts, key: ClassKey) -> bool:
    record = facts.program.record(key.path)
    if record is None:
        return True
    rows = facts.program.data(key.path).split(b"\n")
    functions = [record.functions[index] for index in record.classes[key.number].methods.values()]
    return any(_LEARNED.search(row) for f in functions for row in rows[f.at[0] - 1 : f.end_row])
