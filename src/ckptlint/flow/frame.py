"""One interpretation of one function: its state, what it has recorded, and where it is."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

from ckptlint.flow.additions import forget_parts
from ckptlint.flow.alternatives import joined_file
from ckptlint.flow.classes import MODULE_ROLES
from ckptlint.flow.conditions import held_behind
from ckptlint.flow.domain import (
    UNKNOWN,
    UNKNOWN_MODE,
    ApiAtom,
    Cell,
    ClassKey,
    Const,
    Field,
    FunctionKey,
    Global,
    Items,
    Location,
    Made,
    Mark,
    ModeDef,
    ModeSet,
    Object,
    Order,
    Origin,
    Ref,
    Site,
    Value,
    assuming,
    bounded,
    join,
    of_atom,
    origins_of_atoms,
    root_of,
)
from ckptlint.flow.events import Event, Forward, KeyRead, Restored, Saved, Stored
from ckptlint.flow.program import BUILTINS
from ckptlint.flow.records import content_of, content_of_value
from ckptlint.flow.sharing import detach
from ckptlint.flow.state import State
from ckptlint.flow.unseen import Unseen, unseen_call
from ckptlint.knowledge.roles import Role
from ckptlint.semantics.model import Function, Place

if TYPE_CHECKING:
    from ckptlint.flow.analyzer import Analyzer

MAX_NESTED = 2
"""Containers within containers that are looked at of what is saved."""
MAX_EVENTS = 400
"""Events kept of one function, its callees' included; beyond that the function says nothing more."""


class Context(NamedTuple):
    """What a function is interpreted for: itself, its receiver's class, and what is known of its arguments."""

    key: FunctionKey
    receiver_class: ClassKey | None = None
    known: tuple[tuple[Location, Value], ...] = ()
    """Constants, callables and classes given for parameters and free variables."""
    types: tuple[tuple[Location, Object], ...] = ()
    """Objects given for parameters, as far as their kind is known."""
    stars: tuple[int, tuple[str, ...]] | None = None
    """How many positional, and which keyword, arguments `*args` and `**kwargs` take."""
    lists: tuple[tuple[Location, Items], ...] = ()
    """Lists of its own attributes that a given object holds."""


@dataclass(slots=True)
class LoopExits:
    """The states that leave a loop's body early."""

    breaks: list[State] = field(default_factory=list)
    continues: list[State] = field(default_factory=list)


