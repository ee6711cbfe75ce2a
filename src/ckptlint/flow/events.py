"""What a function does that rules may care about, with the places it does it to.

An event is recorded with the operands as the function sees them; a caller puts its own in their place
(`mapped`). `site.chain` holds the call sites between the reporting function and the event.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from ckptlint.flow.domain import NOTHING, UNKNOWN, FunctionKey, Items, ModeSet, Order, Site, Value
from ckptlint.flow.state import Condition, Gate, Test
from ckptlint.knowledge.roles import Role
from ckptlint.semantics.model import Place

if TYPE_CHECKING:
    from ckptlint.flow.sharing import Share

Change = Callable[[Value], Value]
ChangeModes = Callable[[ModeSet], ModeSet]


@dataclass(frozen=True, slots=True)
class Event:
    """Common to all: where, in which function, under which tests."""

    site: Site
    within: tuple[FunctionKey, ...]
    """The functions it lies in, outermost (the one that reports it) first."""
    tests: frozenset[Test]
    conditions: frozenset[Condition] = field(default=frozenset(), kw_only=True)
    """What must hold of what the function was given for it to happen."""

    OPERANDS: ClassVar[tuple[str, ...]] = ("operand",)
    """Names of the fields that hold values or modes."""

    def changed(self, change: Change, modes: ChangeModes) -> dict[str, Any]:
        """Every operand put into another frame, by the name of its field."""
        new: dict[str, Any] = {}
        for name in self.OPERANDS:
            held = getattr(self, name)
            if isinstance(held, Value):
                new[name] = change(held)
            else:
                new[name] = held.mapped(change) if isinstance(held, Stored) else modes(held)
        return new


@dataclass(frozen=True, slots=True)
class Forward(Event):
    """A model is called on data."""

    OPERANDS: ClassVar[tuple[str, ...]] = ("operand", "modes", "inputs", "weights")

    operand: Value
    modes: ModeSet
    loops: tuple[str, ...]
    """What the loops around it iterate, as written, outermost first (over the whole chain)."""
    gradients: bool
    """False under no_grad and its like."""
    synthetic: bool
    """Its inputs are random, zero or one tensors only."""
    written: str = ""
    """The callee as it stands in the source."""
    statement: Place = (1, 1, 1, 1)
    """The statement it lies in."""
    anchor: Place = (1, 1, 1, 1)
    """The outermost loop around it in its function, else the statement."""
    method: str = ""
    """The method called on the model when it is not the model itself."""
    evidence: frozenset[str] = frozenset()
    """How the operand is known to be a model: "use", "name"."""
    inputs: Value = UNKNOWN
    """What the data given to it was made from (its origins)."""
    weights: Value = UNKNOWN
    """What was restored into the model before, on some way here (its origins)."""


@dataclass(frozen=True, slots=True)
class Update(Event):
    """A backward pass on something computed before."""

    operand: Value
    loops: tuple[str, ...] = ()
    """As in Forward."""


@dataclass(frozen=True, slots=True)
class Fitted(Event):
    """A library's own loop trains, evaluates or predicts with a model (`kind`: fit, evaluate, predict)."""

    OPERANDS: ClassVar[tuple[str, ...]] = ("operand", "data", "path")

    operand: Value
    kind: str = "fit"
    data: Value = UNKNOWN
    """What the data given to it was made from (its origins)."""
    path: Value = UNKNOWN
    """The checkpoint it starts from."""

    @property
    def key(self) -> object:
        """What tells it from others of the same call: the trainer and the model it is given."""
        return self.operand


@dataclass(frozen=True, slots=True)
class Switched(Event):
    """A model is put into train or eval mode."""

    operand: Value
    mode: str


@dataclass(frozen=True, slots=True)
class Captured(Event):
    """What a model computes is recorded in the mode it is in, and stays in that mode."""

    OPERANDS: ClassVar[tuple[str, ...]] = ("operand", "modes")

    operand: Value
    modes: ModeSet
    written: str
    """The callee as it stands in the source."""
    model: str
    """The model as it stands there."""
    statement: Place


