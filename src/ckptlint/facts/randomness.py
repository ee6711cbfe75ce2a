"""Random augmentation of training runs that nothing seeds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ckptlint.facts.own_steps import RandomStep, own_steps
from ckptlint.facts.project import Facts, derives
from ckptlint.facts.runs import Run
from ckptlint.facts.seeding import SeedCall, Seeding, seed_call_for, seeding_of, seen_in
from ckptlint.facts.unread_attributes import UnreadAttributes
from ckptlint.flow.domain import Location, Made, Object, Site, Value
from ckptlint.flow.events import Built
from ckptlint.knowledge.catalog import MISSING
from ckptlint.knowledge.roles import Role

OWN_GENERATORS = frozenset({"albumentations"})
"""Libraries that draw from generators of their own: seeding Python, NumPy or torch does not reach these."""


@dataclass(frozen=True, slots=True)
class UnseededStep:
    """The first random step of an entry point whose source is not seeded."""

    run: Run
    at: Site
    """The step, or the call that reaches it, in the entry point's file."""
    step: RandomStep
    elsewhere: bool
    """Other sources are seeded, which does not help this one."""
    seed_call: SeedCall | None
    pipeline: Site | None
    """The pipeline that it is a step of and that takes a seed."""
    is_sure: bool
    """No call that was not followed may set the seed."""


@derives(UnseededStep)
def unseeded_steps(facts: Facts) -> Iterator[UnseededStep]:
    """One for each entry point that trains with random steps and seeds nothing that reaches them."""
    for run in facts.runs:
        if not run.is_entry or not run.trains:
            continue
        steps = list(_random_steps(facts, run)) or list(own_steps(facts, run))
        if not steps:
            continue
        seeding = seeding_of(facts, run)
        if seeding.may_hide:
            continue
        step = next((s for s in steps if _is_out_of_reach(s, seeding)), None)
        if step is not None:
            yield _unseeded(facts, run, step, seeding)


def _is_out_of_reach(step: RandomStep, seeding: Seeding) -> bool:
    if step.source in OWN_GENERATORS:
        return step.source not in seeding.sources
    return not seeding.events


def _unseeded(facts: Facts, run: Run, step: RandomStep, seeding: Seeding) -> UnseededStep:
    return UnseededStep(
        run,
        seen_in(run.key.path, step.reached),
        step,
        bool(seeding.events),
        seed_call_for(facts, run, step.seeded_by, step.reached),
        _pipeline_of(run, step) if step.source in OWN_GENERATORS else None,
        seeding.is_whole,
    )


def _random_steps(facts: Facts, run: Run) -> Iterator[RandomStep]:
    """Random steps without a seed of their own, in the order they are made."""
    seeded = _parts_of_seeded(run) | _unread(facts, run)
    for event in run.events:
        if not isinstance(event, Built) or event.role is not Role.TRANSFORM:
            continue
        for ref, held in run.objects(event.made):
            if held is not None and is_random(held) and not has_seed(held) and ref.location not in seeded:
                source = held.api.options.get("source") if held.api is not None else None
                if isinstance(source, str):
                    yield RandomStep(event.site, event.site, event.api.rsplit(".", 1)[-1], source, source)
                    break


def is_random(held: Object) -> bool:
    """Whether an object of the library draws random numbers for certain."""
    return held.api is not None and held.api.holds("random", literal_arguments(held), complete=_is_whole(held)) is True


def has_seed(held: Object) -> bool:
    """Whether it is given a seed, or may be."""
    if held.api is None or not _is_whole(held):
        return True
    return any(not is_missing(value) for value in held.api.given("seed", dict(held.arguments)))


def is_missing(value: Value) -> bool:
    """Whether a seed is given as None, which is to give none."""
    constant = value.constant()
    return constant is not None and constant.value is None


def literal_arguments(held: Object) -> dict[str, object]:
    """The arguments that made an object, MISSING where one is not known."""
    return {name: v.value if (v := value.constant()) is not None else MISSING for name, value in held.arguments}


def _is_whole(held: Object) -> bool:
    return held.argument("**") is None


def _pipelines(run: Run) -> Iterator[tuple[Built, Object]]:
    """Transforms that take a seed."""
    for event in run.events:
        if isinstance(event, Built) and event.role is Role.TRANSFORM:
            for _, held in run.objects(event.made):
                if held is not None and held.api is not None and "seed" in held.api.options:
                    yield event, held


def _parts_of_seeded(run: Run) -> set[Location]:
    """Steps of a pipeline that has a seed."""
    seeded = [event for event, held in _pipelines(run) if has_seed(held)]
    return _below(run, [ref.location for event in seeded for ref in event.made.refs()]) if seeded else set()


def _unread(facts: Facts, run: Run) -> set[Location]:
    """Pipelines made for attributes that nobody reads, with the steps that stand in no other."""
    attributes = UnreadAttributes(facts)
    made = [event for event in run.events if isinstance(event, Built) and event.role is Role.TRANSFORM]
    unread = [ref.location for event in made if attributes.is_made_for_one(event) for ref in event.made.refs()]
    if not unread:
        return set()
    steps = {ref.location for event in made for value in _parts(event) for ref in value.refs()}
    rest = [r.location for event in made for r in event.made.refs() if r.location not in {*steps, *unread}]
    return _below(run, unread) - _below(run, rest)


def _pipeline_of(run: Run, step: RandomStep) -> Site | None:
    """The outermost pipeline that holds a step."""
    best: tuple[int, Site] | None = None
    for event, held in _pipelines(run):
        below = _below(run, [ref.location for ref in event.made.refs()])
        holds = any(isinstance(location, Made) and location.site == step.site for location in below)
        if holds and not held.argument("seed") and (best is None or len(below) > best[0]):
            best = len(below), event.site
    return best[1] if best is not None else None


def _below(run: Run, work: list[Location]) -> set[Location]:
    """Pipelines with all their steps."""
    parts: dict[Location, list[Location]] = {}
    for event in run.events:
        if isinstance(event, Built) and event.role is Role.TRANSFORM:
            held_parts = [r.location for value in _parts(event) for r in value.refs()]
            for ref in event.made.refs():
                parts.setdefault(ref.location, []).extend(held_parts)
    found: set[Location] = set()
    while work:
        location = work.pop()
        if location not in found:
            found.add(location)
            work.extend(parts.get(location, ()))
    return found


def _parts(event: Built) -> list[Value]:
    items = event.parts.items
    inner = [value for _, held in event.parts.inner for value in held.values()]
    return [event.parts.value, *(items.values() if items is not None else ()), *inner]
