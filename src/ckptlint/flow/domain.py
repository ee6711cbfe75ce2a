"""What a value can be: atoms, the places of the abstract heap, and values as small sets of atoms.

Everything is immutable and hashable. Locations are rooted at what a function was given (parameter, closure cell,
module global) or at the call that made the object, so that a caller can put its own locations in their place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from ckptlint.knowledge.catalog import Api
from ckptlint.knowledge.roles import Role
from ckptlint.semantics.model import Place

MAX_DEPTH = 3
"""Fields followed from one root; deeper access is unknown (DESIGN: access paths of depth 3)."""
MAX_ATOMS = 4
"""Alternatives a value keeps; more of them are unknown."""
MAX_UNROLLED = 4
"""Literal items of a loop or comprehension that are followed one by one."""
MAX_CHAIN = 8
"""Call sites remembered between an event and the function that reports it."""
MAX_DERIVATIONS = 48
"""Origins a value keeps; the rest are dropped and the value is marked as derived from more."""
MAX_TREATMENTS = 12
"""Treatments a value keeps; of more it keeps none, for nothing can be said of them then."""


class Site(NamedTuple):
    """A place in the program, reached through a chain of call sites (outermost first)."""

    path: str
    at: Place
    chain: tuple[tuple[str, Place], ...] = ()

    def inside(self, call: tuple[str, Place]) -> Site:
        """The same place seen from the caller at `call`."""
        chain = (call, *self.chain)
        return Site(self.path, self.at, chain[:MAX_CHAIN])

    @property
    def base(self) -> tuple[str, Place]:
        """The place without the way to it."""
        return (self.path, self.at)


class FunctionKey(NamedTuple):
    """A function of the project: file and number in its record."""

    path: str
    number: int


class ClassKey(NamedTuple):
    """A class of the project: file and number in its record."""

    path: str
    number: int


# ----------------------------------------------------------------------------------------------- locations


TAKEN_OFF = "<"
"""In a view: what is around is taken off."""


class Parameter(NamedTuple):
    """What a parameter held on entry (`self` included)."""

    name: str
    kind: str = "parameter"


class Cell(NamedTuple):
    """What a free variable of a nested function held on entry."""

    name: str
    kind: str = "cell"


class Global(NamedTuple):
    """What a module's global held on entry."""

    path: str
    name: str
    kind: str = "global"


class Field(NamedTuple):
    """What an attribute of a location held on entry; a literal key is written `["key"]`."""

    base: Location
    name: str
    kind: str = "field"


class Made(NamedTuple):
    """The object that a call or display made."""

    site: Site
    kind: str = "made"


Location = Parameter | Cell | Global | Field | Made


def root_of(location: Location) -> Location:
    """The parameter, cell, global or made object that a location starts from."""
    while isinstance(location, Field):
        location = location.base
    return location


def is_below(location: Location, whole: Location) -> bool:
    """Whether a location is a part of another, at any depth."""
    while isinstance(location, Field):
        location = location.base
        if location == whole:
            return True
    return False


def text_of(location: Location) -> str:
    """A location as dotted names; an object made has none."""
    if isinstance(location, Field):
        return f"{text_of(location.base)}.{location.name}"
    return "" if isinstance(location, Made) else location.name


def depth_of(location: Location) -> int:
    """How many fields lie between a location and its root."""
    depth = 0
    while isinstance(location, Field):
        location = location.base
        depth += 1
    return depth


def is_entry(location: Location) -> bool:
    """Whether the location was there before the function began."""
    return not isinstance(root_of(location), Made)


# --------------------------------------------------------------------------------------------------- atoms


class Const(NamedTuple):
    """A literal; its type is part of it, for 1 == True."""

    type: str
    value: object


class Ref(NamedTuple):
    """A reference to an object; `view` is the chain of key prefixes that wrappers put before its state.

    `TAKEN_OFF` in it takes off the one before it, which the caller put on.
    """

    location: Location
    view: tuple[str, ...] = ()


class FunctionAtom(NamedTuple):
    """A project function, bound to a receiver, with what its free variables hold where that is known."""

    key: FunctionKey
    receiver: Ref | None = None
    receiver_class: ClassKey | None = None
    captured: tuple[tuple[str, Value], ...] = ()
    frame: int = 0
    """Identity of the activation that defined it (0 for module-level functions)."""
    arguments: tuple[Value, ...] = ()
    """Positional arguments already given (functools.partial)."""
    keywords: tuple[tuple[str, Value], ...] = ()


