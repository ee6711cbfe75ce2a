"""State of models that their checkpoints do not hold: plain tensors, Python state, buffers that are not persistent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ckptlint.facts.attribute_flow import Spread, data_flow, reaches_result
from ckptlint.facts.attribute_updates import Update, run_while_training, updates_of
from ckptlint.facts.attribute_values import PLACING, Kind, Values, api_of
from ckptlint.facts.attribute_views import ClassView, MethodView, Read, Write
from ckptlint.facts.classes import (
    MAX_RECEIVERS,
    forward_of,
    is_attribute,
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
from ckptlint.semantics.model import Operand, Place

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

    def draws_with_seed(self) -> bool:
        """Whether a constructor seeds what it draws."""
        functions = [self.facts.program.function(method) for method in self.methods]
        return any(f.name in BUILDING and f.calls & _SEEDING for f in functions)


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
    sources = member.sources(name)
    if not sources:
        return None
    writes = [w for view in views for w in view.writes if w.attribute == name]
    building = {key for other in members for key in other.building} - member.reached
    kind = _kind(member.views, made, [w for w in writes if w.method in building])
    if kind is None or (kind.values == "random" and family.draws_with_seed()):
        return None
    outer = [w for w in writes if w.method not in building]
    if not outer and kind.what == "number":
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
    )


def _keeps(view: MethodView, attribute: str) -> bool:
    """Whether a method that saves or loads by its name deals with an attribute."""
    is_keeping = bool(words_of(view.name) & KEEPING_WORDS)
    names = {*(read.attribute for read in view.reads), *(write.attribute for write in view.writes)}
    return is_keeping and attribute in names


def _kind(views: ClassView, made: Write, writes: list[Write]) -> Kind | None:
    """What construction leaves in an attribute; None when that is not one thing that is known."""
    found: Kind | None = None
    for write in writes:
        values = Values(views, write.method)
        kind = values.of(write.value) if write.value is not None else None
        if write.kind == "set":
            if kind is None or (found is not None and kind.what != found.what):
                return None
            if found is None or kind.values == "random":
                found = kind
        elif write.kind == "given" and found is not None:
            found = Kind(found.what, "unknown", found.is_placed)
        elif write.kind == "call" and found is not None:
            filled = values.filled_by(write.word)
            found = Kind(found.what, filled or found.values, found.is_placed)
        elif write.kind in ("item", "augment") and kind is not None and kind.values == "random" and found is not None:
            found = Kind(found.what, "random", found.is_placed)
    return found


def _is_tracked(facts: Facts, key: ClassKey) -> bool:
    """Whether the framework of a class registers what its attributes hold, plain containers included."""
    apis = [api for api in facts.analyzer.classes.hierarchy(key).apis if api.role in MODULE_ROLES]
    return any(api.options.get("tracks_containers") for api in apis)


def is_moved(facts: Facts, state: HeldState) -> bool:
    """Whether the class puts the attribute where its inputs are, chose a device for it, or hands it to who may."""
    if state.kind.is_placed or any(update.form == "moved" for update in state.updates):
        return True
    if any(view.name in ("to", "cuda", "cpu", "_apply") for view in state.views.all()):
        return True
    places = {(read.method, read.at) for read in state.sources}
    methods = [state.views.view(key) for key in sorted(state.reached)]
    spread = Spread(
        state.views,
        methods,
        lambda key, operand: isinstance(operand, model.Attribute) and (key, operand.at) in places,
        state.attribute,
    ).run()
    for view in methods:
        for statement in statements_of(facts.program.function(view.key).body):
            for operand in operands_of(statement):
                for part in walk(operand):
                    if isinstance(part, model.CallSite) and _places(facts, view, part, spread):
                        return True
    return False


def _places(facts: Facts, view: MethodView, call: model.CallSite, spread: Spread) -> bool:
    """Whether a call moves what is followed, reads it out, or is of a function that may do so."""
    func = call.func
    is_method = isinstance(func, model.Attribute)
    given = [argument.value for argument in call.args]
    if isinstance(func, model.Attribute) and func.name in PLACING | READING_OUT:
        return spread.carries_in(view.key, func.value)
    if any(argument.keyword == "device" for argument in call.args):
        return any(spread.carries_in(view.key, value) for value in given)
    row = api_of(facts, view.key, func)
    if row is not None and not row.name.startswith("builtins."):
        return False
    receiver = spread.views.receiver(view)
    if row is None and spread.views.called(call, view, receiver) is not None:
        return False
    is_value_method = is_method and isinstance(func, model.Attribute) and not is_attribute(func, receiver, func.name)
    return not is_value_method and any(spread.carries_in(view.key, value) for value in given)


def indexes_only(state: HeldState) -> bool:
    """Whether every read is an index into something else, or takes one number: both may lie anywhere."""
    for read in state.sources:
        is_index = False
        for operand in operands_of(read.statement):
            for part in walk(operand):
                if isinstance(part, model.Index):
                    is_index |= any(inner.at == read.at for item in part.items for inner in walk(item))
                    # One number of a row of numbers: such a tensor mixes with those of any device.
                    is_index |= part.value.at == read.at and all(map(_is_position, part.items))
        if not is_index:
            return False
    return True


def _is_position(operand: Operand) -> bool:
    return isinstance(operand, model.Name) or (isinstance(operand, model.Literal) and isinstance(operand.value, int))
