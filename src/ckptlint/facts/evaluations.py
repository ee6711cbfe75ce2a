"""Which evaluation a forward call belongs to: a function named for it, or a loop over evaluation data."""

from __future__ import annotations

from dataclasses import dataclass

from ckptlint.facts.project import Facts
from ckptlint.facts.vocabulary import data_purpose_of, purpose_of
from ckptlint.flow.domain import FunctionKey, Site
from ckptlint.flow.events import Forward
from ckptlint.semantics.model import Place

Step = tuple[str, Place]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What forward calls of one evaluation share: the way to it, and the loop where no function is named for it."""

    functions: tuple[FunctionKey, ...]
    """The functions down to the one that evaluates, outermost first."""
    calls: tuple[Step, ...]
    """The calls between them."""
    loop: Place | None = None
    """The outermost loop of that function, when a loop and not a function is the evaluation."""
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
    is_loop = any(data_purpose_of(loop) == "evaluation" for loop in event.loops)
    return Evaluation(event.within, calls, event.anchor if is_loop else None, is_named=False)


def calls_to(site: Site) -> tuple[Step, ...]:
    """The calls between the reporting function and a site, outermost first."""
    return tuple(step for step in site.chain if step[0])
