"""The checkpoint map of a project, put together from what is saved, what is loaded, and which belongs to which."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from ckptlint.diagnostic import Confidence, confidence_of
from ckptlint.facts.call_frames import Frames, frames_of
from ckptlint.facts.checkpoints import Checkpoint
from ckptlint.facts.file_paths import Pattern, is_literal_path, is_outside, is_whole, words_of_path
from ckptlint.facts.key_words import kind_by_key
from ckptlint.facts.links import Link, LoadedUse
from ckptlint.facts.mapped_checkpoints import (
    WHOLE,
    CheckpointMap,
    KeyPath,
    KeyUse,
    MappedCheckpoint,
    Reader,
    Spot,
    StoredKey,
    Writer,
)
from ckptlint.facts.programs import programs_of
from ckptlint.facts.project import Facts, derives
from ckptlint.facts.runs import Run
from ckptlint.facts.schemas import Entry
from ckptlint.flow.domain import Field, Location, Made, Mark, Ref, Site, Value, text_of
from ckptlint.flow.written import words_of

STATE_KINDS = frozenset("model optimizer scheduler scaler average whole-object training".split())
"""Kinds of content that make a file a checkpoint."""
CHECKPOINT_WORDS = frozenset("checkpoint checkpoints ckpt ckpts model models weights snapshot state pth".split())
"""Words of a path or function that say so where nothing is known of the content."""
PURPOSES = ("resume", "evaluate", "warm-start", "unknown")
"""The most telling first: of several the first is kept."""


@derives(CheckpointMap)
def checkpoint_map(facts: Facts) -> Iterator[CheckpointMap]:
    """The one map of the project."""
    yield _Mapper(facts).map()


@dataclass(slots=True)
class _Readers:
    """The reads of one checkpoint, by the calls that lead to them."""

    found: dict[tuple[Spot, ...], Reader] = field(default_factory=dict)

    def add(self, reader: Reader) -> None:
        known = self.found.get(reader.frames)
        self.found[reader.frames] = reader if known is None else _joined(known, reader)

    def sorted(self) -> tuple[Reader, ...]:
        return tuple(self.found[frames] for frames in sorted(self.found))


class _Mapper:
    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.programs = programs_of(facts)
        self.links: dict[int, list[Link]] = {}
        for link in facts.of(Link):
            self.links.setdefault(id(link.load), []).append(link)

    def map(self) -> CheckpointMap:
        groups: dict[object, list[Checkpoint]] = {}
        for save in self.facts.of(Checkpoint):
            groups.setdefault(self._identity(save), []).append(save)
        readers = {identity: _Readers() for identity in groups}
        unmatched, outside = _Readers(), _Readers()
        identities = {id(save): identity for identity, saves in groups.items() for save in saves}
        for use in self.facts.of(LoadedUse):
            links = _fitting(use, self.links.get(id(use.load), []))
            if use.load.outside or is_outside(use.load):
                outside.add(self._reader(use, ()))
            elif links:
                by_group: dict[object, list[Link]] = {}
                for link in links:
                    by_group.setdefault(identities[id(link.save)], []).append(link)
                for identity, own in by_group.items():
                    readers[identity].add(self._reader(use, own))
            elif _is_checkpoint_read(use):
                unmatched.add(self._reader(use, ()))
        written = {identity: self._keys(saves) for identity, saves in groups.items()}
        known = self._known_to(readers, written)
        checkpoints = [
            mapped
            for identity, saves in groups.items()
            if (mapped := self._checkpoint(saves, written[identity], readers[identity].sorted(), known)) is not None
        ]
        checkpoints.sort(key=lambda one: (one.writers[0].frames, one.path or ""))
        return CheckpointMap(tuple(checkpoints), unmatched.sorted(), outside.sorted())

    def _identity(self, save: Checkpoint) -> object:
        """What makes two saves writes of one checkpoint."""
        program = self.programs.get(save.run.key.path)
        pattern = save.pattern
        if pattern is not None and is_literal_path(pattern):
            return program, pattern
        if pattern is not None and is_whole(pattern) and _letters(pattern):
            # Holes of one name may hold something else in another file.
            return save.event.site.path, pattern
        stored = save.event.stored.value.single
        content = stored.location.site.base if isinstance(stored, Ref) and isinstance(stored.location, Made) else None
        return save.event.site.base, content, pattern

    # ------------------------------------------------------------------------------------------------- writers

    def _checkpoint(
        self, saves: list[Checkpoint], content: _Content, readers: tuple[Reader, ...], known: dict[Reader, set[KeyPath]]
    ) -> MappedCheckpoint | None:
        writers: dict[tuple[Spot, ...], Writer] = {}
        for save in saves:
            event = save.event
            frames = frames_of(self.facts, event.site, event.api, ("value",))
            spots = self._spots(frames)
            writers.setdefault(spots, Writer(spots, event.api, frames.path))
        found = tuple(writers[spots] for spots in sorted(writers))
        if not self._is_checkpoint(saves, content, readers, found):
            return None
        pattern = saves[0].pattern
        unwritten: dict[KeyPath, None] = {}
        for reader in readers:
            for use in reader.uses:
                if content.lacks(use.path) and use.path not in known.get(reader, ()):
                    unwritten[use.path] = None
        return MappedCheckpoint(
            _shown_path(pattern) if pattern is not None else None,
            found,
            tuple(content.keys.values()),
            content.is_open,
            readers,
            tuple(unwritten),
        )

    def _is_checkpoint(
        self, saves: list[Checkpoint], content: _Content, readers: tuple[Reader, ...], writers: tuple[Writer, ...]
    ) -> bool:
        """Whether it holds the state of a model or its training, not just data."""
        if any(key.kind in STATE_KINDS for key in content.keys.values()):
            return True
        if any(use.into for reader in readers for use in reader.uses):
            return True
        if any(key.kind != "unknown" for key in content.keys.values()) and not content.is_open:
            return False
        named = words_of_path(saves[0].pattern)
        for writer in writers:
            named |= words_of(writer.written).union(*(words_of(spot.function) for spot in writer.frames))
        return bool(named & CHECKPOINT_WORDS)

    def _keys(self, saves: list[Checkpoint]) -> _Content:
        content = _Content()
        for save in saves:
            run = save.run
            if save.schema is not None:
                content.is_open |= save.schema.is_open
                content.add([*self._stored(run, save.schema.entries, ())])
            else:
                content.add([self._whole(save)])
        return content

    def _whole(self, save: Checkpoint) -> StoredKey:
        entry, stores = save.whole, save.event.stores
        kind = {"weights": "model", "training": "training"}.get(stores, entry.kind)
        if kind == "unknown" and stores == "model":
            kind = "whole-object"
        return StoredKey(WHOLE, kind, self._names(save.run, entry.owners), None, True)

    def _stored(self, run: Run, entries: Iterable[Entry], above: KeyPath) -> Iterator[StoredKey]:
        for entry in entries:
            path = (*above, entry.key)
            at = self._spot(Site(*entry.at.base)) if entry.at is not None and entry.at.path else None
            kind = "dict" if entry.entries else entry.kind
            yield StoredKey(path, kind, self._names(run, entry.owners), at, entry.is_certain)
            yield from self._stored(run, entry.entries, path)

    # ------------------------------------------------------------------------------------------------- readers

    def _reader(self, use: LoadedUse, links: Iterable[Link]) -> Reader:
        load = use.load
        frames = frames_of(self.facts, load.site, load.api, ("into",))
        links = list(links)
        purposes = {link.purpose for link in links}
        sure = max((confidence_of(link.assumptions) for link in links), default=Confidence.HIGH)
        uses, reads_more = self._uses(use)
        return Reader(
            self._spots(frames),
            load.api,
            frames.path,
            next((purpose for purpose in PURPOSES if purpose in purposes), "unknown"),
            sure.label,
            uses,
            reads_more or use.is_opened,
        )

    def _uses(self, use: LoadedUse) -> tuple[tuple[KeyUse, ...], bool]:
        """What is read by key or restored, and whether more may be."""
        found: dict[KeyPath, KeyUse] = {}
        more = False
        for read in use.reads:
            holders = [_key_path(ref.location, use.places) for ref in read.holder.refs()]
            for holder in holders:
                if holder is None or not isinstance(read.key, str):
                    more = True
                    continue
                path = (*holder, read.key)
                known = found.get(path)
                spot = self._spot(Site(*read.site.base))
                guarded = read.guarded and (known is None or known.is_guarded)
                found[path] = KeyUse(path, known.at if known else spot, (), guarded)
        for event in use.restored:
            into = self._names(use.run, (ref.location for ref in event.target.refs()))
            for path in _paths_in(event.value, use.places):
                self._restore(found, path, into, event.site)
        for ref in use.load.into.value.refs():
            self._restore(found, WHOLE, self._names(use.run, [ref.location]), use.load.site)
        if len(found) > 1 and WHOLE in found:
            del found[WHOLE]  # `if "model" in x: x = x["model"]`: the whole file is one of two cases.
        return tuple(found[path] for path in sorted(found, key=lambda path: found[path].at)), more

    def _restore(self, found: dict[KeyPath, KeyUse], path: KeyPath, into: tuple[str, ...], site: Site) -> None:
        known = found.get(path)
        names = into or ("something",)
        if known is None:
            found[path] = KeyUse(path, self._spot(Site(*site.base)), names)
        else:
            found[path] = KeyUse(path, known.at, _union(known.into, names), known.is_guarded)

    def _known_to(self, readers: dict[object, _Readers], written: dict[object, _Content]) -> dict[Reader, set[KeyPath]]:
        """The keys that any of the checkpoints a reader may read holds, or may hold."""
        by_frames: dict[tuple[Spot, ...], set[KeyPath]] = {}
        for identity, found in readers.items():
            for reader in found.found.values():
                known = by_frames.setdefault(reader.frames, set())
                known |= {use.path for use in reader.uses if not written[identity].lacks(use.path)}
        return {reader: by_frames[reader.frames] for found in readers.values() for reader in found.found.values()}

    # --------------------------------------------------------------------------------------------------- names

    def _spots(self, frames: Frames) -> tuple[Spot, ...]:
        return tuple(self._spot(site) for site in frames.sites)

    def _spot(self, site: Site) -> Spot:
        function = self.facts.function_at(site.path, site.at)
        return Spot(site.path, site.at[0], site.at[1], function.qualname if function is not None else "")

    def _names(self, run: Run, locations: Iterable[Location]) -> tuple[str, ...]:
        names = {self._name(run, location) for location in locations}
        return tuple(sorted(name for name in names if name))

    def _name(self, run: Run, location: Location) -> str:
        if isinstance(location, Made):
            held = run.object_at(location)
            given = self.facts.name_given(location.site)
            if given is None and held is not None and held.model is not None:
                given = self.facts.program.class_model(held.model).name
            if given is None and held is not None and held.api is not None:
                given = held.api.name.rpartition(".")[2]
            return given or ""
        if isinstance(location, Field):
            base = self._name(run, location.base)
            dot = "" if location.name.startswith("[") else "."
            return f"{base}{dot}{location.name}" if base else location.name
        return text_of(location)


@dataclass(slots=True)
class _Content:
    """The keys that some writers of one file give."""

    keys: dict[KeyPath, StoredKey] = field(default_factory=dict)
    is_open: bool = False

    def add(self, keys: list[StoredKey]) -> None:
        """What one save more gives."""
        given = {key.path for key in keys}
        first = not self.keys
        for path, key in list(self.keys.items()):
            if path not in given:
                self.keys[path] = StoredKey(path, key.kind, key.owners, key.at, False)
        for key in keys:
            known = self.keys.get(key.path)
            if known is None:
                self.keys[key.path] = StoredKey(key.path, key.kind, key.owners, key.at, key.is_certain and first)
                continue
            kind = known.kind if known.kind not in ("unknown", "value") else key.kind
            owners = _union(known.owners, key.owners) if known.kind in (kind, "unknown") else known.owners
            self.keys[key.path] = StoredKey(key.path, kind, owners, known.at, known.is_certain and key.is_certain)
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


def _joined(a: Reader, b: Reader) -> Reader:
    """One read seen by two runs."""
    uses = {use.path: use for use in a.uses}
    for use in b.uses:
        known = uses.get(use.path)
        if known is not None:
            guarded = known.is_guarded and use.is_guarded
            use = KeyUse(use.path, min(known.at, use.at), _union(known.into, use.into), guarded)
        uses[use.path] = use
    purpose = next(purpose for purpose in PURPOSES if purpose in (a.purpose, b.purpose))
    sure = max((a.confidence, b.confidence), key=lambda label: Confidence[label.upper()])
    ordered = tuple(sorted(uses.values(), key=lambda use: (use.at, use.path)))
    return Reader(a.frames, a.api, a.written, purpose, sure, ordered, a.reads_more or b.reads_more)


def _union(a: tuple[str, ...], b: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*a, *b)))


def _shown_path(pattern: Pattern) -> str:
    """A path with its holes as one would write them; of some only the name as written is known, of some nothing."""
    return "".join("{…}" if piece == "{?}" else piece.replace("{?", "{") for piece in pattern)


def _letters(pattern: Pattern) -> bool:
    """Whether a path says more than the names of its holes."""
    return any(letter.isalnum() for piece in pattern if not piece.startswith("{") for letter in piece)


def _is_checkpoint_read(use: LoadedUse) -> bool:
    """Whether what is read looks like a checkpoint, not like data."""
    if use.models or use.restored:
        return True
    return any(isinstance(read.key, str) and kind_by_key(read.key) in STATE_KINDS for read in use.reads)


def _fitting(use: LoadedUse, links: list[Link]) -> list[Link]:
    """The links to saves that hold a key which is read, where there are any: the others are of another file."""
    keys = {read.key for read in use.reads if isinstance(read.key, str)}
    fitting = [link for link in links if link.save.schema is not None and keys.intersection(link.save.schema.keys)]
    unclear = [link for link in links if link.save.schema is None and not link.save.is_plain_state]
    return [*fitting, *unclear] if fitting else links


def _key_path(location: Location, places: frozenset[Location]) -> KeyPath | None:
    """The keys that lead from a loaded value to a part of it; None where it is no such part."""
    keys: list[str] = []
    while location not in places:
        if not isinstance(location, Field):
            return None
        if location.name.startswith('["') and location.name.endswith('"]'):
            keys.append(location.name[2:-2])
        location = location.base
    return tuple(reversed(keys))


def _paths_in(value: Value, places: frozenset[Location]) -> set[KeyPath]:
    """The parts of a loaded value that a value is, or was made from."""
    locations = [ref.location for ref in value.refs()]
    locations += [origin for origin in value.origins if not isinstance(origin, Mark)]
    found = {path for location in locations if (path := _key_path(location, places)) is not None}
    return found - {WHOLE} or found
