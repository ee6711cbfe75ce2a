"""Which run evaluates the weights that another run trained."""

from __future__ import annotations

from collections.abc import Iterable

from ckptlint.diagnostic import Assumption
from ckptlint.facts.checkpoints import Checkpoint, path_pattern, programs_of
from ckptlint.facts.project import Facts
from ckptlint.facts.runs import Run
from ckptlint.flow.domain import Location
from ckptlint.flow.events import Fitted, Loaded, Restored, Update


class Links:
    """Pairs of a training run and a run that only evaluates."""

    def __init__(self, facts: Facts) -> None:
        self._programs: dict[str, int] | None = None
        self._facts = facts

    def between(
        self, training: Run, trained: frozenset[Location], evaluation: Run, evaluated: frozenset[Location]
    ) -> frozenset[Assumption] | None:
        """What takes the models of two runs for one model, saved and restored; None when nothing does."""
        if self._programs is None:
            self._programs = programs_of(self._facts)
        here, there = (self._programs.get(run.key.path) for run in (training, evaluation))
        if here is None or here != there or not _only_evaluates(evaluation, evaluated):
            return None
        classes = _kinds(training, trained) & _kinds(evaluation, evaluated)
        if not classes:
            return None
        saved = {s.pattern for s in self._facts.of(Checkpoint) if s.run is training and s.pattern is not None}
        read = {path_pattern(e.path) for e in evaluation.events if isinstance(e, Loaded)}
        if any(pattern in saved and not any(p.startswith("{") for p in pattern) for pattern in read if pattern):
            return frozenset()
        is_own = any(not isinstance(kind, str) for kind in classes)
        return frozenset({Assumption.PATH_PATTERN}) if is_own else None


def _only_evaluates(run: Run, models: frozenset[Location]) -> bool:
    restored = False
    for event in run.events:
        if isinstance(event, Update) or (isinstance(event, Fitted) and event.kind == "fit"):
            return False
        if isinstance(event, Restored) and models & {ref.location for ref in event.target.refs()}:
            restored = True
    return restored


def _kinds(run: Run, locations: Iterable[Location]) -> set[object]:
    """Classes of the project, and names of library factories, that made some models."""
    found: set[object] = set()
    for location in locations:
        held = run.object_at(location)
        if held is not None and held.model is not None:
            found.add(held.model)
        elif held is not None and held.api is not None:
            found.add(held.api.name)
    return found
