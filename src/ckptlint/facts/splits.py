"""Data divided at random without a seed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from ckptlint.facts.checkpoints import Checkpoint, path_pattern, programs_of
from ckptlint.facts.divisions import Division, division_of, is_written_out, passes_seed_by
from ckptlint.facts.imports import bound_name
from ckptlint.facts.places import call_at
from ckptlint.facts.project import Facts, derives
from ckptlint.facts.randomness import has_seed, is_missing, is_random
from ckptlint.facts.runs import Run
from ckptlint.facts.seeding import Seeding, seeding_of
from ckptlint.facts.separate_draws import drawn_for_training
from ckptlint.flow.domain import NOTHING, Object, Site
from ckptlint.flow.events import Drew, Fitted, Loaded, Restored, Saved
from ckptlint.knowledge.roles import Role
from ckptlint.semantics import model
from ckptlint.text import Span


class Again(Enum):
    """What makes it certain that the data is divided again."""

    OTHER_ENTRY = "another entry point divides it again"
    RESUMED = "a resumed run divides it again"
    OTHER_PART = "the other part comes from another draw"


@dataclass(frozen=True, slots=True)
class Cure:
    """The argument that fixes a division, or the text of the call with a generator of its own."""

    call: Span
    argument: str
    instead: Span | None
    """The `None` that the argument's value takes the place of."""
    callee: tuple[str, str] | None = None
    """What the call begins with, and what it is to begin with."""


@dataclass(frozen=True, slots=True)
class UnseededSplit:
    """A division of data that is another in every run."""

    run: Run
    event: Drew
    api: str
    option: str
    """The parameter for a seed or generator; empty when the call has none."""
    again: Again | None
    other: Site | None
    """Where the data is divided again."""
    is_seeded: bool
    """The source is seeded before, or may be: the same calls in the same order give the same parts."""
    is_kept: bool
    """The run trains a model or saves something."""
    cure: Cure | None


@derives(UnseededSplit)
def unseeded_splits(facts: Facts) -> Iterator[UnseededSplit]:
    """Every unseeded division, once a run it happens in."""
    found: list[tuple[Run, list[Drew], Seeding]] = []
    for run in facts.runs:
        draws = [e for e in run.events if isinstance(e, Drew) and _is_unseeded(facts, run, e)]
        if draws:
            found.append((run, draws, seeding_of(facts, run)))
    for run, draws, seeding in found:
        for event in draws:
            yield _judged(facts, run, event, seeding, draws, found)


def _is_unseeded(facts: Facts, run: Run, event: Drew) -> bool:
    held = _made(run, event)
    if held is None or held.api is None or has_seed(held):
        return False
    if passes_seed_by(facts, event) or is_written_out(facts, event):
        return False
    if not event.is_split:
        given = event.generator != NOTHING and not is_missing(event.generator)
        return not given and division_of(facts, event) is Division.NAMED
    if not is_random(held):
        return False
    if held.api.options.get("kind") == "splitter" or not held.api.options.get("reorders"):
        return True
    return division_of(facts, event) is Division.NAMED


def _made(run: Run, event: Drew) -> Object | None:
    return next((held for _, held in run.objects(event.made)), None)


def _judged(
    facts: Facts,
    run: Run,
    event: Drew,
    seeding: Seeding,
    draws: list[Drew],
    found: list[tuple[Run, list[Drew], Seeding]],
) -> UnseededSplit:
    held = _made(run, event)
    options = held.api.options if held is not None and held.api is not None else {}
    option = options.get("seed") or options.get("generator") or ""
    again, other = _again(facts, run, event, draws, found)
    return UnseededSplit(
        run,
        event,
        event.api.rsplit(".", 1)[-1],
        str(option),
        again,
        other,
        _is_seeded_before(run, event, seeding),
        run.trains or any(isinstance(e, Saved) for e in run.events),
        _cure(facts, event, str(option)),
    )


_OWN = {"numpy.random": "default_rng(0)", "random": "Random(0)"}
"""Modules of draws, and what makes a generator of the same methods."""
_METHODS = frozenset({"shuffle", "permutation"})


def _cure(facts: Facts, event: Drew, option: str) -> Cure | None:
    path, at = event.site.base
    call = call_at(facts.program, path, at)
    record = facts.program.record(path)
    if call is None or record is None or any(a.star for a in call.args):
        return None
    span = facts.span(path, at)
    if not option:
        module, _, name = event.api.rpartition(".")
        bound = bound_name(record, module)
        if bound is None or module not in _OWN or name not in _METHODS:
            return None
        maker = f"{bound}.{_OWN[module]}"
        return Cure(span, maker, None, (f"{bound}.{name}(", f"{maker}.{name}("))
    given = next((a.value for a in call.args if a.keyword == option), None)
    if given is not None and not (isinstance(given, model.Literal) and given.value is None):
        return None
    value = "0"
    if event.source == "torch":
        bound = bound_name(record, "torch")
        if bound is None:
            return None
        value = f"{bound}.Generator().manual_seed(0)"
    return Cure(span, f"{option}={value}", facts.span(path, given.at) if given is not None else None)


def _is_seeded_before(run: Run, event: Drew, seeding: Seeding) -> bool:
    if any(call.kind == "seeding" for call in seeding.unseen):
        return True
    before = run.events[: run.events.index(event)]
    return any(
        event.source in seeded.sources for seeded in seeding.events if seeded in before or seeded not in run.events
    )


def _again(
    facts: Facts, run: Run, event: Drew, draws: list[Drew], found: list[tuple[Run, list[Drew], Seeding]]
) -> tuple[Again | None, Site | None]:
    first = drawn_for_training(facts, run, event, draws)
    if first is not None:
        return Again.OTHER_PART, first.site
    if not run.is_entry:
        return None, None
    for other, theirs, _ in found:
        if other is run or not other.is_entry or not (_restores(other) or _restores(run)):
            continue
        for draw in theirs:
            if draw.site.base == event.site.base or (
                _is_written_alike(facts, draw, event) and _evaluates_what_it_saves(facts, other, run)
            ):
                return Again.OTHER_ENTRY, draw.site
    if any(isinstance(e, Restored) and _is_optimizer(run, e) for e in run.events) or any(
        isinstance(e, Fitted) and e.path.atoms and not _is_none(e) for e in run.events
    ):
        return Again.RESUMED, None
    return None, None


def _is_none(event: Fitted) -> bool:
    constant = event.path.constant()
    return constant is not None and constant.value is None


def _is_optimizer(run: Run, event: Restored) -> bool:
    return any(held is not None and held.role is Role.OPTIMIZER for _, held in run.objects(event.target))


def _restores(run: Run) -> bool:
    return any(isinstance(e, Loaded) for e in run.events)


def _is_written_alike(facts: Facts, a: Drew, b: Drew) -> bool:
    """Whether two draws divide what has the same name, in the same way."""
    texts = {"".join(facts.text(facts.site_span(draw.site)).split()) for draw in (a, b)}
    return a.api == b.api and len(texts) == 1


def _evaluates_what_it_saves(facts: Facts, a: Run, b: Run) -> bool:
    """Whether one of two runs only loads and the other saves the same file."""
    if a.trains and b.trains:
        return False
    reader, writer = (b, a) if a.trains else (a, b)
    groups = programs_of(facts)
    if groups.get(a.key.path) != groups.get(b.key.path):
        return False
    loaded = {path_pattern(e.path) for e in reader.events if isinstance(e, Loaded)} - {None}
    return any(s.pattern in loaded for s in facts.of(Checkpoint) if s.run is writer)
