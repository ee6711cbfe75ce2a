"""Objects of libraries that write checkpoints while the library's own loop trains."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ckptlint.facts.project import Facts, derives
from ckptlint.facts.runs import Run
from ckptlint.flow.domain import Const, Text, Value
from ckptlint.flow.events import Built, Fitted
from ckptlint.knowledge.roles import Role


@dataclass(frozen=True, slots=True)
class WeightsOnlyWriter:
    """All checkpoints of a run hold weights only, and its training goes on from one."""

    built: Built
    flag: str
    """The argument that says so."""
    fitted: Fitted
    is_certain: bool
    """The path that training goes on from is given for sure."""


@derives(WeightsOnlyWriter)
def weights_only_writers(facts: Facts) -> Iterator[WeightsOnlyWriter]:
    """Writers told to keep the weights only, when no other keeps more."""
    for run in facts.runs:
        built = [event for event in run.events if isinstance(event, Built) and event.role is Role.SAVE]
        flags = [_flag(run, event) for event in built]
        if not built or not all(flags):
            continue
        for fitted in run.events:
            if isinstance(fitted, Fitted) and fitted.kind == "fit" and (certain := _goes_on(fitted.path)) is not None:
                yield WeightsOnlyWriter(built[0], str(flags[0]), fitted, certain)
                break


def _flag(run: Run, event: Built) -> str | None:
    """The name of the argument that makes a writer keep the weights only, when it is literally true."""
    for ref in event.made.refs():
        held = run.object_at(ref.location)
        if held is None or held.api is None:
            continue
        name = str(held.api.options.get("weights_flag", ""))
        given = held.argument(name)
        literal = given.constant() if given is not None else None
        if literal is not None and literal.value is True:
            return name
    return None


def _goes_on(path: Value) -> bool | None:
    """Whether a path to start from is given, True for sure; None without one."""
    if isinstance(path.single, Const):
        return True if path.single.value else None
    return isinstance(path.single, Text) if path.atoms or path.origins else None
