"""Attributes of abstract objects, kept by object: copies share what they do not change."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

from ckptlint.flow.domain import Field, Location, Value, join

_NONE: Mapping[str, Value] = MappingProxyType({})


class Fields:
    """Values of attributes; an inner dict is never changed once it is in place."""

    __slots__ = ("_held",)

    def __init__(self, held: dict[Location, dict[str, Value]] | None = None) -> None:
        self._held = held if held is not None else {}

    def __len__(self) -> int:
        return sum(map(len, self._held.values()))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Fields) and self._held == other._held

    __hash__ = None  # type: ignore[assignment]

    def copy(self) -> Fields:
        """An independent table with the same content."""
        return Fields(dict(self._held))

    def get(self, base: Location, name: str) -> Value | None:
        """An attribute's value, None when nothing was written to it."""
        held = self._held.get(base)
        return held.get(name) if held is not None else None

    def put(self, base: Location, name: str, value: Value) -> None:
        """Set an attribute."""
        self._held[base] = {**self._held.get(base, _NONE), name: value}

    def of(self, base: Location) -> Mapping[str, Value]:
        """All attributes written to one object."""
        return self._held.get(base, _NONE)

    def drop(self, base: Location) -> None:
        """Forget the attributes of one object."""
        self._held.pop(base, None)

    def bases(self) -> Iterator[tuple[Location, Mapping[str, Value]]]:
        """Objects with their attributes."""
        yield from self._held.items()

    def items(self) -> Iterator[tuple[Field, Value]]:
        """Every attribute with its value."""
        for base, held in self._held.items():
            for name, value in held.items():
                yield Field(base, name), value

    def kept(self, wanted: Callable[[Location], bool]) -> Fields:
        """Only the objects that are wanted."""
        return Fields({base: held for base, held in self._held.items() if wanted(base)})

    def joined(
        self,
        other: Fields,
        before: Callable[[Field], Value | None],
        other_before: Callable[[Field], Value | None],
    ) -> Fields:
        """Either of two tables; `before` gives what an attribute was in the table that does not write it."""
        result = dict(self._held)
        for base, theirs in other._held.items():
            mine = self._held.get(base)
            if mine is theirs:
                continue
            result[base] = _joined(base, mine or _NONE, theirs, before, other_before)
        for base in self._held.keys() - other._held.keys():
            result[base] = _joined(base, self._held[base], _NONE, before, other_before)
        return Fields(result)


def _joined(
    base: Location,
    mine: Mapping[str, Value],
    theirs: Mapping[str, Value],
    before: Callable[[Field], Value | None],
    other_before: Callable[[Field], Value | None],
) -> dict[str, Value]:
    found = dict(mine)
    for name, value in theirs.items():
        known = mine.get(name)
        if known is value:
            continue
        if known is None:
            known = before(Field(base, name))
        found[name] = join(known, value) if known is not None else value
    for name in mine.keys() - theirs.keys():
        known = other_before(Field(base, name))
        if known is not None:
            found[name] = join(mine[name], known)
    return found
