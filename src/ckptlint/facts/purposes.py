"""What a model is given data for: to learn from them, or to be evaluated on them."""

from __future__ import annotations

from ckptlint.diagnostic import Assumption
from ckptlint.facts.modes import evaluation_of, trained_in
from ckptlint.facts.project import Facts
from ckptlint.facts.runs import Run
from ckptlint.flow.domain import Site
from ckptlint.flow.events import Fitted, Forward


class Purposes:
    """The purposes of the calls of one run."""

    def __init__(self, facts: Facts, run: Run) -> None:
        self._facts = facts
        self._run = run
        self._trained: frozenset[Site] | None = None
        self._is_known = False

    def of(self, event: Forward | Fitted) -> tuple[bool, frozenset[Assumption]] | None:
        """Whether a model learns from what it is given, and what is taken for granted; None when neither is clear."""
        if isinstance(event, Fitted):
            held = [held for _, held in self._run.objects(event.operand)]
            if not all(one is not None and self._facts.is_model(one) for one in held):
                return None
            return event.kind == "fit", frozenset()
        if not self._is_known:
            self._trained, self._is_known = trained_in(self._run), True
        if self._trained is None or event.synthetic:
            return None
        if event.site in self._trained:
            return (True, frozenset()) if event.gradients else None
        found = evaluation_of(self._facts, self._run, event)
        return (False, found.assumptions) if found is not None else None
