"""Two divisions of one dataset, one for the training part and one for the evaluation part."""

from __future__ import annotations

from ckptlint.facts.divisions import bound_names
from ckptlint.facts.places import call_at, statement_at
from ckptlint.facts.project import Facts
from ckptlint.facts.runs import Run
from ckptlint.facts.seeding import steps_to
from ckptlint.facts.vocabulary import data_purpose_of
from ckptlint.flow.domain import Site
from ckptlint.flow.events import Drew, Seeded
from ckptlint.flow.written import written
from ckptlint.semantics import model


def drawn_for_training(facts: Facts, run: Run, event: Drew, draws: list[Drew]) -> Drew | None:
    """The earlier draw that gave the training part of what this one takes the evaluation part of."""
    for other in draws:
        if other is event:
            return None
        if other.api != event.api or _is_seeded_between(run, other, event):
            continue
        if _is_evaluation_of(facts, other, event):
            return other
    return None


def _is_seeded_between(run: Run, first: Drew, second: Drew) -> bool:
    """Whether the source is set anew before each draw: both then give the same parts."""
    between = run.events[run.events.index(first) : run.events.index(second)]
    return any(isinstance(event, Seeded) and second.source in event.sources for event in between)


def _is_evaluation_of(facts: Facts, first: Drew, second: Drew) -> bool:
    ours, theirs = steps_to(second.site), steps_to(first.site)
    same = 0
    while same < min(len(ours), len(theirs)) and ours[same] == theirs[same]:
        same += 1
    if same >= len(ours) or same >= len(theirs) or ours[same][0] != theirs[same][0]:
        return False
    is_helper = first.site.base == second.site.base
    if is_helper == (same == len(ours) - 1):
        return False
    a, b = Site(*theirs[same]), Site(*ours[same])
    return (
        _purposes(facts, a) == {"training"}
        and _purposes(facts, b) == {"evaluation"}
        and _is_one_dataset(facts, a, b, is_helper)
        and (is_helper or first.operand == second.operand)
    )


def _purposes(facts: Facts, site: Site) -> set[str | None]:
    """What the names say for which the results of a call are kept."""
    names = bound_names(statement_at(facts.program, site.path, site.at))
    return {data_purpose_of(name) for name in names if name.strip("_")}


def _is_one_dataset(facts: Facts, first: Site, second: Site, is_helper: bool) -> bool:
    """Whether two calls are given the same, beside what says which part is wanted."""
    a, b = (call_at(facts.program, site.path, site.at) for site in (first, second))
    if a is None or b is None or len(a.args) != len(b.args) or written(a.func) != written(b.func):
        return False
    for mine, other in zip(a.args, b.args, strict=True):
        if mine.keyword != other.keyword or mine.star != other.star:
            return False
        if written(mine.value) != written(other.value) and not (is_helper and _says_part(mine.value, other.value)):
            return False
    return True


def _says_part(first: model.Operand, second: model.Operand) -> bool:
    if not isinstance(first, model.Literal) or not isinstance(second, model.Literal):
        return False
    if isinstance(first.value, bool) and isinstance(second.value, bool):
        return True
    return isinstance(first.value, str) and isinstance(second.value, str) and data_purpose_of(second.value) is not None