class Frame:
    """The running interpretation; subclasses add operands, calls and statements."""

    def __init__(self, analyzer: Analyzer, context: Context, decisions: dict[str, bool]) -> None:
        self.analyzer = analyzer
        self.program = analyzer.program
        self.catalog = analyzer.program.catalog
        self.classes = analyzer.classes
        self.context = context
        self.path = context.key.path
        self.function: Function = self.program.function(context.key)
        self.outline = analyzer.outline(context.key)
        self.decisions = decisions
        self.state = State()
        self.events: dict[object, Event] = {}
        self.objects: dict[Location, Object] = {}
        self.loops: list[str] = []
        self.statement: Place = (1, 1, 1, 1)
        self.loop_places: list[Place] = []
        self.markers: tuple[tuple[str, Place], ...] = ()
        """Pseudo call sites that tell the iterations of an unrolled loop apart."""
        self.quiet = 0
        """Depth of no_grad regions."""
        self.undecided = 0
        """Tests met whose outcome the values do not tell."""
        self.mode_tests = 0
        """Tests met that read a model's mode."""
        self.guards = 0
        """Depth of try statements that catch a missing key."""
        self.asked: set[object] = set(self.outline.tested_keys)
        """Keys that some `in` test asks for, named ones with what the name holds."""
        self.returns: list[tuple[Value, State]] = []
        self.yields: list[State] = []
        self.exits: list[LoopExits] = []
        self.sinks: list[list[State]] = []
        """For each try around: the states in which an exception may leave its body."""
        self.put_in: set[Location] = set()
        """Parts in train mode that were put into models in eval mode."""
        self.pinned: list[Value] = []
        """Values in use that no name holds: what the loops around iterate."""
        self.grown: set[Location] = set()
        """Lists that got more entries after something was made with them."""
        self.unordered: list[tuple[frozenset[str], Order]] = []
        """For each loop around that goes through something of no fixed order: its target's names, and why."""
        self.live_size = 64
        self.number = analyzer.next_frame()
        self.truncated = False
        self.unseen: set[Unseen] = set()
        self.self_location: Location | None = None
        self.self_class = context.receiver_class
        self.known = dict(context.known)

    # --------------------------------------------------------------------------------------------- recording

    def site(self, at: Place) -> Site:
        """A place in this function."""
        return Site(self.path, at, self.markers)

    def record(self, event: Event) -> None:
        """Keep an event; the same event seen again in a later iteration replaces the earlier."""
        if not self.state.reachable:
            return
        if len(self.events) >= MAX_EVENTS:
            self.truncated = True
            return
        key = (type(event), event.site, event.within, getattr(event, "key", None), event.tests)
        known = self.events.get(key)
        conditions = event.conditions | held_behind(self.state.gates)
        if known is not None:
            conditions &= known.conditions
        if conditions != event.conditions:
            event = replace(event, conditions=conditions)
        if isinstance(event, Forward) and isinstance(known, Forward):
            # The callee has alternatives, or the loop around goes another round.
            event = replace(
                event,
                operand=join(known.operand, event.operand),
                modes=known.modes | event.modes,
                inputs=join(known.inputs, event.inputs),
                weights=join(known.weights, event.weights),
            )
        elif isinstance(event, KeyRead | Restored | Saved) and known is not None:
            event = joined_file(known, event)  # On another side of a test it may be another file.
        self.events[key] = event

    def not_followed(self, name: str, project: bool = False, known: bool = False) -> None:
        """Keep a call that was not followed, when it may matter; of a `known` library only what seeds by its name."""
        found = unseen_call(name, project)
        if found is not None and (found.kind == "seeding" or not known) and self.state.reachable:
            self.unseen.add(found)

    def expanded(self, value: Value, fields: bool = False) -> Value:
        """A value with what the objects among its origins were made from in turn, and on demand what they hold."""
        if not value.origins:
            return value
        found: set[Origin] = set(value.origins)
        work: list[Origin] = list(value.origins)
        while work and len(found) < 200:
            origin = work.pop()
            if isinstance(origin, Mark):
                continue
            new: set[Origin] = set(self.state.origins.get(origin) or ())
            if isinstance(origin, Field) and isinstance(root := root_of(origin), Made):
                new |= self.state.origins.get(root) or frozenset()
            content = self.state.items.get(origin)
            for part in content.values() if content is not None else ():
                new |= part.origins | {r.location for r in part.refs()}
            for part in self.state.fields.of(origin).values() if fields else ():
                new |= {r.location for r in part.refs()}
            work.extend(new - found)
            found |= new
        return Value(value.atoms, value.open, bounded(frozenset(found)))

    @property
    def within(self) -> tuple[FunctionKey, ...]:
        """This function, as the innermost that an event lies in."""
        return (self.context.key,)

    # ----------------------------------------------------------------------------------------------- objects

    def stored(self, value: Value) -> Stored:
        """What a value holds at this moment, one level down."""
        content = content_of_value(self, value)
        if content is None:
            return Stored(value)
        inner: dict[Location, Items] = {}
        work = [(part, 0) for entry in content.values() for part in entry.refs()]
        while work:
            part, depth = work.pop(0)
            held = content_of(self, part) if part.location not in inner else None
            if held is not None:
                inner[part.location] = self._traced(held)
                work.extend((ref, depth + 1) for x in held.values() for ref in x.refs() if depth < MAX_NESTED)
        return Stored(value, self._traced(content), tuple((of_atom(Ref(at)), held) for at, held in inner.items()))

    def literal(self, value: Value) -> Const | None:
        """A literal, or a list or tuple of nothing but literals as one constant; None for anything else."""
        atom = value.single
        if isinstance(atom, Const):
            return atom
        content = self.state.items.get(atom.location) if isinstance(atom, Ref) else None
        if content is None or content.open or content.element is not None or content.kind not in ("list", "tuple"):
            return None
        parts = [self.literal(entry) for entry in content.values()]
        known = [part.value for part in parts if part is not None]
        return Const(content.kind, tuple(known)) if len(known) == len(parts) else None

    def _traced(self, content: Items) -> Items:
        """A container's content with what its elements were made from."""
        if content.element is None:
            return content
        return content._replace(element=self.expanded(content.element))

    def object_at(self, location: Location) -> Object | None:
        """What is known of the object at a location."""
        found = self.objects.get(location)
        if found is None and isinstance(location, Field):
            found = self.analyzer.field_object(self, location)
            if found is not None:
                self.objects[location] = found
        return found

    def role_of(self, ref: Ref) -> Role | None:
        """The role of the object behind a reference."""
        held = self.object_at(ref.location)
        return held.role if held is not None else None

    def is_model(self, ref: Ref) -> bool:
        """Whether a reference is known to be to a model."""
        return self.role_of(ref) in MODULE_ROLES

    def make(
        self,
        at: Place,
        role: Role | None = None,
        *,
        held: Object | None = None,
        origins: frozenset[Origin] = frozenset(),
        items: Items | None = None,
    ) -> Ref:
        """A new object made at a place."""
        location = Made(self.site(at))
        if self.state.shares:
            detach(self, location)
        self.objects[location] = held if held is not None else Object(role)
        if origins:
            self.state.origins[location] = origins
        else:
            self.state.origins.pop(location)
        if items is not None:
            self.state.items[location] = items
        self.state.fields.drop(location)
        return Ref(location)

    def taint(self, ref: Ref, value: Value) -> None:
        """What an object was given is part of what comes out of it."""
        found = value.origins | origins_of_atoms(value.atoms)
        if found:
            location = ref.location
            self.state.origins[location] = bounded((self.state.origins.get(location) or frozenset()) | found)

    # ------------------------------------------------------------------------------------------------- modes

    def set_modes(self, value: Value, modes: ModeSet) -> None:
        """Put every object a value may be into a mode: whichever it is, it is the one that is used later.

        Only an object that also has a name of its own may be used as another than was switched. What else the
        value may be is not seen; that it was this object at all is then one assumption.
        """
        refs = value.refs()
        if not refs:
            # What it came from may hold it: `for m in self.models.values(): m.eval()`.
            for origin in sorted(value.origins, key=repr):
                if not isinstance(origin, Mark):
                    self._set_modes(origin, UNKNOWN_MODE, set())
        if value.open and any(d.evaluates for d in modes):
            modes = assuming(modes, "branch-correlation")
        for ref in refs:
            apart = len(refs) > 1 and self._has_own_name(ref)
            self._set_modes(ref.location, modes | self.state.mode_of(ref.location) if apart else modes, set())
            for whole in self._listed_by(ref.location):
                self._set_modes(whole, UNKNOWN_MODE, set())

    def _listed_by(self, location: Location) -> list[Location]:
        """The model whose parts a location is one of: `for part in model.modules()`."""
        root = root_of(location)
        held = self.object_at(root) if root != location and isinstance(root, Made) else None
        owner = held.argument("of") if held is not None and held.role is Role.SNAPSHOT else None
        return [ref.location for ref in owner.refs()] if owner is not None else []

    def _has_own_name(self, ref: Ref) -> bool:
        return any(isinstance(v.single, Ref) and v.single.location == ref.location for v in self.state.names.values())

    def _set_modes(self, location: Location, modes: ModeSet, seen: set[Location]) -> None:
        if location in seen or len(seen) > 60:
            return
        seen.add(location)
        if isinstance(location, Field) and location.name == "*":
            # getattr(x, name).eval(): any of the attributes may have been switched.
            for part in self.parts_of(location.base):
                self.state.switch_mode(part, UNKNOWN_MODE)
            self.state.switch_mode(location.base, UNKNOWN_MODE)
            return
        if self.put_in:
            forget_parts(self, location)
        self.state.switch_mode(location, modes)
        for part in self.parts_of(location):
            self._set_modes(part, modes, seen)
        # Switching a part leaves the whole in neither mode.
        whole = location.base if isinstance(location, Field) else None
        while whole is not None:
            if whole in self.state.modes or self._is_whole(whole):
                self.state.modes[whole] = self.state.mode_of(whole) | UNKNOWN_MODE
            whole = whole.base if isinstance(whole, Field) else None
        held = self.objects.get(location)
        if held is not None and "type-by-use" in held.assumed:
            # What code that is not seen made from models may hold them.
            for origin in sorted(self.state.origins.get(location) or (), key=repr):
                if not isinstance(origin, Mark) and self._is_whole(origin):
                    self._set_modes(origin, UNKNOWN_MODE, seen)
        owner = held.argument("of") if held is not None else None
        if held is not None and held.role is Role.SNAPSHOT and owner is not None:
            for ref in owner.refs():
                self.state.switch_mode(ref.location, UNKNOWN_MODE)

    def _is_whole(self, location: Location) -> bool:
        held = self.object_at(location)
        return held is not None and held.role in MODULE_ROLES

    def parts_of(self, location: Location) -> list[Location]:
        """Objects held by the one at a location that are models or may hold one."""
        found: list[Location] = []
        for name, value in self.state.fields.of(location).items():
            found.extend(r.location for r in value.refs() if r.location != Field(location, name))
        held = self.objects.get(location)
        is_holder = held is not None and (held.role in MODULE_ROLES or held.role is Role.TRAINER)
        values = [v for _, v in held.arguments] if held is not None and is_holder else []
        content = self.state.items.get(location)
        if content is not None:
            values.extend(content.values())
        for value in values:
            found.extend(ref.location for ref in value.refs())
        return [part for part in found if self._may_hold_model(part)]

    def _may_hold_model(self, location: Location) -> bool:
        if location in self.state.modes or location in self.state.items or self.state.fields.of(location):
            return True
        held = self.object_at(location)
        return held is not None and (held.role in MODULE_ROLES or held.model is not None)

    def assume(self, value: Value, assumption: str) -> None:
        """The modes of these objects now rest on one assumption more."""
        for ref in value.refs():
            if ref.location in self.state.modes or self.is_model(ref):
                modes = self.state.mode_of(ref.location)
                self.state.modes[ref.location] = assuming(modes, assumption)

    def built(self, at: Place, mode: str = "train") -> ModeSet:
        """The mode of a model made here."""
        if mode == "unknown":
            return UNKNOWN_MODE
        return frozenset({ModeDef("built" if mode == "train" else "loaded-eval", self.site(at))})

    # ------------------------------------------------------------------------------------------------- names

    def read_name(self, name: str) -> Value:
        """What a bare name is here."""
        value = self.state.names.get(name)
        if value is not None:
            return value
        if self.function.index and name in self.function.bound:
            return UNKNOWN
        if self.function.index and name not in self.function.declared_global and self._is_free(name):
            cell = Cell(name)
            return self.known.get(cell) or of_atom(Ref(cell))
        written = self.state.fields.get(Global(self.path, "*"), name)
        if written is not None:
            return written
        return self.analyzer.global_value(self.path, name)

    def _is_free(self, name: str) -> bool:
        record = self.program.record(self.path)
        outer = self.function.outer
        while outer and record is not None:
            function = record.functions[outer]
            if name in function.bound:
                return True
            outer = function.outer
        return False

    def write_name(self, name: str, value: Value) -> None:
        """Bind a bare name here."""
        if name in self.function.declared_global:
            self.state.fields.put(Global(self.path, "*"), name, value)
        elif name in self.function.declared_nonlocal:
            self.state.fields.put(Cell("*"), name, value)
        else:
            self.state.names[name] = value


def builtin(name: str) -> Value:
    """The builtin of this name, else unknown."""
    return of_atom(ApiAtom(f"builtins.{name}")) if name in BUILTINS else UNKNOWN
