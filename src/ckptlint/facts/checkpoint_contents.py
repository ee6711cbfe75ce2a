"""What the writers of one checkpoint give together: its keys, whose state each is, and which are sure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace

from ckptlint.facts.checkpoints import Checkpoint
from ckptlint.facts.library_writers import LibraryWriter
from ckptlint.facts.map_names import Names
from ckptlint.facts.mapped_checkpoints import WHOLE, KeyPath, StoredKey
from ckptlint.facts.runs import Run
from ckptlint.facts.schemas import Entry, kind_of
from ckptlint.flow.domain import Site


@dataclass(slots=True)
class Content:
    """The keys that some writers of one file give."""

    keys: dict[KeyPath, StoredKey] = field(default_factory=dict)
    is_open: bool = False

    def add(self, keys: list[StoredKey]) -> None:
        """What one save more gives."""
        given = {key.path for key in keys}
        first = not self.keys
        for path, key in list(self.keys.items()):
            if path not in given:
                self.keys[path] = replace(key, is_certain=False)
        for key in keys:
            known = self.keys.get(key.path)
            if known is None:
                self.keys[key.path] = replace(key, is_certain=key.is_certain and first)
                continue
            better = key if known.kind in ("unknown", "value") or (known.is_by_name and not key.is_by_name) else known
            owners = union(known.owners, key.owners) if known.kind == key.kind else better.owners
            certain = known.is_certain and key.is_certain
            self.keys[key.path] = replace(better, owners=owners, at=known.at, is_certain=certain)
        self.keys = dict(sorted(self.keys.items(), key=_order(list(self.keys))))

    def lacks(self, path: KeyPath) -> bool:
        """Whether a key is surely given by none of the writers."""
        if self.is_open or path == WHOLE or path in self.keys or WHOLE in self.keys:
            return False
        above = path[:-1]
        return above == WHOLE or (above in self.keys and any(key[:-1] == above for key in self.keys))


def _order(paths: list[KeyPath]) -> Callable[[tuple[KeyPath, StoredKey]], tuple[int, ...]]:
    """Each key behind the one it lies in, else as first met."""
    places = {path: number for number, path in enumerate(paths)}

    def place(item: tuple[KeyPath, StoredKey]) -> tuple[int, ...]:
        path = item[0]
        return tuple(places.get(path[:length], 0) for length in range(1, len(path) + 1))

    return place


def content_of(names: Names, saves: list[Checkpoint], kept: list[LibraryWriter]) -> Content:
    """What some saves and library writers of one file give."""
    content = Content()
    others = []
    for save in saves:
        if save.schema is None:
            items = [*_items(names, save)]
            if items:
                content.add(items)
            else:
                others.append(_whole(names, save))
            continue
        content.is_open |= save.schema.is_open
        content.add([*_stored(names, save.run, save.schema.entries, ())])
    for one in kept:
        content.is_open |= bool(content.keys)
        content.add([StoredKey(WHOLE, "model" if one.weights_only else "training", (), None, True)])
    for whole in others:
        if whole.kind == "unknown" and content.keys:
            content.is_open = True
        else:
            content.add([whole])
    return content


def _whole(names: Names, save: Checkpoint) -> StoredKey:
    entry, stores = save.whole, save.event.stores
    kind = {"weights": "model", "training": "training"}.get(stores, entry.kind)
    if kind == "unknown" and stores == "model":
        kind = "whole-object"
    return StoredKey(WHOLE, kind, names.of(save.run, entry.owners), None, True)


def _items(names: Names, save: Checkpoint) -> Iterator[StoredKey]:
    """What a list or tuple holds, by its place."""
    stored = save.event.stored
    items = stored.items
    if stored.value.single is None or items is None or items.kind not in ("list", "tuple") or items.open:
        return
    if items.element is not None:
        return
    for place, value in items.entries:
        kind, owners = kind_of(save.run, value)
        yield StoredKey((f"[{place}]",), kind, names.of(save.run, owners), None, place not in items.maybe)


def _stored(names: Names, run: Run, entries: Iterable[Entry], above: KeyPath) -> Iterator[StoredKey]:
    for entry in entries:
        path = (*above, entry.key)
        at = names.spot(Site(*entry.at.base)) if entry.at is not None and entry.at.path else None
        kind = "dict" if entry.entries else entry.kind
        owners = names.of(run, entry.owners)
        yield StoredKey(path, kind, owners, at, entry.is_certain, entry.is_by_name)
        yield from _stored(names, run, entry.entries, path)


def union(a: tuple[str, ...], b: tuple[str, ...]) -> tuple[str, ...]:
    """Names of either, in order."""
    return tuple(dict.fromkeys((*a, *b)))
