"""Which evaluation a forward call belongs to: a function named for it, or a loop over evaluation data."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ckptlint.facts.comparisons import blocks_of
from ckptlint.facts.places import holds
from ckptlint.facts.project import Facts
from ckptlint.facts.vocabulary import data_purpose_of, purpose_of
from ckptlint.flow.domain import FunctionKey, Site
from ckptlint.flow.events import Forward
from ckptlint.flow.written import written
from ckptlint.semantics import model
from ckptlint.semantics.model import Place, Statement

Step = tuple[str, Place]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What forward calls of one evaluation share: the way to it, and the loop where no function is named for it."""

    functions: tuple[FunctionKey, ...]
    """The functions down to the one that evaluates, outermost first."""
    calls: tuple[Step, ...]
    """The calls between them."""
    loop: Place | None = None
    """The loop of the innermost function that goes through evaluation data, where that is the evaluation."""
    is_named: bool = True
    """The function is named for it."""


def evaluation_around(facts: Facts, event: Forward) -> Evaluation:
    """The innermost evaluation that a forward call lies in."""
    calls = calls_to(event.site)
    for depth in reversed(range(len(event.within))):
        function = facts.program.function(event.within[depth])
        purpose = purpose_of(function.name, facts.evaluation_names) if function.index else "training"
        if purpose in ("evaluation", "sampling"):
            return Evaluation(event.within[: depth + 1], calls[:depth])
        if purpose == "training":
            break
    around = statements_around(facts.program.function(event.within[-1]).body, event.statement) or []
    loops = [s for s in around if isinstance(s, model.Loop) and data_purpose_of(written(s.iter)) == "evaluation"]
    return Evaluation(event.within, calls, loops[-1].at if loops else None, is_named=False)


def statements_around(body: Iterable[Statement], at: Place) -> list[Statement] | None:
    """The compound statements around a place, outermost first; None when the place is not in the body."""
    for statement in body:
        if holds(statement.at, at):
            return []
        for part in blocks_of(statement):
            found = statements_around(part, at)
            if found is not None:
                return [statement, *found]
    return None


def calls_to(site: Site) -> tuple[Step, ...]:
    """The calls between the reporting function and a site, outermost first."""
    return tuple(step for step in site.chain if step[0])