class ClassAtom(NamedTuple):
    """A project class."""

    key: ClassKey


class ApiAtom(NamedTuple):
    """Something of a library, or a builtin, by qualified name."""

    name: str


class ModuleAtom(NamedTuple):
    """A module of the project, by path."""

    path: str


class MethodAtom(NamedTuple):
    """A method of an object that the project does not define, not (yet) called; `at` is where it was taken."""

    receiver: Ref
    name: str
    at: Site


class Others(NamedTuple):
    """Further objects or classes of the same standing as those beside it, more than are kept."""

    kind: str = "others"


class ModeRead(NamedTuple):
    """`model.training` as it was: whether the modes then reaching the model were train."""

    location: Location
    modes: ModeSet


class Text(NamedTuple):
    """A string made of literal pieces and holes; a hole is named by its origin."""

    pieces: tuple[object, ...]
    """(text, is a hole), or a value that a caller may know."""


Atom = Const | Ref | Others | FunctionAtom | ClassAtom | ApiAtom | ModuleAtom | MethodAtom | ModeRead | Text


# ---------------------------------------------------------------------------------------------------- modes


class ModeDef(NamedTuple):
    """One definition of a model's mode that reaches a point.

    `kind`: "train" or "eval" (a switch), "built" (a fresh model trains), "loaded-eval" (comes in eval mode),
    "entry" (as the caller had it), "part" (beside eval definitions: the part at `location`, put in later, trains),
    "unknown".
    """

    kind: str
    site: Site | None = None
    location: Location | None = None
    crossed: bool = False
    """Whether it came over the back edge of a loop."""
    assumed: frozenset[str] = frozenset()
    flag: Location | None = None
    """What decided it, when the caller gave that: there it may be a mode that was read before."""

    @property
    def trains(self) -> bool:
        """Whether this definition leaves the model in train mode."""
        return self.kind in ("train", "built")

    @property
    def evaluates(self) -> bool:
        """Whether this definition leaves the model in eval mode."""
        return self.kind in ("eval", "loaded-eval")


ModeSet = frozenset[ModeDef]
UNKNOWN_MODE: ModeSet = frozenset({ModeDef("unknown")})


def crossing(modes: ModeSet) -> ModeSet:
    """The same definitions after a back edge."""
    return frozenset(d if d.crossed else d._replace(crossed=True) for d in modes)


def assuming(modes: ModeSet, assumption: str) -> ModeSet:
    """The same definitions, each with one assumption more."""
    return frozenset(d._replace(assumed=d.assumed | {assumption}) for d in modes)


# --------------------------------------------------------------------------------------------------- values


class Value(NamedTuple):
    """What an operand may be: alternatives, whether there may be others, and what it was derived from."""

    atoms: frozenset[Atom] = frozenset()
    open: bool = True
    origins: frozenset[Origin] = frozenset()

    @property
    def single(self) -> Atom | None:
        """The one atom of a closed value, else None."""
        if not self.open and len(self.atoms) == 1:
            return next(iter(self.atoms))
        return None

    def refs(self) -> list[Ref]:
        """Its references, in a stable order."""
        found = [a for a in self.atoms if isinstance(a, Ref)]
        return found if len(found) < 2 else sorted(found, key=_order)

    def constant(self) -> Const | None:
        """Its literal, when it can be nothing else."""
        atom = self.single
        return atom if isinstance(atom, Const) else None


class Ran(NamedTuple):
    """Origin: the output of a forward call."""

    site: Site


class Treated(NamedTuple):
    """Origin: what a preprocessing call gave."""

    site: Site
    kind: str = "treated"


class More(NamedTuple):
    """Origin: there are more origins than are kept."""

    kind: str = "more"


class Plain(NamedTuple):
    """Origin: the value is a number, or text, or holds nothing else; or it is an object with its own code."""

    sort: str


Mark = Ran | Treated | More | Plain
"""Origins that are no places."""
Origin = Mark | Location

UNKNOWN = Value()
NOTHING = Value(frozenset(), False)
"""What no path gives: joined with a value it is that value."""
MORE = More()
NUMBER = Plain("number")
"""Kept by whatever is computed from it."""
STRING = Plain("string")
"""Lost where something is computed from it: what comes out may be anything."""
CODE = Plain("code")
"""Of a model: its code goes into the file that it is saved to."""


