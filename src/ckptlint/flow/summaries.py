"""What a call of a function does, in terms of what it was given, and how a caller puts its own in."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeVar

from ckptlint.flow.additions import part_put_in
from ckptlint.flow.conditions import Conditions
from ckptlint.flow.domain import (
    MAX_DEPTH,
    NOTHING,
    TAKEN_OFF,
    UNKNOWN,
    Atom,
    Cell,
    Field,
    FunctionAtom,
    Global,
    Items,
    Location,
    Made,
    MethodAtom,
    ModeDef,
    ModeRead,
    ModeSet,
    More,
    Object,
    Origin,
    Parameter,
    Plain,
    Ran,
    Ref,
    Site,
    Text,
    Treated,
    Value,
    bounded,
    crossing,
    depth_of,
    derived,
    is_below,
    is_entry,
    join,
    join_all,
    join_items,
    keeping,
    limited,
    locations_in,
    of_atom,
    ordered,
    origins_of_atoms,
    root_of,
    text_of,
)
from ckptlint.flow.events import (
    Applied,
    Built,
    Event,
    Fitted,
    Forward,
    Indexed,
    KeyRead,
    Loaded,
    Restored,
    Reused,
    Saved,
    Switched,
    Told,
    Update,
)
from ckptlint.flow.fields import Fields
from ckptlint.flow.frame import Context
from ckptlint.flow.given_fields import CELL_OF, SELF_OF, held_by
from ckptlint.flow.kept_modes import in_caller
from ckptlint.flow.numbering import known_here
from ckptlint.flow.operands import ELEMENT, of_text
from ckptlint.flow.reach import held_by_entries, keeps, reachable
from ckptlint.flow.sharing import Share, after_call, before_call, reused_in_caller
from ckptlint.flow.state import entry_mode
from ckptlint.flow.unseen import Unseen
from ckptlint.semantics.model import Place

if TYPE_CHECKING:
    from ckptlint.flow.frame import Frame

K = TypeVar("K")

GATHERED = 2000
"""Added to a call's end column for the tuple of its arguments, which stands nowhere in the source."""


@dataclass(slots=True)
class Summary:
    """The events and effects of one function in one context."""

    context: Context
    events: tuple[Event, ...] = ()
    value: Value = UNKNOWN
    fields: Fields = field(default_factory=Fields)
    items: dict[Location, Items] = field(default_factory=dict)
    modes: dict[Location, ModeSet] = field(default_factory=dict)
    origins: dict[Location, frozenset[Origin]] = field(default_factory=dict)
    objects: dict[Location, Object] = field(default_factory=dict)
    names: dict[str, Value] = field(default_factory=dict)
    """Of a module's body: its globals at the end."""
    shares: dict[Location, Share] = field(default_factory=dict)
    """Objects it leaves that change with a model's weights."""
    passed: frozenset[Site] = frozenset()
    """Places in it that change weights."""
    at_yield: dict[Location, ModeSet] | None = None
    """Modes at the yield of a context manager."""
    yielded: Value = UNKNOWN
    returns: bool = True
    """Whether it can return at all."""
    module_self: Location | None = None
    """The receiver, when that is a model."""
    is_known: bool = True
    truncated: bool = False
    unseen: frozenset[Unseen] = frozenset()
    """Calls below it that were not followed."""


def prune(summary: Summary) -> None:
    """Drop what no caller can reach: objects made and kept inside only."""
    tables = (summary.fields, summary.items, summary.origins, summary.objects)
    escaping = reachable(_escaping(summary), *tables)
    shown: list[Location] = []

    def look(value: Value) -> Value:
        shown.extend(locations_in(value))
        return value

    def parts(modes: ModeSet) -> ModeSet:
        shown.extend(d.location for d in modes if d.kind == "part" and d.location is not None)
        return modes

    for event in summary.events:
        event.changed(look, parts)
    # Of what only events show, its kind is enough.
    known = keeps({*reachable(shown, *tables), *escaping})
    kept = keeps(escaping)
    summary.fields = summary.fields.kept(kept)
    summary.items = {k: v for k, v in summary.items.items() if kept(k)}
    summary.origins = {k: v for k, v in summary.origins.items() if kept(k)}
    summary.modes = {k: v for k, v in summary.modes.items() if kept(k) and v != entry_mode(k)}
    summary.shares = {k: v for k, v in summary.shares.items() if kept(k)}
    summary.objects = {k: v for k, v in summary.objects.items() if known(k)}


