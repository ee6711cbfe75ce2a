"""Expressions that look like calls and do nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ckptlint.facts.project import Facts, derives
from ckptlint.flow.domain import ModuleAtom
from ckptlint.flow.events import Ineffective

_SWITCHES = frozenset({"train", "eval", "__init__"})


@dataclass(frozen=True, slots=True)
class WithoutEffect:
    """One of them, once a place."""

    event: Ineffective


@derives(WithoutEffect)
def without_effect(facts: Facts) -> Iterator[WithoutEffect]:
    """Every such expression in the project."""
    seen: set[object] = set()
    for run in facts.runs:
        for event in run.events:
            if not isinstance(event, Ineffective) or event.site.base in seen:
                continue
            if any(isinstance(atom, ModuleAtom) for atom in event.operand.atoms):
                continue
            if event.kind == "training-flag" and not _is_model_flag(facts, run, event):
                continue
            seen.add(event.site.base)
            yield WithoutEffect(event)


def _is_model_flag(facts: Facts, run: object, event: Ineffective) -> bool:
    from ckptlint.facts.runs import Run

    assert isinstance(run, Run)
    function = facts.program.function(event.within[-1])
    if (
        function.model is not None
        and function.parameters
        and event.written == f"{function.parameters[0].name}.training"
    ):
        return False  # A module that sets its own flag does so within its own way of switching.
    if function.name in _SWITCHES:
        return False
    objects = run.objects(event.operand)
    return bool(objects) and all(held is not None and facts.is_model(held) for _, held in objects)
