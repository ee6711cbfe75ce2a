"""Models that come in eval mode with their weights and are trained, though nothing puts them into train mode."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ckptlint.diagnostic import Assumption
from ckptlint.facts.loaded_parts import LoadedPart, hands_out_parameters, loaded_parts
from ckptlint.facts.modes import TrainingForward, mode_assumptions
from ckptlint.facts.modules import Trait, literals_of
from ckptlint.facts.optimizers import held_in, optimizers_of, overlap
from ckptlint.facts.project import Facts, derives
from ckptlint.facts.runs import Run
from ckptlint.flow.domain import Field, Location, Ref, Site, is_below
from ckptlint.flow.events import Fitted, Frozen, Switched


@dataclass(frozen=True, slots=True)
class TrainedAsLoaded:
    """The first training forward of a model, or of one with a part, that is in eval mode since it was loaded."""

    forward: TrainingForward
    loaded: tuple[Site, ...]
    """Where the weights are loaded."""
    part: str
    """The attribute that is in eval mode; empty when it is the model itself."""
    sensitive: Trait
    assumptions: frozenset[Assumption]
    is_evaluated: bool
    """Something in the loop puts it into eval mode again."""


@dataclass(frozen=True, slots=True)
class FittedAsLoaded:
    """A library's loop trains a model with a part that is in eval mode since it was loaded."""

    fitted: Fitted
    part: LoadedPart


@derives(TrainedAsLoaded)
def trained_as_loaded(facts: Facts) -> Iterator[TrainedAsLoaded]:
    """Every such model once a run."""
    seen: set[tuple[int, frozenset[Location]]] = set()
    for forward in facts.of(TrainingForward):
        locations = frozenset(ref.location for ref in forward.event.operand.refs())
        if (id(forward.run), locations) in seen:
            continue
        found = _whole(forward) or _part(facts, forward)
        if found is not None and _is_trained(forward.run, locations, found.part):
            seen.add((id(forward.run), locations))
            yield found


def _whole(forward: TrainingForward) -> TrainedAsLoaded | None:
    modes = forward.modes
    loaded = sorted({d.site for d in modes if d.kind == "loaded-eval" and d.site is not None})
    is_meant = any(d.kind == "eval" and not d.crossed for d in modes)
    if not loaded or is_meant or not all(d.evaluates for d in modes):
        return None
    assumptions = forward.assumptions | mode_assumptions(modes)
    is_evaluated = any(d.kind == "eval" for d in modes)
    return TrainedAsLoaded(forward, tuple(loaded), "", forward.sensitive, assumptions, is_evaluated)


def _part(facts: Facts, forward: TrainingForward) -> TrainedAsLoaded | None:
    refs, modes = forward.event.operand.refs(), forward.modes
    held = forward.run.object_at(refs[0].location) if len(refs) == 1 else None
    if held is None or held.model is None or not modes or any(d.kind != "built" for d in modes):
        return None
    part = _strongest(loaded_parts(facts, held.model, literals_of(held.arguments)))
    if part is None:
        return None
    assumptions = forward.assumptions | mode_assumptions(modes)
    return TrainedAsLoaded(forward, (part.site,), part.name, part.sensitive, assumptions, False)


def _strongest(parts: list[LoadedPart]) -> LoadedPart | None:
    order: dict[bool | None, int] = {True: 0, None: 1, False: 2}
    return min(parts, key=lambda part: order[part.sensitive.holds], default=None)


def _is_trained(run: Run, locations: frozenset[Location], part: str) -> bool:
    """Whether optimizers get all parameters of each of these models, and nothing freezes some of them."""
    owners = {owner for optimizer in optimizers_of(run) for owner in optimizer.owners}
    if not all(any(_holds(owner, location, part) for owner in owners) for location in locations):
        return False
    return not any(overlap(frozen, location) for frozen in _frozen(run) for location in locations)


def _holds(owner: Location, location: Location, part: str) -> bool:
    return owner == location or is_below(location, owner) or (bool(part) and owner == Field(location, part))


def _frozen(run: Run) -> Iterator[Location]:
    for event in run.events:
        if isinstance(event, Frozen):
            held = held_in(run, event.operand)
            yield from held.states | held.objects


@derives(FittedAsLoaded)
def fitted_as_loaded(facts: Facts) -> Iterator[FittedAsLoaded]:
    """Every model that a library's loop trains without switching the modes of its parts."""
    for run in facts.runs:
        for event in run.events:
            if isinstance(event, Fitted) and event.kind == "fit":
                yield from _fitted(facts, run, event)


def _fitted(facts: Facts, run: Run, event: Fitted) -> Iterator[FittedAsLoaded]:
    for ref, held in run.objects(event.operand):
        if held is None or held.model is None or _is_switched(run, ref):
            continue
        apis = facts.analyzer.classes.hierarchy(held.model).apis
        if any(api.options.get("keeps_parts") for api in apis) and hands_out_parameters(facts, held.model):
            part = _strongest(loaded_parts(facts, held.model, literals_of(held.arguments)))
            if part is not None:
                yield FittedAsLoaded(event, part)


def _is_switched(run: Run, ref: Ref) -> bool:
    """Whether a run switches a model, or a part of it, or freezes one."""
    switched = {r.location for e in run.events if isinstance(e, Switched) for r in e.operand.refs()}
    return any(overlap(other, ref.location) for other in switched | set(_frozen(run)))
