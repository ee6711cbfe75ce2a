"""Optimizers of a run: whether they have state, which models they update, and what may keep that state."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from ckptlint.facts.project import Facts, derives
from ckptlint.facts.runs import Run
from ckptlint.flow.classes import MODULE_ROLES
from ckptlint.flow.domain import Field, Location, Made, Mark, More, Object, Others, Value, is_below, root_of
from ckptlint.flow.events import Built, Opened, Saved, Update
from ckptlint.flow.written import words_of
from ckptlint.knowledge.catalog import MISSING
from ckptlint.knowledge.conditions import parameters_of
from ckptlint.knowledge.roles import Role

KEEPING_WORDS = frozenset(
    (
        "save saver saving checkpoint checkpoints checkpointer checkpointing ckpt snapshot dump store persist state "
        "trainer engine learner"
    ).split()
)
"""Words in the name of an unseen callee that may save what it is given."""
PASSING_WORDS = frozenset(
    (
        "scheduler schedule sched scheduling lr rate warmup decay annealing plateau clip norm grad gradient gradients "
        "scaler amp print log logger logging len str repr type isinstance hasattr getattr id format info debug adjust "
        "distributed parallel broadcast"
    ).split()
)
"""Words in the name of an unseen callee that says what else it does with an optimizer."""


OPTIMIZER_WORDS = frozenset("optim optims optimizer optimizers optimiser optimisers opt opts".split())
"""Words of a key that say that an optimizer's state is under it, whatever else is known of the value."""


@dataclass(frozen=True, slots=True)
class Optimizer:
    """One optimizer of one run."""

    built: Built
    location: Made
    owners: frozenset[Location]
    """The models, or parts of them, whose parameters it updates; none when that is not seen."""
    has_state: bool | None
    """None when that turns on what is not seen."""
    is_likely: bool
    """The argument on which its state turns is given, though not what it is."""
    is_scheduled: bool

    @property
    def matters(self) -> bool:
        """Whether it has, or seems to have, state worth saving."""
        return bool(self.has_state or self.is_scheduled or (self.has_state is None and self.is_likely))

    @property
    def kind(self) -> str:
        """Its class by its bare name."""
        return self.built.api.rsplit(".", 1)[-1]


@dataclass(frozen=True, slots=True)
class Group:
    """Optimizers of the same parameters: alternatives, or used one after the other."""

    optimizers: tuple[Optimizer, ...]

    @property
    def owners(self) -> frozenset[Location]:
        """The models they update."""
        return frozenset(owner for optimizer in self.optimizers for owner in optimizer.owners)

    @property
    def is_stateful(self) -> bool:
        """Whether at least one has, or seems to have, state worth saving."""
        return any(optimizer.matters for optimizer in self.optimizers)

    @property
    def first(self) -> Optimizer:
        """The one to speak of: the first that matters."""
        return next((optimizer for optimizer in self.optimizers if optimizer.matters), self.optimizers[0])

    @property
    def is_sure(self) -> bool:
        """Whether each of them is known to have state."""
        return all(o.has_state or o.is_scheduled for o in self.optimizers)

    def updates(self, models: Iterable[Location]) -> bool:
        """Whether it trains one of these models or a part of one."""
        return any(overlap(a, b) for a in self.owners for b in models)


@dataclass(frozen=True, slots=True)
class Held:
    """Which objects' states, and which whole objects, a value was made from."""

    states: frozenset[Location]
    objects: frozenset[Location]
    is_open: bool
    """It may hold more than is seen."""


@dataclass(frozen=True, slots=True)
class Training:
    """A run that trains, with its optimizers."""

    run: Run
    groups: tuple[Group, ...]
    updates: tuple[Update, ...]

    def is_in_loop(self, loops: tuple[str, ...]) -> bool:
        """Whether something within these loops happens while the training goes on.

        Loops around the building of an optimizer (folds, seeds) hold whole trainings.
        """
        around = min(len(o.built.loops) for group in self.groups for o in group.optimizers)
        return any(_common(loops, update.loops) > around for update in self.updates)


def _common(a: tuple[str, ...], b: tuple[str, ...]) -> int:
    length = 0
    for x, y in zip(a, b, strict=False):
        if x != y:
            break
        length += 1
    return length


def overlap(a: Location, b: Location) -> bool:
    """Whether two locations are one, or one a part of the other."""
    return a == b or is_below(a, b) or is_below(b, a)


def touches(value: Value, models: Iterable[Location]) -> bool:
    """Whether a value may be one of these models, a part of one or what holds one."""
    return any(overlap(ref.location, model) for ref in value.refs() for model in models)


def held_in(run: Run, value: Value) -> Held:
    """What a value (with its origins expanded) holds of objects of this run."""
    states: set[Location] = set()
    objects: set[Location] = set()
    is_open = False
    direct = {ref.location for ref in value.refs()}
    for origin in {*value.origins, *direct}:
        if isinstance(origin, More):
            is_open = True
        if isinstance(origin, Mark):
            continue
        snapshot = _snapshot_at(run, origin)
        if snapshot is None:
            objects.add(origin)
            held = run.object_at(origin)
            is_open |= not isinstance(root_of(origin), Made) and held is not None and held.model is not None
            is_open |= held is not None and held.role is Role.LOAD and origin in direct
            continue
        owner = snapshot.argument("of")
        if owner is None or not (owner.refs() or owner.origins):
            is_open = True
            continue
        if Others() in owner.atoms:  # They are of the same kind as those that are kept.
            is_open |= not all(h is not None and h.role in MODULE_ROLES for _, h in run.objects(owner))
        owners = {ref.location for ref in owner.refs()}
        owners.update(o for o in owner.origins if not isinstance(o, Mark))
        states |= owners
        is_open |= any(_is_any_attribute(location) for location in owners)
    return Held(frozenset(states), frozenset(objects), is_open)


