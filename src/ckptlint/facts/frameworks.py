"""Code that a framework runs, and switches the mode around."""

from __future__ import annotations

from ckptlint.facts.project import Facts
from ckptlint.facts.runs import Run
from ckptlint.flow.domain import ModeDef


def are_switched_by_framework(facts: Facts, run: Run, modes: frozenset[ModeDef]) -> bool:
    """Whether a mode that a method was entered with is the business of the framework its class derives from.

    Only a run begins with such a method when nobody in the project calls it; what the project switches or
    builds itself remains its own.
    """
    if run.receiver_class is None or not any(d.kind == "entry" for d in modes):
        return False
    bases = facts.analyzer.classes.hierarchy(run.receiver_class).apis
    return any(api.options.get("switches") is True for api in bases)