@dataclass(frozen=True, slots=True)
class Frozen(Event):
    """Parameters of a model, or of a part of one, may be kept from training from here on."""

    operand: Value

    @property
    def key(self) -> object:
        """What tells it from others of the same place."""
        return self.operand


@dataclass(frozen=True, slots=True)
class Stored:
    """What a value looked like when it was saved: what it is, and what it holds one level down."""

    value: Value
    items: Items | None = None
    inner: tuple[tuple[Value, Items], ...] = ()
    """Containers found among the entries."""

    @property
    def is_given(self) -> bool:
        """Whether the caller gave it: what it holds is only known there."""
        return self.items is None or self.items.kind == "delta"

    def mapped(self, change: Change) -> Stored:
        """The same put into another frame."""
        return Stored(
            change(self.value),
            _map_items(self.items, change) if self.items is not None else None,
            tuple((change(holder), _map_items(items, change)) for holder, items in self.inner),
        )


def _map_items(items: Items, change: Change) -> Items:
    return items._replace(
        entries=tuple((k, change(v)) for k, v in items.entries),
        element=change(items.element) if items.element is not None else None,
    )


@dataclass(frozen=True, slots=True)
class Told(Event):
    """A model that is called is told its mode by an argument; the Forward of the call has the same site."""

    OPERANDS: ClassVar[tuple[str, ...]] = ("operand", "value", "layers")

    operand: Value
    flag: str
    """The argument's name."""
    value: Value
    loops: tuple[str, ...]
    """As in Forward."""
    written: str
    """The callee as it stands in the source."""
    method: str = ""
    """The method called on the model when it is not the model itself."""
    is_own: bool = False
    """It is the model's own method that calls it, or a part of it."""
    synthetic: bool = False
    """As in Forward."""
    layers: Stored = Stored(NOTHING)
    """What it is a chain of, when it is one."""

    @property
    def key(self) -> object:
        """What tells it from others of the same call."""
        return self.flag


@dataclass(frozen=True, slots=True)
class Saved(Event):
    """A value is written to a file."""

    OPERANDS: ClassVar[tuple[str, ...]] = ("stored", "path", "holds")

    stored: Stored
    path: Value
    api: str
    holds: Value = UNKNOWN
    """Everything it was made from, at any depth (its origins)."""
    stores: str = "value"
    """What the file holds: "value", "model", "weights", "optimizer", "training"."""
    loops: tuple[str, ...] = ()
    """As in Forward."""


@dataclass(frozen=True, slots=True)
class Loaded(Event):
    """A file is read; `made` is the object it gives."""

    OPERANDS: ClassVar[tuple[str, ...]] = ("made", "path", "into")

    made: Value
    path: Value
    api: str
    outside: bool = False
    """The file comes from outside the project (a URL, a hub)."""
    loops: tuple[str, ...] = ()
    """As in Forward."""
    into: Stored = Stored(NOTHING)
    """What is overwritten with it in place, as it was at this moment."""


@dataclass(frozen=True, slots=True)
class KeyRead(Event):
    """`holder[key]` is read; guarded when a missing key is provided for.

    The key is None where it is not known which one is read.
    """

    OPERANDS: ClassVar[tuple[str, ...]] = ("holder",)

    holder: Value
    key: object
    guarded: bool


@dataclass(frozen=True, slots=True)
class Opened(Event):
    """A loaded value, an optimizer or its state is handed to code that is not seen: it may be read or changed."""

    operand: Value
    name: str = ""
    """The callee as it stands in the source."""
    project: bool = True
    """The callee may be code of the project's own."""

    @property
    def key(self) -> object:
        """What tells it from others of the same statement."""
        return self.name, self.operand


@dataclass(frozen=True, slots=True)
class Restored(Event):
    """State is put into a model, optimizer or the like; the value's origins are all that it was made from."""

    OPERANDS: ClassVar[tuple[str, ...]] = ("target", "value")

    target: Value
    value: Value


