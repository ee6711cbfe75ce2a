"""State of models that their checkpoints do not hold: plain tensors, Python state, buffers that are not persistent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from ckptlint.facts.attribute_flow import Spread, data_flow, reaches_result
from ckptlint.facts.attribute_updates import Update, run_while_training, updates_of
from ckptlint.facts.attribute_values import Kind, Values, either
from ckptlint.facts.attribute_views import ClassView, MethodView, Read, Write
from ckptlint.facts.classes import (
    MAX_RECEIVERS,
    forward_of,
    methods_of,
    module_classes,
    name_of_class,
    records_of,
    subclasses_of,
    texts,
)
from ckptlint.facts.containers import OWN_ACCOUNT
from ckptlint.facts.escapes import REGISTERING
from ckptlint.facts.project import Facts, derives
from ckptlint.facts.unsaved_text import files_deriving_from, rows_of
from ckptlint.flow.classes import MODULE_ROLES
from ckptlint.flow.domain import ClassKey, FunctionKey
from ckptlint.flow.program import statements_of
from ckptlint.flow.written import operands_of, walk, words_of
from ckptlint.semantics import model
from ckptlint.semantics.model import Function, Place

ACCOUNTING = OWN_ACCOUNT | frozenset(
    "on_save_checkpoint on_load_checkpoint save_own_variables load_own_variables __getstate__ __setstate__".split()
)
"""Methods by which a class saves or registers by itself."""
BUILDING = ("__init__", "build")
STEPS = tuple(
    "__call__ generate encode decode sample predict embed loss loss_function compute_loss get_loss training_step "
    "train_step forward_train".split()
)
"""Methods beside the forward that compute what a model gives, or is trained with."""
KEEPING_WORDS = frozenset("save load restore checkpoint export dump resume snapshot state".split())
"""Words of methods that save or load."""
READING_OUT = frozenset({"cpu", "tolist", "item", "numpy"})
_SEEDING = frozenset({"manual_seed", "seed", "set_seed", "fork_rng", "seed_everything"})


@dataclass(frozen=True, slots=True)
class HeldState:
    """An attribute that a class of models makes in its constructor and computes with in its forward."""

    views: ClassView
    """As an object of the class, or of one below it, runs."""
    owner: ClassKey
    """The class whose constructor makes it."""
    write: Write
    """Where it is made."""
    kind: Kind
    updates: tuple[Update, ...]
    """Writes outside of construction."""
    sources: tuple[Read, ...]
    """Reads in a forward or step that may see what an earlier call left."""
    is_used: bool
    """They change what the forward gives."""
    is_tracked_by_layer: bool
    """The class is of a framework that tracks what its attributes hold (Keras)."""
    reached: frozenset[FunctionKey]
    """Methods that the forward and the steps run."""
    data: Spread
    """What comes from the data that the methods are given."""

    @property
    def attribute(self) -> str:
        """The attribute's bare name."""
        return self.write.attribute


class Family:
    """A class with those below it, and what its methods say of saving."""

    def __init__(self, facts: Facts, key: ClassKey) -> None:
        self.facts = facts
        self.key = key
        if forward_of(facts, key) is None:
            records_of(facts, files_deriving_from(facts, name_of_class(facts, key)))
        self.members = [key, *subclasses_of(facts, key)[:MAX_RECEIVERS]]
        self.methods = list(dict.fromkeys(m for member in self.members for m in methods_of(facts, member)))

    def accounts_for_itself(self) -> bool:
        """Whether a method saves state, or registers by a name that is computed."""
        functions = [self.facts.program.function(method) for method in self.methods]
        return any(f.name in ACCOUNTING or f.mentions & REGISTERING for f in functions)

    def seeding(self) -> str:
        """Whether a constructor seeds what it draws: "always", "optional" (by a seed that may be None), ""."""
        functions = [self.facts.program.function(method) for method in self.methods]
        seeding = [f for f in functions if f.name in BUILDING and f.calls & _SEEDING]
        return "" if not seeding else "optional" if all(map(_is_optional, seeding)) else "always"


