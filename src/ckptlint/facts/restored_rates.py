"""Learning rates that are restored with an optimizer and overwritten by a scheduler that is made for it afterwards."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ckptlint.facts.arms import are_exclusive
from ckptlint.facts.evaluated_files import comes_from
from ckptlint.facts.key_words import is_progress
from ckptlint.facts.optimizers import held_in
from ckptlint.facts.places import call_at
from ckptlint.facts.precedence import Precedence
from ckptlint.facts.project import Facts, derives
from ckptlint.facts.runs import Run
from ckptlint.facts.schedule_starts import is_for_the_beginning
from ckptlint.facts.scheduler_steps import is_set_by_hand, steps_of
from ckptlint.flow.domain import Location, Value, root_of
from ckptlint.flow.events import Built, Event, KeyRead, Loaded, Opened, Restored, Saved, Update
from ckptlint.flow.written import words_of
from ckptlint.knowledge.roles import Role

_RESTORING = frozenset("load restore resume set".split())
_RATE = re.compile(rb"""\[["']lr["']\]\s*[*/]?=(?!=)""")


@dataclass(frozen=True, slots=True)
class OverwrittenRate:
    """An optimizer gets its rate from a checkpoint, and then a scheduler that sets the rate as at the beginning."""

    run: Run
    optimizer: Restored
    built: Built
    scheduler: Restored | None
    """Where the scheduler gets its own state, if it does."""
    is_scaled: bool
    """The rate is multiplied, and no later step mends that."""
    unit: str
    """What the scheduler steps by: "epoch", "batch", or "" where that is not seen."""


@derives(OverwrittenRate)
def overwritten_rates(facts: Facts) -> Iterator[OverwrittenRate]:
    """Every such scheduler, once a place."""
    seen: set[object] = set()
    for run in facts.runs:
        for found in _overwritten(facts, run):
            if found.built.site.base not in seen:
                seen.add(found.built.site.base)
                yield found


def _overwritten(facts: Facts, run: Run) -> Iterator[OverwrittenRate]:
    made = [e for e in run.events if isinstance(e, Built) and e.role is Role.SCHEDULER]
    kinds = {id(event): _start_of(run, event) for event in made}
    if not any(kinds.values()) or not any(isinstance(e, Update) for e in run.events):
        return
    chained = {r.location for e in made for v in (e.parts.items.values() if e.parts.items else ()) for r in v.refs()}
    order = Precedence(facts.program, run.events)
    for built in made:
        places = {ref.location for ref in built.made.refs()}
        kind = kinds[id(built)]
        if not kind or not places or places & chained or built.loops or run.summary.truncated:
            continue
        restored = _restored_before(facts, run, built, order)
        if restored is None or not _is_from_beginning(facts, run, built):
            continue
        later = [e for e in run.events if order.is_before(built, e)]
        if any(_may_restore(e, _optimizers(run, built), places) for e in later):
            continue
        states = [e for e in later if isinstance(e, Restored) and _targets(e) & places]
        if states and not any(_load_of(run, e) for e in states):
            continue
        if not states and not _goes_on(run, restored):
            continue
        steps = steps_of(facts, run, built)
        if steps is not None:
            yield OverwrittenRate(run, restored, built, states[0] if states else None, kind == "scales", steps)


def _start_of(run: Run, event: Event) -> str:
    """What making a scheduler does to its optimizer's rate; of one that chains others, what they did."""
    assert isinstance(event, Built)
    for _, held in run.objects(event.made):
        own = held.api.options.get("starts") if held is not None and held.api is not None else None
        if own is not None:
            return str(own)
    inner = [h for v in (event.parts.items.values() if event.parts.items else ()) for _, h in run.objects(v)]
    starts = [h.api.options.get("starts") for h in inner if h is not None and h.api is not None]
    return "scales" if "scales" in starts else ""


def _optimizers(run: Run, built: Built) -> set[Location]:
    """The optimizers that a scheduler is made for."""
    found: set[Location] = set()
    for _, held in run.objects(built.made):
        if held is not None and held.api is not None:
            for value in held.api.given("of", dict(held.arguments)):
                found.update(ref.location for ref in value.refs())
    return found


def _targets(event: Restored) -> set[Location]:
    return {ref.location for ref in event.target.refs()}


def _restored_before(facts: Facts, run: Run, built: Built, order: Precedence) -> Restored | None:
    """The last restoring of the optimizer before the scheduler is made, when it is from a file and nothing trained."""
    wanted = _optimizers(run, built)
    found: Restored | None = None
    for event in run.events:
        if not isinstance(event, Update | Restored) or not order.is_before(event, built):
            continue
        if isinstance(event, Update):
            return None
        if wanted and wanted <= _targets(event) and (found is None or order.is_before(found, event)):
            found = event
    if found is None or not _load_of(run, found) or are_exclusive(facts.program, found.site, built.site):
        return None
    return found


def _load_of(run: Run, restored: Restored) -> Loaded | None:
    loads = (e for e in run.events if isinstance(e, Loaded) and not e.outside)
    return next((e for e in loads if comes_from(restored.value, {r.location for r in e.made.refs()})), None)


def _may_restore(event: Event, optimizers: set[Location], schedulers: set[Location]) -> bool:
    """Whether an event may give the optimizer its rate again."""
    if isinstance(event, Restored):
        return bool(_targets(event) & optimizers)
    if isinstance(event, Loaded):
        return _holds(event.into.value, optimizers)
    if isinstance(event, Opened) and words_of(event.name) & _RESTORING:
        return _holds(event.operand, {*optimizers, *schedulers})
    return False


def _holds(value: Value, places: set[Location]) -> bool:
    return any(r.location in places for r in value.refs()) or any(o in places for o in value.origins)


def _is_from_beginning(facts: Facts, run: Run, built: Built) -> bool:
    """Whether a scheduler is made as at the beginning of a training, and nobody sets the rate by hand."""
    call = call_at(facts.program, built.site.path, built.site.at)
    record = facts.program.record(built.site.path)
    if call is None or record is None or any(a.star for a in call.args):
        return False
    made = [held for _, held in run.objects(built.made) if held is not None]
    if not all(is_for_the_beginning(facts, held, built) for held in made):
        return False
    paths = {path for event in run.events for path, _ in ((event.site.path, 0), *event.site.chain) if path}
    return not any(_RATE.search(facts.program.data(path)) for path in sorted(paths)) and not is_set_by_hand(
        facts, sorted(paths)
    )


def _goes_on(run: Run, restored: Restored) -> bool:
    """Whether the training goes on where the restored one was, and a scheduler's state is nowhere to be had."""
    load = _load_of(run, restored)
    places = {ref.location for ref in load.made.refs()} if load is not None else set()
    reads = [
        e for e in run.events if isinstance(e, KeyRead) and any(root_of(r.location) in places for r in e.holder.refs())
    ]
    if not any(isinstance(e.key, str) and is_progress(e.key) for e in reads):
        return False
    for event in run.events:
        if isinstance(event, Saved):
            held = held_in(run, event.holds)
            known = [run.object_at(x) for x in held.states | held.objects]
            if held.is_open or any(h is not None and h.role in (Role.SCHEDULER, Role.OPTIMIZER) for h in known):
                return False  # That the scheduler's state is not saved, or not read back, is the fault then.
    return True