@dataclass(frozen=True, slots=True)
class Reused(Event):
    """A value is put into a model, or saved, that changes with some model's weights, and those may be others now."""

    OPERANDS: ClassVar[tuple[str, ...]] = ("operand", "target")

    operand: Value
    use: str
    """"restored" or "saved"."""
    target: Value
    """What it is put into."""
    share: Share
    """Where it was taken; of no kind where only a caller can say."""
    since: frozenset[Site]
    """What may have changed the weights since it was taken; for the caller to say: since the function began."""
    gates: frozenset[Gate]
    """The tests it stands under."""
    is_alone: bool
    """It can be nothing else."""

    @property
    def key(self) -> object:
        """What tells it from others of the same call."""
        return self.use, self.operand, self.share.taken


@dataclass(frozen=True, slots=True)
class UsedResult(Event):
    """What a call that changes an object in place gave is used as that object: called, or a method of it."""

    operand: Value
    method: str = ""


@dataclass(frozen=True, slots=True)
class Ineffective(Event):
    """An expression that does nothing though it looks like a call; `kind` says which."""

    kind: str
    """"mode-method", "gradient-method", "context", "context-class", "training-flag"."""
    operand: Value
    written: str


@dataclass(frozen=True, slots=True)
class Built(Event):
    """An optimizer, scheduler, scaler, average, dataset, loader, transform, split or generator is made.

    Its bound arguments are those of the object at `made`.
    """

    OPERANDS: ClassVar[tuple[str, ...]] = ("made", "parts", "inputs")

    made: Value
    role: Role
    api: str
    parts: Stored = Stored(NOTHING)
    """What the parameter that its row calls `children` was given: the steps of a pipeline, in order."""
    inputs: Value = UNKNOWN
    """What the parameter that its row calls `of` was made from, at any depth (its origins)."""
    loops: tuple[str, ...] = ()
    """As in Forward."""


@dataclass(frozen=True, slots=True)
class Seeded(Event):
    """Random sources are seeded; for a generator object `operand` is that object."""

    OPERANDS: ClassVar[tuple[str, ...]] = ("operand", "seed")

    operand: Value
    sources: tuple[str, ...]
    seed: Value


@dataclass(frozen=True, slots=True)
class Drew(Event):
    """Random numbers are drawn, or something is shuffled or divided at random."""

    OPERANDS: ClassVar[tuple[str, ...]] = ("operand", "generator", "made")

    operand: Value
    """What is drawn from, shuffled or divided."""
    source: str
    generator: Value
    """The generator, seed or random state that was given; NOTHING without one."""
    made: Value
    """What comes out; for a draw it is an origin of the result."""
    api: str
    is_split: bool = False


@dataclass(frozen=True, slots=True)
class Applied(Event):
    """A layer that drops part of its input is applied as a function; its flag and rate are bound at `made`."""

    OPERANDS: ClassVar[tuple[str, ...]] = ("made",)

    made: Value
    gates: frozenset[Gate] = frozenset()
    """The tests it stands under, over the whole chain of calls."""


@dataclass(frozen=True, slots=True)
class Indexed(Event):
    """What a container holds is known by its position from here on, or by a number counted along it."""

    OPERANDS: ClassVar[tuple[str, ...]] = ("operand", "items")

    operand: Value
    items: Value
    """What it holds."""
    use: str
    """"numbered" (item to number), "labelled" (numbers gathered along it), "found" (`x.index(item)`), "looked-up"
    (`x[predicted]`), "lower" and "upper" (`x[:k]`, `x[k:]`), "split" (by a library, with a seed)."""
    key: str
    """What the numbers go to, as written: the dict, the list; for a slice its bound, for a look-up its index."""
    iterated: Place
    """The operand that is iterated, indexed or divided."""
    names: tuple[str, ...] = ()
    """The names of the item and of its number."""
    order: Order | None = None
    """Why the order is not fixed; None where only a caller can say."""
    sort: str = ""
    """What the items are known to be: "string", "number" or ""."""


@dataclass(frozen=True, slots=True)
class Prepared(Event):
    """A preprocessing call treats data; what it gives has its site among its origins (`Treated`)."""

    OPERANDS: ClassVar[tuple[str, ...]] = ("operand", "made", "options")

    operand: Value
    """The data given to it."""
    made: Value
    """Nothing but the origin that marks its result."""
    options: Stored
    """The arguments that are literals, or that a caller may give as such, defaults of the signature included."""
    callee: FunctionKey | str
    """The project's function, or a library's qualified name."""
    written: str
    statement: Place
