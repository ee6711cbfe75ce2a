"""What a pickle says, as symbols: which names it calls with what, and nothing that is looked up or called.

A symbol is one of these, or a plain value of Python: None, a bool, int, float, string or bytes.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ckptlint.files.pickle_opcodes import Long


@dataclass(slots=True, eq=False)
class Sequence:
    """A list, tuple or set."""

    kind: str
    """"list", "tuple", "set", "frozenset"."""
    items: list[object] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Table:
    """A dict."""

    pairs: dict[object, tuple[object, object]] = field(default_factory=dict)
    """By what tells a key from others: the key and the value."""

    def put(self, key: object, value: object) -> None:
        """Set a key; a later value of the same key is the one that counts."""
        identity = identity_of(key)
        known = self.pairs.get(identity)
        self.pairs[identity] = (known[0] if known else key, value)

    def get(self, name: str) -> object:
        """The value of a string key, None without one."""
        return self.pairs.get(identity_of(name), (None, None))[1]


@dataclass(frozen=True, slots=True, eq=False)
class Name:
    """Something imported, by its name only."""

    module: str
    name: str

    @property
    def full(self) -> str:
        """The qualified name."""
        return f"{self.module}.{self.name}"


@dataclass(slots=True, eq=False)
class Call:
    """What calling something would give, with what is put into the result afterwards."""

    callee: object
    arguments: list[object]
    makes_instance: bool
    """A class makes an instance without running a function of its own choice."""
    state: object = None
    added: list[object] = field(default_factory=list)
    """Items appended."""
    table: Table = field(default_factory=Table)
    """Keys set."""

    @property
    def name(self) -> str:
        """The qualified name of what is called; empty when it is itself the result of a call."""
        return self.callee.full if isinstance(self.callee, Name) else ""


@dataclass(frozen=True, slots=True, eq=False)
class Persistent:
    """Something that the file holds elsewhere, by its identifier."""

    identifier: object


@dataclass(frozen=True, slots=True, eq=False)
class Buffer:
    """Bytes that are not in the file."""


def identity_of(key: object) -> object:
    """What tells a dict's key from others.

    Text of random hash, never the number itself: numbers can be chosen so that all their hashes are equal.
    """
    if key is None or isinstance(key, bool | int | float | str | bytes):
        return f"{type(key).__name__}:{key!r}"
    if isinstance(key, Name):
        return f"name:{key.full}"
    if isinstance(key, Sequence) and all(
        item is None or isinstance(item, bool | int | float | str) for item in key.items
    ):
        return f"tuple:{key.items!r}"
    return id(key)


def is_plain(symbol: object) -> bool:
    """Whether a symbol is a value that is written as it is."""
    return symbol is None or isinstance(symbol, bool | int | float | complex | str | bytes | bytearray | Long)