class Member:
    """One class of a family, as its objects run."""

    def __init__(self, facts: Facts, key: ClassKey) -> None:
        self.facts = facts
        self.views = ClassView(facts, key)
        hierarchy = facts.analyzer.classes.hierarchy(key)
        forward = next((str(api.options["forward"]) for api in hierarchy.apis if "forward" in api.options), "forward")
        self.entries = tuple(dict.fromkeys((forward, *STEPS)))
        self.building = {view.key for view in self.views.reached(*BUILDING)}
        self.running = self.views.reached(*self.entries)
        self.reached = frozenset(view.key for view in self.running)
        self._data: Spread | None = None
        self._training: set[FunctionKey] | None = None

    @property
    def data(self) -> Spread:
        """What comes from the data that the methods are given."""
        if self._data is None:
            views = list(self.views.all())
            called = {callee for view in views for callee, _ in view.calls}
            roots = [v for v in views if v.key not in called and v.key not in self.building]
            forwards = [view for view in map(self.views.method, self.entries) if view is not None]
            self._data = data_flow(self.views, list({v.key: v for v in [*roots, *forwards]}.values()))
        return self._data

    @property
    def training(self) -> set[FunctionKey]:
        """Methods that run in train mode alone."""
        if self._training is None:
            views = list(self.views.all())
            called = {callee for view in views for callee, _ in view.calls}
            free = {v.key for v in views if v.key not in called}
            free |= {view.key for view in map(self.views.method, self.entries) if view is not None}
            self._training = run_while_training(views, free)
        return self._training

    def sources(self, attribute: str) -> list[Read]:
        """Exposed reads in the forward and the steps, those that only compute the attribute's own next value aside."""
        own = {id(w.statement) for view in self.views.all() for w in view.writes if w.attribute == attribute}
        found: list[Read] = []
        for name in self.entries:
            view = self.views.method(name)
            for read in view.exposed.get(attribute, ()) if view is not None else ():
                if id(read.statement) not in own and read not in found:
                    found.append(read)
        return found

    def is_used(self, attribute: str, sources: Iterable[Read]) -> bool:
        """Whether such reads change what the forward or a step gives."""
        places = {(read.method, read.at) for read in sources}
        return bool(places) and reaches_result(self.views, self.entries, attribute, places)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A class of models whose text makes or changes state that may not be saved."""

    key: ClassKey


@derives(Candidate)
def candidates(facts: Facts) -> Iterator[Candidate]:
    """Every such class."""
    rows = {path: rows_of(data) for path, data in texts(facts)}
    for record in records_of(facts, [path for path, found in rows.items() if found]):
        numbers = {c.index for c in record.classes if any(c.at[0] <= row <= c.end_row for row in rows[record.path])}
        for key in module_classes(facts, record) if numbers else ():
            if key.number in numbers and _holds_state_by_registering(facts, key):
                yield Candidate(key)


def _holds_state_by_registering(facts: Facts, key: ClassKey) -> bool:
    """Whether plain attributes are no state in the class's framework; those that run by `__call__` take some in."""
    return all(api.options.get("forward") != "__call__" for api in facts.analyzer.classes.hierarchy(key).apis)


@derives(HeldState)
def held_states(facts: Facts) -> Iterator[HeldState]:
    """Every such attribute, once."""
    seen: set[tuple[str, Place]] = set()
    for candidate in facts.of(Candidate):
        for state in states_of(facts, candidate.key):
            place = (candidate.key.path, state.write.at)
            if place not in seen:
                seen.add(place)
                yield state


def states_of(facts: Facts, key: ClassKey) -> Iterator[HeldState]:
    """The attributes that the constructor of a class makes of tensors, numbers or arrays, and a forward reads."""
    family = Family(facts, key)
    if family.accounts_for_itself():
        return
    own = set(facts.program.class_model(key).methods.values())
    members = [Member(facts, member) for member in family.members]
    done: set[str] = set()
    for member in members:
        for view in list(member.views.all()):
            if view.key not in member.building or view.key.path != key.path or view.key.number not in own:
                continue
            for write in view.writes:
                if write.kind != "set" or write.value is None or write.attribute in done:
                    continue
                state = _state(family, members, member, write)
                if state is not None:
                    done.add(write.attribute)
                    yield state


