"""What a function does that rules may care about, with the places it does it to.

An event is recorded with the operands as the function sees them; a caller puts its own in their place
(`mapped`). `site.chain` holds the call sites between the reporting function and the event.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from ckptlint.flow.domain import FunctionKey, Items, ModeSet, Site, Value
from ckptlint.flow.state import Test
from ckptlint.semantics.model import Place

Change = Callable[[Value], Value]
ChangeModes = Callable[[ModeSet], ModeSet]


@dataclass(frozen=True, slots=True)
class Event:
    """Common to all: where, in which function, under which tests."""

    site: Site
    within: tuple[FunctionKey, ...]
    """The functions it lies in, outermost (the one that reports it) first."""
    tests: frozenset[Test]

    def mapped(self, change: Change, modes: ChangeModes) -> Event:
        """The event with every operand put into another frame."""
        return self


@dataclass(frozen=True, slots=True)
class Forward(Event):
    """A model is called on data."""

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

    def mapped(self, change: Change, modes: ChangeModes) -> Forward:
        return replace(self, operand=change(self.operand), modes=modes(self.modes))


@dataclass(frozen=True, slots=True)
class Update(Event):
    """A backward pass on something computed before."""

    operand: Value
    loops: tuple[str, ...] = ()
    """As in Forward."""

    def mapped(self, change: Change, modes: ChangeModes) -> Update:
        return replace(self, operand=change(self.operand))


@dataclass(frozen=True, slots=True)
class Fitted(Event):
    """A library's own training loop runs on a model."""

    operand: Value

    def mapped(self, change: Change, modes: ChangeModes) -> Fitted:
        return replace(self, operand=change(self.operand))


@dataclass(frozen=True, slots=True)
class Switched(Event):
    """A model is put into train or eval mode."""

    operand: Value
    mode: str

    def mapped(self, change: Change, modes: ChangeModes) -> Switched:
        return replace(self, operand=change(self.operand))


@dataclass(frozen=True, slots=True)
class Stored:
    """What a value looked like when it was saved: what it is, and what it holds one level down."""

    value: Value
    items: Items | None = None
    inner: tuple[tuple[Value, Items], ...] = ()
    """Containers found among the entries."""

    def mapped(self, change: Change) -> Stored:
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
class Saved(Event):
    """A value is written to a file."""

    stored: Stored
    path: Value
    api: str

    def mapped(self, change: Change, modes: ChangeModes) -> Saved:
        return replace(self, stored=self.stored.mapped(change), path=change(self.path))


@dataclass(frozen=True, slots=True)
class Loaded(Event):
    """A file is read; `made` is the object it gives."""

    made: Value
    path: Value
    api: str
    outside: bool = False
    """The file comes from outside the project (a URL, a hub)."""

    def mapped(self, change: Change, modes: ChangeModes) -> Loaded:
        return replace(self, made=change(self.made), path=change(self.path))


@dataclass(frozen=True, slots=True)
class KeyRead(Event):
    """`holder[key]` is read; guarded when a missing key is provided for."""

    holder: Value
    key: object
    guarded: bool

    def mapped(self, change: Change, modes: ChangeModes) -> KeyRead:
        return replace(self, holder=change(self.holder))


@dataclass(frozen=True, slots=True)
class Opened(Event):
    """A value is handed to code that is not seen, iterated, or kept: it may be read or changed there."""

    operand: Value

    def mapped(self, change: Change, modes: ChangeModes) -> Opened:
        return replace(self, operand=change(self.operand))


@dataclass(frozen=True, slots=True)
class Restored(Event):
    """State is put into a model, optimizer or the like."""

    target: Value
    value: Value

    def mapped(self, change: Change, modes: ChangeModes) -> Restored:
        return replace(self, target=change(self.target), value=change(self.value))


@dataclass(frozen=True, slots=True)
class Ineffective(Event):
    """An expression that does nothing though it looks like a call; `kind` says which."""

    kind: str
    """"mode-method", "gradient-method", "context", "context-class", "training-flag"."""
    operand: Value
    written: str

    def mapped(self, change: Change, modes: ChangeModes) -> Ineffective:
        return replace(self, operand=change(self.operand))