def of_atom(atom: Atom, origins: frozenset[Origin] = frozenset()) -> Value:
    """The value that is just this atom."""
    return Value(frozenset({atom}), False, origins)


def constant(value: object) -> Value:
    """The value of a literal."""
    return of_atom(Const(type(value).__name__, value))


NONE = constant(None)
TRUE = constant(True)
FALSE = constant(False)


def bounded(origins: frozenset[Origin]) -> frozenset[Origin]:
    """At most MAX_DERIVATIONS origins, with MORE in place of the rest."""
    if len(origins) <= MAX_DERIVATIONS:
        return origins
    treated = treatments(origins)
    others = origins - treated
    if len(others) > MAX_DERIVATIONS:
        others = frozenset(sorted(others, key=_order)[:MAX_DERIVATIONS]) | {MORE}
    return others | treated if len(treated) <= MAX_TREATMENTS else others


def treatments(origins: frozenset[Origin]) -> frozenset[Origin]:
    """The preprocessing calls among some origins."""
    return frozenset(origin for origin in origins if isinstance(origin, Treated))


def keeping(part: Value, whole: Value) -> Value:
    """A part of a value, treated as the whole was."""
    found = treatments(whole.origins) if whole.origins else whole.origins
    return part._replace(origins=bounded(part.origins | found)) if found else part


def ordered(atoms: Iterable[Atom]) -> list[Atom]:
    """Atoms in an order that does not depend on hashing."""
    found = list(atoms)
    return found if len(found) < 2 else sorted(found, key=_order)


@lru_cache(maxsize=1 << 16)
def _order(atom: object) -> str:
    return repr(atom)


def join(a: Value, b: Value) -> Value:
    """Either of two values."""
    if a is b or a == b:
        return a
    return limited(a.atoms | b.atoms, a.open or b.open, a.origins | b.origins)


def limited(atoms: frozenset[Atom], is_open: bool, origins: frozenset[Origin]) -> Value:
    """A value of these atoms: of too many references some are kept, of too many others none."""
    if len(atoms) <= MAX_ATOMS:
        return Value(atoms, is_open, bounded(origins))
    if all(isinstance(atom, Ref | ClassAtom | Others) for atom in atoms):
        kept = ordered(atom for atom in atoms if not isinstance(atom, Others))[: MAX_ATOMS - 1]
        return Value(frozenset(kept) | {Others()}, is_open, bounded(origins))
    return Value(frozenset(), True, bounded(origins | origins_of_atoms(atoms)))


def join_all(values: Iterable[Value]) -> Value:
    """Any of several values; of none: unknown."""
    result: Value | None = None
    for value in values:
        result = value if result is None else join(result, value)
    return UNKNOWN if result is None else result


def origins_of_atoms(atoms: Iterable[Atom]) -> frozenset[Origin]:
    """What stands for atoms once they are only derived from."""
    found: set[Origin] = set()
    for atom in atoms:
        if isinstance(atom, Ref):
            found.add(atom.location)
        elif isinstance(atom, MethodAtom):
            found.add(atom.receiver.location)
    return frozenset(found)


def locations_in(value: Value) -> list[Location]:
    """Every location that a value leads to, its origins and what its functions captured included."""
    found: list[Location] = []
    for atom in value.atoms:
        if isinstance(atom, Ref | ModeRead):
            found.append(atom.location)
        elif isinstance(atom, MethodAtom):
            found.append(atom.receiver.location)
        elif isinstance(atom, FunctionAtom):
            if atom.receiver is not None:
                found.append(atom.receiver.location)
            for _, captured in atom.captured:
                found.extend(locations_in(captured))
            for given in atom.arguments:
                found.extend(locations_in(given))
            for _, given in atom.keywords:
                found.extend(locations_in(given))
        elif isinstance(atom, Text):
            for piece in atom.pieces:
                if isinstance(piece, Value):
                    found.extend(locations_in(piece))
    found.extend(origin for origin in value.origins if isinstance(origin, Made | Field))
    return found


def derived(values: Iterable[Value]) -> Value:
    """An unknown value computed from others."""
    origins: set[Origin] = set()
    for value in values:
        origins |= value.origins
        origins |= origins_of_atoms(value.atoms)
    origins.discard(STRING)
    return Value(frozenset(), True, bounded(frozenset(origins))) if origins else UNKNOWN


