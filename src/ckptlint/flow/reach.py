"""What can still be reached: objects that nothing leads to are forgotten."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from ckptlint.flow.domain import Field, Items, Location, Made, Object, Origin, Value, locations_in, root_of
from ckptlint.flow.fields import Fields
from ckptlint.flow.tables import Table

Contents = Table[Location, Items] | dict[Location, Items]
Sources = Table[Location, frozenset[Origin]] | dict[Location, frozenset[Origin]]


def held_by_entries(fields: Fields, items: Contents) -> list[Location]:
    """What objects that were there on entry lead to: they outlive the function."""
    work: list[Location] = []
    for base, held in fields.bases():
        if not isinstance(root_of(base), Made):
            work.extend(location for value in held.values() for location in locations_in(value))
    for location, content in items.items():
        if not isinstance(root_of(location), Made):
            work.extend(found for value in content.values() for found in locations_in(value))
    return work


def reachable(
    work: list[Location],
    fields: Fields,
    items: Contents,
    origins: Sources,
    objects: Mapping[Location, Object] | None = None,
) -> set[Location]:
    """Everything that some locations lead to: attributes, entries, origins, and arguments of what made them."""
    seen: set[Location] = set()

    def follow(values: Collection[Value]) -> None:
        for value in values:
            work.extend(locations_in(value))

    while work:
        location = work.pop()
        if location in seen:
            continue
        seen.add(location)
        if isinstance(location, Field):
            work.append(location.base)
        follow(fields.of(location).values())
        content = items.get(location)
        if content is not None:
            follow(content.values())
        work.extend(o for o in origins.get(location) or () if isinstance(o, Made | Field))
        held = objects.get(location) if objects is not None else None
        if held is not None:
            follow([value for _, value in held.arguments])
    return seen


def keeps(live: set[Location]) -> Callable[[Location], bool]:
    """Whether a location is to be kept when these are live; what was there on entry always is."""

    def kept(location: Location) -> bool:
        root = root_of(location)
        return location in live or root in live or not isinstance(root, Made)

    return kept
