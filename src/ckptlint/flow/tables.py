"""Tables of a state: a copy shares its content until one of the two is changed."""

from __future__ import annotations

from collections.abc import ItemsView, Iterator, KeysView, ValuesView
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Table(Generic[K, V]):
    """A dict whose copies cost nothing: states are copied at every branch and change little."""

    __slots__ = ("_held", "_is_own")

    def __init__(self, held: dict[K, V] | None = None) -> None:
        self._held: dict[K, V] = held if held is not None else {}
        self._is_own = True

    def copy(self) -> Table[K, V]:
        """An independent table with the same content."""
        other: Table[K, V] = Table(self._held)
        self._is_own = other._is_own = False
        return other

    def plain(self) -> dict[K, V]:
        """The content as a dict of the caller's own."""
        return dict(self._held)

    def shares(self, other: Table[K, V]) -> bool:
        """Whether nothing was changed in either since one was copied from the other."""
        return self._held is other._held

    def _own(self) -> dict[K, V]:
        if not self._is_own:
            self._held = dict(self._held)
            self._is_own = True
        return self._held

    def __getitem__(self, key: K) -> V:
        return self._held[key]

    def __setitem__(self, key: K, value: V) -> None:
        self._own()[key] = value

    def __delitem__(self, key: K) -> None:
        del self._own()[key]

    def __contains__(self, key: object) -> bool:
        return key in self._held

    def __iter__(self) -> Iterator[K]:
        return iter(self._held)

    def __len__(self) -> int:
        return len(self._held)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Table) and (self._held is other._held or self._held == other._held)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Table({self._held!r})"

    def get(self, key: K) -> V | None:
        """The value of a key, None when there is none."""
        return self._held.get(key)

    def pop(self, key: K) -> V | None:
        """Forget a key; its value, None when there was none."""
        return self._own().pop(key, None) if key in self._held else None

    def keys(self) -> KeysView[K]:
        """The keys."""
        return self._held.keys()

    def values(self) -> ValuesView[V]:
        """The values."""
        return self._held.values()

    def items(self) -> ItemsView[K, V]:
        """Keys with their values."""
        return self._held.items()