def _escaping(summary: Summary) -> list[Location]:
    work = held_by_entries(summary.fields, summary.items)
    for value in (summary.value, summary.yielded, *summary.names.values()):
        work.extend(locations_in(value))
    for location, origins in summary.origins.items():
        if not isinstance(root_of(location), Made):
            work.extend(o for o in origins if isinstance(o, Made | Field))
    return work


class Application:
    """One call: the callee's locations in the caller's frame, and the effects done there."""

    def __init__(
        self, frame: Frame, summary: Summary, bindings: dict[Location, Value], at: Place, name: str = ""
    ) -> None:
        self.frame = frame
        self.summary = summary
        self.bindings = bindings
        self.at = at
        self.name = name
        self.call = (frame.path, at)
        self.before = frame.state
        self._values: dict[Location, Value] = {}
        self._collapsed: dict[Site, Site] = {}
        self._switched: dict[Location, set[Location]] | None = None
        """Places that the callee switches, by its own names and as the caller's."""

    # ----------------------------------------------------------------------------------------- translation

    def inside(self, site: Site) -> Site:
        """A callee's site seen from here."""
        moved = site.inside(self.call)
        if self.frame.markers:
            moved = Site(moved.path, moved.at, (*self.frame.markers, *moved.chain)[:12])
        return moved

    def entry(self, location: Location) -> Value:
        """What a location of the callee is in the caller."""
        found = self._values.get(location)
        if found is None:
            found = self._values[location] = self._entry(location)
        return found

    def _entry(self, location: Location) -> Value:
        if isinstance(location, Made):
            return of_atom(Ref(Made(self.inside(location.site))))
        if isinstance(location, Parameter | Cell):
            found = self.bindings.get(location)
            return found if found is not None else self._gathered(location)
        if isinstance(location, Global):
            if location.name == "*":
                return of_atom(Ref(location))
            if location.path == self.frame.path and not self.frame.function.index:
                found = self.before.names.get(location.name)
                if found is not None:
                    return found
            written = self.before.fields.get(Global(location.path, "*"), location.name)
            return written if written is not None else of_atom(Ref(location))
        base = self.entry(location.base)
        found_values: list[Value] = []
        for atom in ordered(base.atoms):
            if isinstance(atom, Ref):
                found_values.append(self._field(atom.location, location.name))
            elif isinstance(atom, FunctionAtom):
                found_values.append(self._of_callable(atom, location.name))
            elif isinstance(atom, MethodAtom) and location.name == SELF_OF:
                found_values.append(of_atom(atom.receiver))
        if not found_values:
            return derived([base])
        joined = keeping(join_all(found_values), base)
        return joined._replace(open=True) if base.open else joined

    def _gathered(self, location: Location) -> Value:
        """The tuple that `*models` is in the callee, which keeps it."""
        if self.summary.context.stars is None or not isinstance(location, Parameter):
            return UNKNOWN
        function = self.frame.program.function(self.summary.context.key)
        if not any(p.name == location.name and p.kind == "args" for p in function.parameters):
            return UNKNOWN
        count = self.summary.context.stars[0]
        entries = tuple((i, self.bindings.get(Parameter(f"*{i}"), UNKNOWN)) for i in range(count))
        row, column, end_row, end_column = self.at
        ref = self.frame.make((row, column, end_row, end_column + GATHERED), items=Items("tuple", entries))
        self.before.items[ref.location] = self.frame.state.items[ref.location]
        return of_atom(ref)

    def _of_callable(self, atom: FunctionAtom, name: str) -> Value:
        if name == SELF_OF and atom.receiver is not None:
            return of_atom(atom.receiver)
        if name.startswith(CELL_OF):
            cell = name[len(CELL_OF) :]
            if atom.frame == self.frame.number:
                return self.frame.read_name(cell)
            return dict(atom.captured).get(cell, UNKNOWN)
        return held_by(atom, name) or UNKNOWN

    def _field(self, location: Location, name: str) -> Value:
        if name == "*":
            return of_atom(Ref(Field(location, "*")))
        content = self.before.items.get(location)
        if content is not None and name.startswith("["):
            if name != ELEMENT:
                found = content.get(name[2:-2])
                if found is not None:
                    return found
            if content.kind != "delta":
                values = content.values()
                return join_all(values) if values else UNKNOWN
        written = self.before.fields.get(location, name)
        if written is not None:
            return written
        held = self.frame.object_at(location)
        if held is not None and held.model is not None and not name.startswith(("[", "<")):
            default = self.frame.classes.attribute(held.model, name)
            from ckptlint.semantics import model

            if default is not None and isinstance(default[1], model.Literal):
                from ckptlint.flow.domain import constant

                return constant(default[1].value)
        if isinstance(location, Made) and self._shows_its_fields(held):
            return NOTHING  # Reading it would be an error: no path on which it was set came here.
        if depth_of(location) >= MAX_DEPTH:
            return Value(frozenset(), True, frozenset({location}))
        return of_atom(Ref(Field(location, name)))

    def _shows_its_fields(self, held: Object | None) -> bool:
        """Whether the constructor of an object made here was followed whole."""
        if held is None or held.model is None or held.role is not None:
            return False
        return not self.frame.classes.hierarchy(held.model).external

    def value(self, value: Value) -> Value:
        """A value of the callee in the caller's frame."""
        if not value.atoms and not value.origins:
            return value
        atoms: set[Atom] = set()
        is_open = value.open
        origins: set[Origin] = set(self.origins(value.origins)) if value.origins else set()
        for atom in value.atoms:
            if isinstance(atom, Ref):
                target = self.entry(atom.location)
                is_open |= target.open
                origins |= target.origins
                for found in target.atoms:
                    if isinstance(found, Ref):
                        atoms.add(Ref(found.location, _joined_view(found, atom.view)))
                    else:
                        atoms.add(found)
            elif isinstance(atom, MethodAtom):
                for ref in self.entry(atom.receiver.location).refs():
                    atoms.add(MethodAtom(Ref(ref.location, ref.view), atom.name, self.inside(atom.at)))
            elif isinstance(atom, FunctionAtom):
                atoms.add(self._function(atom))
            elif isinstance(atom, ModeRead):
                atoms.update(ModeRead(ref.location, self.modes(atom.modes)) for ref in self.entry(atom.location).refs())
            elif isinstance(atom, Text):
                mapped = of_text(tuple(q for p in atom.pieces for q in self._piece(p)))
                atoms |= mapped.atoms
            else:
                atoms.add(atom)
        return limited(frozenset(atoms), is_open or not atoms, frozenset(origins))

    def _piece(self, piece: object) -> tuple[object, ...]:
        if isinstance(piece, Value):
            mapped = self.value(piece)
            refs = [a for a in piece.atoms if isinstance(a, Ref)]
            # What the callee calls it says what it is for, but not which one the caller gave.
            name = "?" + (text_of(refs[0].location) if refs else "")
            return self.frame.pieces_of(mapped, name)  # type: ignore[attr-defined, no-any-return]
        return (piece,)

    def _function(self, atom: FunctionAtom) -> FunctionAtom:
        receiver = atom.receiver
        if receiver is not None:
            refs = self.entry(receiver.location).refs()
            receiver = refs[0] if len(refs) == 1 else None
        # Names of the callee's own scope mean nothing here: what it captured is all that is kept.
        return atom._replace(
            receiver=receiver,
            captured=tuple((n, self.value(v)) for n, v in atom.captured),
            arguments=tuple(self.value(v) for v in atom.arguments),
            keywords=tuple((n, self.value(v)) for n, v in atom.keywords),
        )

    def origins(self, origins: Iterable[Origin]) -> frozenset[Origin]:
        """Origins of the callee in the caller's frame."""
        found: set[Origin] = set()
        for origin in origins:
            if isinstance(origin, Ran):
                found.add(Ran(self._collapsed.get(origin.site) or self.inside(origin.site)))
            elif isinstance(origin, Treated):
                found.add(Treated(self.inside(origin.site)))
            elif isinstance(origin, More | Plain):
                found.add(origin)
            else:
                value = self.entry(origin)
                found |= value.origins
                for made in origins_of_atoms(value.atoms):
                    found.add(made)
                    found |= self.before.origins.get(made) or frozenset()  # type: ignore[arg-type]
        return bounded(frozenset(found))

    def modes(self, modes: ModeSet) -> ModeSet:
        """Mode definitions of the callee in the caller's frame."""
        found: set[ModeDef] = set()
        for definition in modes:
            if definition.flag is not None:
                kept = in_caller(definition, self.entry(definition.flag))
                if not isinstance(kept, ModeDef):
                    found |= kept
                    continue
                definition = kept
            if definition.kind == "entry" and definition.location is not None:
                refs = self.entry(definition.location).refs()
                if not refs:
                    found.add(ModeDef("unknown"))
                for ref in refs:
                    if self._is_switched_beside(ref.location, definition.location):
                        found.add(ModeDef("unknown"))
                        continue
                    here = self.before.mode_of(ref.location)
                    here = crossing(here) if definition.crossed else here
                    for d in here:
                        flag = definition.flag or d.flag
                        found.add(d._replace(assumed=d.assumed | definition.assumed, flag=flag))
            elif definition.site is not None:
                part = definition.location
                if isinstance(part, Made):
                    part = Made(self.inside(part.site))
                found.add(definition._replace(site=self.inside(definition.site), location=part))
            else:
                found.add(definition)
        return frozenset(found)

    def _is_switched_beside(self, location: Location, name: Location) -> bool:
        """Whether the callee switches an object of the caller under another name than the one it is asked by."""
        if self._switched is None:
            found = {r.location for e in self.summary.events if isinstance(e, Switched) for r in e.operand.refs()}
            self._switched = {
                inner: {ref.location for ref in self.entry(inner).refs()} for inner in found if is_entry(inner)
            }
        for inner, here in self._switched.items():
            if inner == name or is_below(name, inner):
                continue  # By this name the callee knows of it itself.
            if location in here or any(is_below(location, whole) for whole in here):
                return True
        return False

    # ---------------------------------------------------------------------------------------------- effects

    def apply(self) -> Value:
        """Do the callee's effects on the caller's state and give what it returns."""
        frame, summary = self.frame, self.summary
        if summary.shares:
            before_call(self)
        if summary.module_self is not None:
            self._prepare_collapse()
        for location, held in summary.objects.items():
            if isinstance(location, Made):
                frame.objects[Made(self.inside(location.site))] = held.mapped(self.value)
        after = frame.state.copy()
        frame.state = after
        for key, value in sorted(summary.fields.items(), key=lambda item: depth_of(item[0])):
            self._write_field(key, value)
        for location in sorted(summary.modes, key=depth_of):
            self._switch(location, summary.modes[location])
        for key, value in summary.fields.items():
            if value.refs() and not isinstance(key.base, Cell):
                for ref in self.entry(key.base).refs():
                    part_put_in(frame, ref.location, "", self.value(value), self.at)
        for location, content in summary.items.items():
            self._put_items(location, content)
        for location, origins in summary.origins.items():
            for ref in self.entry(location).refs():
                mapped = self.origins(origins)
                after.origins[ref.location] = (after.origins.get(ref.location) or frozenset()) | mapped
        after_call(self)
        self._record_events()
        frame.unseen |= summary.unseen
        result = self.value(summary.value)
        if not summary.returns:
            frame.state.reachable = False
        return result

    def _write_field(self, key: Field, value: Value) -> None:
        mapped = self.value(value)
        if isinstance(key.base, Cell) and key.base.name == "*":
            if key.name in self.frame.function.bound:
                self.frame.state.names[key.name] = mapped
            return
        if isinstance(key.base, Global) and key.base.name == "*":
            if key.base.path == self.frame.path and not self.frame.function.index:
                self.frame.state.names[key.name] = mapped
            else:
                self.frame.state.fields.put(key.base, key.name, mapped)
            return
        refs = self.entry(key.base).refs()
        for ref in refs:
            self.frame.state.write_field(ref.location, key.name, mapped, len(refs) == 1)

    def _switch(self, location: Location, modes: ModeSet) -> None:
        target = self.entry(location)
        mapped = self.modes(modes)
        self.frame.put_in.update(d.location for d in mapped if d.kind == "part" and d.location is not None)
        if isinstance(location, Made):
            for ref in target.refs():
                self.frame.state.modes[ref.location] = mapped
            return
        self.frame.set_modes(target, mapped)

    def _put_items(self, location: Location, content: Items) -> None:
        refs = self.entry(location).refs()
        items = self.frame.state.items
        mapped = content._replace(
            entries=tuple((k, self.value(v)) for k, v in content.entries),
            element=self.value(content.element) if content.element is not None else None,
            places=tuple((k, self.inside(s)) for k, s in content.places),
        )
        for ref in refs:
            if isinstance(location, Made):
                items[ref.location] = mapped
                continue
            if content.kind != "delta":
                continue
            old = items.get(ref.location) or Items("delta")
            new = old
            places = dict(mapped.places)
            for key, value in mapped.entries:
                new = new.put(key, value, places.get(key))
                if key in mapped.maybe:
                    new = new._replace(maybe=new.maybe | {key})
            if mapped.open:
                new = new._replace(open=True)
            if mapped.element is not None:
                element = mapped.element if new.element is None else join(new.element, mapped.element)
                new = new._replace(element=element, open=True)
            items[ref.location] = new if len(refs) == 1 else join_items(old, new)

    # ----------------------------------------------------------------------------------------------- events

    def _prepare_collapse(self) -> None:
        """Forward calls that a model makes of its own parts are one forward of the model, at the call.

        A method that trains the model holds whole forward calls of its own, for training and for evaluation, and
        the methods that it calls may hold some.
        """
        inner = self.summary.module_self
        trains = any(isinstance(event, Update) for event in self.summary.events) or self._is_own_method()
        for event in self.summary.events:
            if not isinstance(event, Forward) or not _rooted(event.operand, inner):
                continue
            if not trains or event.site.base == self._body:
                self._collapsed[event.site] = self.frame.site(self.at)

    def _is_own_method(self) -> bool:
        """Whether a method calls another of the same object."""
        own, inner = self.frame.self_location, self.summary.module_self
        return own is not None and inner is not None and self.entry(inner).single == Ref(own)

    @property
    def _body(self) -> tuple[str, Place]:
        """Where the callee's calls of its parts are put."""
        key = self.summary.context.key
        return key.path, self.frame.program.function(key).at

    def _record_events(self) -> None:
        frame = self.frame
        collapsed: list[Forward] = []
        is_init = frame.program.function(self.summary.context.key).name == "__init__"
        change, change_modes = _remembering(self.value), _remembering(self.modes)
        expanded = _remembering(frame.expanded)  # Nothing that is made or filled changes while events are put in.
        loops = tuple(frame.loops)
        decided = Conditions(self)
        for event in self.summary.events:
            conditions = decided.at_call(event.conditions) if event.conditions else frozenset()
            if conditions is None:
                continue  # What is given here keeps the callee from coming to it.
            # One copy of the event with all that is different: they are many, and applied in every round of a loop.
            new = event.changed(change, change_modes)
            if isinstance(event, Forward):
                new["loops"] = (*loops, *event.loops)[:8]
                new["gradients"] = event.gradients and frame.quiet == 0
                new["inputs"] = expanded(new["inputs"])
                new["weights"] = expanded(new["weights"])
                if event.site in self._collapsed:
                    if not is_init:  # A constructor that tries its model out evaluates nothing.
                        collapsed.append(replace(event, **new))
                    continue
            elif isinstance(event, Saved):
                if new["stored"].is_given:  # What the caller gave is only known here.
                    new["stored"] = frame.stored(new["stored"].value)
                new["holds"] = frame.expanded(new["holds"], fields=True)
            elif isinstance(event, Built):
                if new["parts"].value.atoms and new["parts"].is_given:
                    new["parts"] = frame.stored(new["parts"].value)
                new["inputs"] = expanded(new["inputs"])
            elif isinstance(event, Restored):
                new["value"] = expanded(new["value"])
            elif isinstance(event, KeyRead) and not event.guarded and frame.is_guarded(event.key):  # type: ignore[attr-defined]
                new["guarded"] = True
            elif isinstance(event, Update):
                new["operand"] = expanded(new["operand"])
            elif isinstance(event, Reused):
                new["site"] = self.inside(event.site)
                new["within"] = (*frame.within, *event.within)[:12]
                new["tests"] = frame.state.tests
                new["conditions"] = conditions
                for reuse in reused_in_caller(self, event, new):
                    frame.record(reuse)
                continue
            elif isinstance(event, Applied):
                new["gates"] = event.gates | frame.state.gates
            elif isinstance(event, Indexed) and event.order is None:
                known = known_here(frame, replace(event, **new))  # type: ignore[arg-type]
                if known is None:
                    continue
                new.update(order=known.order, items=known.items, sort=known.sort)
            elif isinstance(event, Loaded) and new["into"].value.atoms and new["into"].is_given:
                new["into"] = frame.stored(new["into"].value)
            elif isinstance(event, Fitted):
                new["data"] = expanded(new["data"])
            elif isinstance(event, Told) and new["layers"].is_given:
                new["layers"] = frame.stored(new["operand"])
            if isinstance(event, Update | Saved | Loaded | Built | Told):
                new["loops"] = (*loops, *event.loops)[:8]
            new["site"] = self.inside(event.site)
            new["within"] = (*frame.within, *event.within)[:12]
            new["tests"] = frame.state.tests
            new["conditions"] = conditions
            frame.record(replace(event, **new))
        if collapsed:
            modes: ModeSet = frozenset().union(*(f.modes for f in collapsed))
            first = collapsed[0]
            receiver = self.entry(self.summary.module_self)  # type: ignore[arg-type]
            frame.record(
                Forward(
                    frame.site(self.at),
                    frame.within,
                    frame.state.tests,
                    receiver,
                    modes,
                    tuple(frame.loops),
                    frame.quiet == 0 and any(f.gradients for f in collapsed),
                    first.synthetic,
                    self.name,
                    frame.statement,
                    frame.loop_places[0] if frame.loop_places else frame.statement,
                    method=frame.program.function(self.summary.context.key).name,
                    evidence=frozenset({"type"}),
                    inputs=Value(frozenset(), True, bounded(frozenset().union(*(f.inputs.origins for f in collapsed)))),
                    weights=frame.expanded(derived([receiver])),
                )
            )


def _remembering(change: Callable[[K], K]) -> Callable[[K], K]:
    known: dict[K, K] = {}

    def remembered(held: K) -> K:
        found = known.get(held)
        if found is None:
            found = known[held] = change(held)
        return found

    return remembered


def _rooted(value: Value, root: Location | None) -> bool:
    refs = value.refs()
    return bool(refs) and all(root_of(r.location) == root for r in refs)


def _joined_view(outer: Ref, inner: tuple[str, ...]) -> tuple[str, ...]:
    view = list(outer.view)
    is_given = isinstance(root_of(outer.location), Parameter | Cell)
    for prefix in inner:
        if prefix != TAKEN_OFF:
            view.append(prefix)
        elif view and view[-1] != TAKEN_OFF:
            view.pop()
        elif is_given:
            view.append(prefix)
    return tuple(view[:4])
