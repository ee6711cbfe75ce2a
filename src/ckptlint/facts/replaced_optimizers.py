"""Optimizers that are made anew: in place of a restored one, or in every epoch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ckptlint.facts.arms import Arm, are_exclusive, arms_of
from ckptlint.facts.evaluated_files import comes_from
from ckptlint.facts.optimizers import Optimizer, Training, optimizers_of, overlap
from ckptlint.facts.places import call_at, function_with
from ckptlint.facts.precedence import Precedence
from ckptlint.facts.project import Facts, derives
from ckptlint.facts.runs import Run
from ckptlint.facts.written_calls import surrounded
from ckptlint.flow.domain import Made, Site, is_below, root_of
from ckptlint.flow.events import Event, Loaded, Restored, Update
from ckptlint.flow.program import leaves
from ckptlint.flow.written import words_of, written
from ckptlint.knowledge.roles import Role
from ckptlint.semantics import model
from ckptlint.semantics.model import Function, Loop, Place, Statement

Chain = tuple[tuple[str, Place], ...]
"""The calls that lead to a function, outermost first."""

EPOCH_WORDS = frozenset({"epoch", "epochs"})
"""Words of a loop's counter or bound that say its rounds are epochs."""
PHASE_WORDS = frozenset(
    (
        "meta maml reptile federated fed client clients server inner outer adapt adaptation task tasks phase phases "
        "stage stages continual incremental episode attack search fold folds restart cycle round rounds"
    ).split()
)
"""Words of names around an optimizer that say why a fresh one is wanted each time."""


@dataclass(frozen=True, slots=True)
class ReplacedOptimizer:
    """A restored optimizer is replaced by a fresh one of the same parameters before anything is trained."""

    restored: Restored
    fresh: Optimizer
    name: str
    is_same_call: bool
    """Both are made by the same expression."""


@dataclass(frozen=True, slots=True)
class EpochOptimizer:
    """An optimizer with state is made anew in every epoch."""

    optimizer: Optimizer
    loop: Site
    """Where the loop of the epochs stands."""
    name: str


@derives(ReplacedOptimizer)
def replaced_optimizers(facts: Facts) -> Iterator[ReplacedOptimizer]:
    """Every fresh one, once a place."""
    seen: set[object] = set()
    for training in facts.of(Training):
        for found in _replaced(facts, training.run):
            if found.fresh.built.site.base not in seen:
                seen.add(found.fresh.built.site.base)
                yield found


def _replaced(facts: Facts, run: Run) -> Iterator[ReplacedOptimizer]:
    if run.summary.truncated:
        return
    optimizers = optimizers_of(run)
    loads = [e for e in run.events if isinstance(e, Loaded) and not e.outside]
    if len(optimizers) < 2 or not loads:
        return
    order = Precedence(facts.program, run.events)
    for old in optimizers:
        restored = [e for e in run.events if isinstance(e, Restored) and _is_into(e, old)]
        last = next((e for e in restored if not any(order.is_before(e, other) for other in restored)), None)
        if last is None or not any(comes_from(last.value, {r.location for r in e.made.refs()}) for e in loads):
            continue
        for fresh in optimizers:
            if fresh is old or not order.is_before(last, fresh.built) or not order.is_before(old.built, last):
                continue
            if _trains_between(run, order, old.built, fresh.built):
                continue  # What was restored was used.
            if _is_replaced(facts, run, old, last, fresh):
                name = facts.name_given(fresh.built.site) or ""
                yield ReplacedOptimizer(last, fresh, name, _call(facts, old) == _call(facts, fresh))
                break


def _trains_between(run: Run, order: Precedence, first: Event, last: Event) -> bool:
    return any(order.is_before(first, e) and order.is_before(e, last) for e in run.events if isinstance(e, Update))


def _is_into(event: Restored, optimizer: Optimizer) -> bool:
    return [ref.location for ref in event.target.refs()] == [optimizer.location]


def _is_replaced(facts: Facts, run: Run, old: Optimizer, restored: Restored, fresh: Optimizer) -> bool:
    """Whether the fresh one takes the name of the old one, updates what it did and is not restored itself."""
    name = facts.name_given(old.built.site)
    if name is None or facts.name_given(fresh.built.site) != name or old.built.api != fresh.built.api:
        return False
    if not old.owners or old.owners != fresh.owners or fresh.has_state is False:
        return False
    if old.built.loops or fresh.built.loops or are_exclusive(facts.program, restored.site, fresh.built.site):
        return False
    if not _is_same_scope(facts, name, old.built.site, fresh.built.site):
        return False
    if any(isinstance(e, Restored) and fresh.location in {r.location for r in e.target.refs()} for e in run.events):
        return False
    return _arms(facts, fresh.built.site) <= _arms(facts, restored.site) and not _leaves_in_between(
        facts, restored.site, fresh.built.site
    )


def _is_same_scope(facts: Facts, name: str, a: Site, b: Site) -> bool:
    """Whether a name means the same place where two sites are: one function, or attributes of one object."""
    first, second = _named_at(facts, name, a), _named_at(facts, name, b)
    if first is None or second is None:
        return False
    if first == second:
        return True
    (path, _, here), (other, _, there) = first, second
    return path == other and "." in name and here.model is not None and here.model == there.model


def _named_at(facts: Facts, name: str, site: Site) -> tuple[str, Chain, Function] | None:
    """The function, and the way to it, in which what is made at a site gets a name."""
    levels = [*site.chain, site.base]
    for depth in range(len(levels) - 1, -1, -1):
        path, at = levels[depth]
        if path and facts.name_at(Site(path, at)) == name:
            function = function_with(facts.program, path, at)
            return (path, site.chain[:depth], function) if function is not None else None
    return None