def _is_any_attribute(location: Location) -> bool:
    """Whether a location stands for all attributes of an object (`getattr(self, name)`, `vars(self)`)."""
    while isinstance(location, Field):
        if location.name == "*":
            return True
        location = location.base
    return False


def _snapshot_at(run: Run, location: Location) -> Object | None:
    while True:
        held = run.object_at(location)
        if held is not None and held.role is Role.SNAPSHOT:
            return held
        if not isinstance(location, Field):
            return None
        location = location.base


def optimizers_of(run: Run) -> list[Optimizer]:
    """Every optimizer that a run builds by a class known to be one."""
    events = [event for event in run.events if isinstance(event, Built)]
    scheduled: set[Location] = set()
    for event in events:
        if event.role is Role.SCHEDULER:
            scheduled.update(o for o in event.inputs.origins if isinstance(o, Made))
    found: list[Optimizer] = []
    for event in events:
        if event.role is not Role.OPTIMIZER:
            continue
        for ref in event.made.refs():
            held = run.object_at(ref.location)
            if held is None or held.api is None or not isinstance(ref.location, Made):
                continue
            has_state, is_likely = _state_of(held)
            owners = frozenset(_owners(run, event.inputs))
            found.append(Optimizer(event, ref.location, owners, has_state, is_likely, ref.location in scheduled))
    return found


def _state_of(held: Object) -> tuple[bool | None, bool]:
    """Whether an optimizer has state, and whether what that turns on is at least given."""
    api = held.api
    assert api is not None
    bound: dict[str, object] = {}
    for name, value in held.arguments:
        literal = value.constant()
        bound[name] = literal.value if literal is not None else MISSING
    condition = api.options.get("stateful")
    has_state = api.holds("stateful", bound, complete="**" not in bound)
    is_given = isinstance(condition, str) and parameters_of(condition) <= bound.keys()
    return has_state, is_given


def _owners(run: Run, inputs: Value) -> Iterator[Location]:
    held = held_in(run, inputs)
    if held.states:
        yield from held.states
        return
    for location in held.objects:
        known = run.object_at(location)
        if known is not None and known.role in MODULE_ROLES:
            yield location


@derives(Training)
def trainings(facts: Facts) -> Iterator[Training]:
    """Every run that trains with optimizers it builds."""
    for run in facts.runs:
        updates = tuple(event for event in run.events if isinstance(event, Update))
        groups = _groups(run) if updates else ()
        if groups:
            yield Training(run, groups, updates)


def _groups(run: Run) -> tuple[Group, ...]:
    """Optimizers by what they update; those that update overlapping parameters make one group."""
    groups: list[list[Optimizer]] = []
    for optimizer in optimizers_of(run):
        joined = [optimizer]
        apart: list[list[Optimizer]] = []
        for group in groups:
            if any(_belong_together(optimizer, other) for other in group):
                joined = [*group, *joined]
            else:
                apart.append(group)
        groups = [*apart, joined]
    return tuple(Group(tuple(group)) for group in groups)


def _belong_together(a: Optimizer, b: Optimizer) -> bool:
    if any(overlap(x, y) for x in a.owners for y in b.owners):
        return True
    # One drives the other.
    return a.location in b.built.inputs.origins or b.location in a.built.inputs.origins


def keeps_state(training: Training, group: Group, saved: Saved) -> bool:
    """Whether a save holds, or may hold, the state of one of these optimizers."""
    locations = {optimizer.location for optimizer in group.optimizers}
    known = {optimizer.location for group in training.groups for optimizer in group.optimizers}
    return holds_state_of(training.run, saved, locations, known, OPTIMIZER_WORDS)


def holds_state_of(
    run: Run, saved: Saved, locations: AbstractSet[Location], known: AbstractSet[Location], words: frozenset[str]
) -> bool:
    """Whether a save holds, or may hold, the state of one of these objects.

    A key with one of the words may be theirs unless its value is the state of one of the `known` objects of their kind.
    """
    if saved.stores in ("optimizer", "training"):
        return True
    held = held_in(run, saved.holds)
    if held.is_open or locations & (held.states | held.objects):
        return True
    return any(words_of(key) & words and not known & held_in(run, value).states for key, value in _entries(saved))


def _entries(saved: Saved) -> Iterator[tuple[str, Value]]:
    contents = [*([saved.stored.items] if saved.stored.items is not None else []), *(x for _, x in saved.stored.inner)]
    for items in contents:
        yield from ((key, value) for key, value in items.entries if isinstance(key, str))


def may_be_kept_elsewhere(run: Run, group: Group) -> bool | None:
    """Whether code that is not seen got an optimizer and may save it; None when its name does not say so."""
    return is_handed_on(run, {optimizer.location for optimizer in group.optimizers})


def is_handed_on(run: Run, locations: AbstractSet[Location]) -> bool | None:
    """Whether code that is not seen got one of these objects and may save it; None when its name does not say so."""
    found: bool | None = False
    for event in run.events:
        if not isinstance(event, Opened):
            continue
        held = held_in(run, event.operand)
        if not locations & (held.states | held.objects):
            continue
        words = words_of(event.name)
        if words & KEEPING_WORDS:
            return True
        if event.project and not words & PASSING_WORDS:
            found = None
    return found