def _state(family: Family, members: list[Member], member: Member, made: Write) -> HeldState | None:
    name = made.attribute
    views = list({v.key: v for other in members for v in other.views.all()}.values())
    if any(name in view.unclear for view in views) or any(_keeps(view, name) for view in views):
        return None
    if made.value is None or Values(member.views, made.method).of(made.value) is None:
        return None
    writes = [w for view in views for w in view.writes if w.attribute == name]
    building = {key for other in members for key in other.building} - member.reached
    kind = _kind(member.views, made, [w for w in writes if w.method in building])
    outer = [w for w in writes if w.method not in building]
    if kind is None or (not outer and kind.what in ("number", "flag", "nothing")):
        return None
    if kind.values == "random":
        seeding = family.seeding()
        if seeding == "always":
            return None
        kind = replace(kind, is_sure=kind.is_sure and not seeding)
    sources = member.sources(name)
    if not sources:
        return None
    updates = tuple(
        update
        for other in members
        for update in updates_of(
            other.views, [w for w in outer if w.method in set(other.data.names)], other.data, other.training
        )
    )
    updates = tuple({(u.write.method, u.write.at): u for u in updates}.values())
    if len(updates) < len({(w.method, w.at) for w in outer}):
        return None
    if any(u.form == "given" for u in updates):
        return None
    if kind.what == "nothing":
        kind = _filled(member.views, updates)
        if kind is None:
            return None
    return HeldState(
        member.views,
        family.key,
        made,
        kind,
        updates,
        tuple(sources),
        member.is_used(name, sources),
        _is_tracked(family.facts, family.key),
        member.reached,
        member.data,
    )


def _is_optional(function: Function) -> bool:
    """Whether all that a function seeds is seeded with parameters that are None if not given."""
    optional = {p.name for p in function.parameters if isinstance(p.default, model.Literal) and p.default.value is None}
    for statement in statements_of(function.body):
        for operand in operands_of(statement):
            for part in walk(operand):
                if isinstance(part, model.CallSite) and _seeds(part):
                    given = [argument.value for argument in part.args]
                    if not given or not all(isinstance(v, model.Name) and v.id in optional for v in given):
                        return False
    return True


def _seeds(call: model.CallSite) -> bool:
    func = call.func
    name = func.name if isinstance(func, model.Attribute) else func.id if isinstance(func, model.Name) else ""
    return name in _SEEDING


def _keeps(view: MethodView, attribute: str) -> bool:
    """Whether a method that saves or loads by its name deals with an attribute."""
    is_keeping = bool(words_of(view.name) & KEEPING_WORDS)
    names = {*(read.attribute for read in view.reads), *(write.attribute for write in view.writes)}
    return is_keeping and attribute in names


def _kind(views: ClassView, made: Write, writes: list[Write]) -> Kind | None:
    """What construction leaves in an attribute; None when that is not one thing that is known."""
    sets: list[Kind | None] = []
    for write in writes:
        values = Values(views, write.method)
        # A parameter or buffer of the name is what another path makes: a plain value cannot take its place.
        if write.kind == "set" and not values.registers(write.value):
            sets.append(values.of(write.value) if write.value is not None else None)
    found = either(sets)
    if found is None:
        return None
    for write in writes:
        values = Values(views, write.method)
        if write.kind == "given":
            found = replace(found, values="unknown")
        elif write.kind == "call":
            found = replace(found, values=values.filled_by(write.word) or found.values)
        elif write.kind in ("item", "augment"):
            part = values.of(write.value) if write.value is not None else None
            if part is not None and part.values == "random":
                found = replace(found, values="random")
    return found


def _filled(views: ClassView, updates: tuple[Update, ...]) -> Kind | None:
    """What is kept in an attribute that starts as None: a running value, mixed from the old one and from data."""
    running = [u for u in updates if u.form == "mixed" and u.is_from_data and u.is_complementary]
    if not running or any(u.form not in ("mixed", "set", "moved") for u in updates):
        return None
    kinds = [Values(views, u.write.method).of(u.write.value) for u in running if u.write.value is not None]
    known = [kind.what for kind in kinds if kind is not None]
    return Kind(known[0] if known else "tensor", "constant", is_sure=False)


def _is_tracked(facts: Facts, key: ClassKey) -> bool:
    """Whether the framework of a class registers what its attributes hold, plain containers included."""
    apis = [api for api in facts.analyzer.classes.hierarchy(key).apis if api.role in MODULE_ROLES]
    return any(api.options.get("tracks_containers") for api in apis)