def plain(value: Value, sort: Plain) -> Value:
    """An unknown value of which it is known that it is a number, or text."""
    return Value(frozenset(), True, value.origins | {sort})


def item_of_unknown(value: Value) -> Value:
    """An item of something whose items are not seen: an item of text is text."""
    found = derived([value])
    is_text = bool(value.atoms) and all(
        isinstance(a, Text) or (isinstance(a, Const) and isinstance(a.value, str)) for a in value.atoms
    )
    return plain(found, STRING) if is_text or STRING in value.origins else found


# -------------------------------------------------------------------------------------------------- objects


@dataclass(frozen=True, slots=True)
class Object:
    """What is known of the object at a location, wherever the program is."""

    role: Role | None = None
    api: Api | None = None
    model: ClassKey | None = None
    arguments: tuple[tuple[str, Value], ...] = ()
    assumed: frozenset[str] = frozenset()

    def argument(self, name: str) -> Value | None:
        """A bound argument of the call that made it."""
        for key, value in self.arguments:
            if key == name:
                return value
        return None

    def mapped(self, change: Callable[[Value], Value]) -> Object:
        """The same object with its arguments put into another frame."""
        if not self.arguments:
            return self
        return Object(self.role, self.api, self.model, tuple((k, change(v)) for k, v in self.arguments), self.assumed)


class Order(NamedTuple):
    """Why the items of a container come in no fixed order, and where that begins."""

    kind: str
    """"set" (another order in each process) or "listing" (an order of the file system's)."""
    path: str
    at: Place
    """The set or the call that lists."""
    listed: tuple[str, Place] | None = None
    """The expression that puts the items into a sequence, where there is one."""
    is_sure: bool = True
    """False when they are ordered on some of the paths."""
    is_shuffled: bool = False
    """They were shuffled since."""


class Items(NamedTuple):
    """What a container holds: known entries, whether there may be others, and what the others may be."""

    kind: str
    """"dict", "list", "tuple", "set", "generator"."""
    entries: tuple[tuple[object, Value], ...] = ()
    """(literal key or position, value) in order."""
    open: bool = False
    element: Value | None = None
    """Elements at no known position (comprehensions, appends)."""
    places: tuple[tuple[object, Site], ...] = ()
    """Where each key was given."""
    maybe: frozenset[object] = frozenset()
    """Keys that only some paths give."""
    filters: tuple[str, ...] = ()
    """The tests of the comprehension that made it, as written."""
    whole: bool = False
    """It holds something made from each item of one iterable (a comprehension, `list(x)`), not single items."""
    order: Order | None = None
    """Given when the order of its items is not fixed."""

    def get(self, key: object) -> Value | None:
        """The value at a literal key or position."""
        for k, v in self.entries:
            if k == key and type(k) is type(key):
                return v
        return None

    def put(self, key: object, value: Value, site: Site | None = None) -> Items:
        """With this key set."""
        entries = tuple((k, v) for k, v in self.entries if not (k == key and type(k) is type(key)))
        places = tuple((k, s) for k, s in self.places if k != key)
        if site is not None:
            places = (*places, (key, site))
        return self._replace(entries=(*entries, (key, value)), places=places, maybe=self.maybe - {key})

    def values(self) -> list[Value]:
        """Everything it is known to hold."""
        found = [v for _, v in self.entries]
        if self.element is not None:
            found.append(self.element)
        return found


def join_items(a: Items, b: Items) -> Items:
    """Either of two states of one container."""
    if a == b:
        return a
    entries: dict[object, Value] = dict(a.entries)
    for key, value in b.entries:
        entries[key] = join(entries[key], value) if key in entries else value
    here, there = {k for k, _ in a.entries}, {k for k, _ in b.entries}
    element = a.element if b.element is None else b.element if a.element is None else join(a.element, b.element)
    return Items(
        a.kind if a.kind == b.kind else "list",
        tuple(entries.items()),
        a.open or b.open,
        element,
        tuple({**dict(a.places), **dict(b.places)}.items()),
        a.maybe | b.maybe | (here ^ there),
        a.filters or b.filters,
        a.whole and b.whole,
        _either_order(a.order, b.order),
    )


def _either_order(a: Order | None, b: Order | None) -> Order | None:
    if a is None or b is None:
        return next((order._replace(is_sure=False) for order in (a, b) if order is not None), None)
    return a._replace(is_sure=a.is_sure and b.is_sure, is_shuffled=a.is_shuffled or b.is_shuffled)