def _arms(facts: Facts, site: Site) -> frozenset[Arm]:
    """The arms of all conditions on the way to a place."""
    found: frozenset[Arm] = frozenset()
    for path, at in (*site.chain, site.base):
        if path:
            found |= arms_of(facts.program, path, at)
    return found


def _leaves_in_between(facts: Facts, restored: Site, fresh: Site) -> bool:
    """Whether the branch that restores goes elsewhere at its end."""
    for path, at in (*restored.chain, restored.base):
        function = function_with(facts.program, path, at) if path else None
        for statement, around in surrounded(function.body if function is not None else ()):
            if statement.at[:2] <= at[:2] and at[2:] <= statement.at[2:] and path == fresh.path:
                for outer in around:
                    if isinstance(outer, model.Branch) and (leaves(outer.body) or leaves(outer.orelse)):
                        return True
    return False


def _call(facts: Facts, optimizer: Optimizer) -> str:
    call = call_at(facts.program, *optimizer.built.site.base)
    return written(call) if call is not None else ""


# ------------------------------------------------------------------------------------------------------ each epoch


@derives(EpochOptimizer)
def epoch_optimizers(facts: Facts) -> Iterator[EpochOptimizer]:
    """Every optimizer that the rounds of a loop of epochs make, once a place."""
    seen: set[object] = set()
    for training in facts.of(Training):
        for optimizer in optimizers_of(training.run):
            site = optimizer.built.site
            loop = _epochs_around(facts, training, optimizer) if optimizer.has_state else None
            if loop is not None and site.base not in seen:
                seen.add(site.base)
                yield EpochOptimizer(optimizer, loop, facts.name_given(site) or "")


def _epochs_around(facts: Facts, training: Training, optimizer: Optimizer) -> Site | None:
    """The loop of epochs in each round of which the optimizer is made and trains for one epoch."""
    run, built = training.run, optimizer.built
    if not built.loops or not optimizer.owners or run.summary.truncated:
        return None
    levels = [*built.site.chain, built.site.base]
    found: tuple[Site, Loop] | None = None
    for depth, (path, at) in enumerate(levels):
        if not path:
            return None  # A loop whose rounds are followed one by one.
        function = function_with(facts.program, path, at)
        if function is None or (words_of(function.name) & PHASE_WORDS) or _has_phase_words(path):
            return None
        around = _around(function.body, at)
        for index, outer in enumerate(around):
            if isinstance(outer, Loop):
                if found is not None or not _counts_epochs(outer):
                    return None  # Rounds within an epoch, folds or phases around it.
                found = (Site(path, outer.at, built.site.chain[:depth]), outer)
            elif found is not None and not isinstance(outer, model.Region):
                return None  # Only in some of the epochs.
            elif index and isinstance(outer, model.Try):
                return None
    if found is None or not _is_kept(run, optimizer, found[0], found[1]):
        return None
    inner = [u for u in training.updates if u.loops[: len(built.loops)] == built.loops]
    if any(_has_epochs_within(facts, u, found[1]) for u in inner):
        return None  # It trains for epochs of its own.
    return found[0] if any(len(u.loops) > len(built.loops) for u in inner) else None


def _has_epochs_within(facts: Facts, update: Update, loop: Loop) -> bool:
    """Whether another loop of epochs, or of phases, lies between a loop and what trains in it."""
    for path, at in (*update.site.chain, update.site.base):
        function = function_with(facts.program, path, at) if path else None
        for outer in _around(function.body, at) if function is not None else ():
            if isinstance(outer, Loop) and outer is not loop and outer.target is not None:
                shown = f"{written(outer.target)} {written(outer.iter)}"
                if words_of(shown) & (EPOCH_WORDS | PHASE_WORDS):
                    return True
    return False


def _has_phase_words(path: str) -> bool:
    return bool(words_of(path.rpartition("/")[2].removesuffix(".py")) & PHASE_WORDS)


def _around(body: list[Statement], at: Place) -> tuple[Statement, ...]:
    """The compound statements around a place, outermost first."""
    for statement, around in surrounded(body):
        if statement.at[:2] <= at[:2] and at[2:] <= statement.at[2:]:
            return around
    return ()


def _counts_epochs(loop: Loop) -> bool:
    if loop.target is None:
        return False
    shown = f"{written(loop.target)} {written(loop.iter)}"
    return bool(words_of(shown) & EPOCH_WORDS) and not words_of(shown) & PHASE_WORDS


def _is_kept(run: Run, optimizer: Optimizer, site: Site, loop: Loop) -> bool:
    """Whether the models are those of the epoch before, and the optimizer gets nothing of the old one's state."""
    end = max(s.at[2:] for s in _all(loop))
    depth = len(site.chain)
    for owner in optimizer.owners:
        root = root_of(owner)
        if isinstance(root, Made):
            levels = [*root.site.chain, root.site.base]
            path, at = levels[depth] if len(levels) > depth else root.site.base
            same = levels[:depth] == list(site.chain) and path == site.path
            if same and loop.at[:2] <= at[:2] <= end:
                return False
    for event in run.events:
        if isinstance(event, Restored):
            targets = {ref.location for ref in event.target.refs()}
            if optimizer.location in targets:
                return False
            if any(overlap(t, o) for t in targets for o in optimizer.owners) and len(event.site.chain) >= depth:
                levels = [*event.site.chain, event.site.base]
                path, at = levels[depth]
                if levels[:depth] == list(site.chain) and path == site.path and loop.at[:2] <= at[:2] <= end:
                    return False  # Each round starts from weights of its own.
    return not any(o.role is Role.OPTIMIZER and is_below(optimizer.location, x) for x, o in run.summary.objects.items())


def _all(loop: Loop) -> Iterator[Statement]:
    yield loop
    for statement, _ in surrounded(loop.body):
        yield statement
