"""The checkpoint map of a project, put together from what is saved, what is loaded, and which belongs to which."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from ckptlint.diagnostic import Confidence, confidence_of
from ckptlint.facts.call_frames import frames_of
from ckptlint.facts.checkpoint_contents import Content, content_of, union
from ckptlint.facts.checkpoints import Checkpoint
from ckptlint.facts.file_paths import Pattern, is_literal_path, is_outside, is_whole, path_pattern, words_of_path
from ckptlint.facts.key_words import kind_by_key
from ckptlint.facts.library_writers import LibraryWriter
from ckptlint.facts.likely_links import is_of_bytes, likely_links, restores_training
from ckptlint.facts.links import Link, LoadedUse
from ckptlint.facts.map_names import Names
from ckptlint.facts.mapped_checkpoints import (
    WHOLE,
    CheckpointMap,
    KeyPath,
    KeyUse,
    MappedCheckpoint,
    Reader,
    Spot,
    Writer,
)
from ckptlint.facts.programs import programs_of
from ckptlint.facts.project import Facts, derives
from ckptlint.flow.classes import MODULE_ROLES
from ckptlint.flow.domain import Field, Location, Made, Mark, Ref, Site, Value
from ckptlint.flow.written import words_of

STATE_KINDS = frozenset("model optimizer scheduler scaler average whole-object training".split())
"""Kinds of content that make a file a checkpoint."""
CHECKPOINT_WORDS = frozenset("checkpoint checkpoints ckpt ckpts model models weights snapshot state pth".split())
"""Words of a path or function that say so where nothing is known of the content."""
_KEEPING = frozenset({"checkpoint", "checkpoints"})
"""Words of a library's function that say the same."""
MIN_LETTERS = 4
"""Letters beside its ending that a template must have to tell a file from others."""
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
        self.names = Names(facts)
        self.programs = programs_of(facts)
        self.links: dict[int, list[Link]] = {}
        for link in facts.of(Link):
            self.links.setdefault(id(link.load), []).append(link)
        self.kept: dict[object, list[LibraryWriter]] = {}

    def map(self) -> CheckpointMap:
        groups: dict[object, list[Checkpoint]] = {}
        for save in self.facts.of(Checkpoint):
            groups.setdefault(self._identity(save), []).append(save)
        for kept in self.facts.of(LibraryWriter):
            identity = self._library_identity(kept)
            groups.setdefault(identity, [])
            self.kept.setdefault(identity, []).append(kept)
        readers = {identity: _Readers() for identity in groups}
        unmatched, outside = _Readers(), _Readers()
        identities = {id(save): identity for identity, saves in groups.items() for save in saves}
        for use in self.facts.of(LoadedUse):
            if is_of_bytes(self.facts, use.load) and not use.load.path.atoms:
                continue
            links = self._links(use)
            if use.load.outside or is_outside(use.load):
                if not use.load.outside or use.models or use.restored or use.reads or _gives_parts(self.facts, use):
                    outside.add(self._reader(use, ()))
            elif links:
                by_group: dict[object, list[Link]] = {}
                for link in links:
                    by_group.setdefault(identities[id(link.save)], []).append(link)
                for identity, own in by_group.items():
                    readers[identity].add(self._reader(use, own))
            elif (identity := (self.programs.get(use.run.key.path), path_pattern(use.load.path))) in self.kept:
                readers[identity].add(self._reader(use, ()))
            elif (
                _is_checkpoint_read(use) or words_of(use.load.api) & _KEEPING or restores_training(self.facts, use.load)
            ):
                unmatched.add(self._reader(use, ()))
        written = {
            identity: content_of(self.names, saves, self.kept.get(identity, [])) for identity, saves in groups.items()
        }
        known = self._known_to(readers, written)
        checkpoints = []
        for identity, saves in groups.items():
            reads = readers[identity].sorted()
            mapped = self._checkpoint(saves, self.kept.get(identity, []), written[identity], reads, known)
            if mapped is not None:
                checkpoints.append(mapped)
        checkpoints.sort(key=lambda one: (one.writers[0].frames, one.path or ""))
        return CheckpointMap(tuple(checkpoints), unmatched.sorted(), outside.sorted())

    def _links(self, use: LoadedUse) -> list[Link]:
        """The saves that wrote what a load reads; without a sure one also those that may have."""
        links = [link for link in _fitting(use, self.links.get(id(use.load), [])) if not _is_other_file(use, link)]
        if any(not link.assumptions for link in links):
            return links
        group = self.programs.get(use.run.key.path)
        known = {id(link.save) for link in links}
        saves = [s for s in self.facts.of(Checkpoint) if self.programs.get(s.run.key.path) == group]
        others = [s for s in saves if id(s) not in known]
        return [*links, *likely_links(self.facts, use, others)]

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

    def _library_identity(self, kept: LibraryWriter) -> object:
        program = self.programs.get(kept.run.key.path)
        is_told = kept.pattern is not None and is_whole(kept.pattern)
        return (program, kept.pattern) if is_told else (kept.built.site.base, None, None)

    # ------------------------------------------------------------------------------------------------- writers

    def _checkpoint(
        self,
        saves: list[Checkpoint],
        kept: list[LibraryWriter],
        content: Content,
        readers: tuple[Reader, ...],
        known: dict[Reader, set[KeyPath]],
    ) -> MappedCheckpoint | None:
        writers: dict[tuple[Spot, ...], Writer] = {}
        for save in saves:
            event = save.event
            frames = frames_of(self.facts, event.site, event.api, ("value",))
            spots = self.names.spots(frames)
            writers.setdefault(spots, Writer(spots, event.api, frames.path))
        for one in kept:
            frames = frames_of(self.facts, one.built.site, one.built.api, ())
            spots = self.names.spots(frames)
            writers.setdefault(spots, Writer(spots, one.built.api, frames.path))
        if any(path and path[0].startswith("[") for path in content.keys):
            # Which item of a list is restored is not followed.
            uses = {r: tuple(replace(u, into=()) if u.path == WHOLE else u for u in r.uses) for r in readers}
            readers = tuple(replace(reader, uses=uses[reader]) for reader in readers)
        pattern = saves[0].pattern if saves else kept[0].pattern
        found = tuple(writers[spots] for spots in sorted(writers))
        if not self._is_checkpoint(pattern, content, readers, found):
            return None
        unwritten: dict[KeyPath, None] = {}
        for reader in readers:
            for use in reader.uses:
                if not use.is_guarded and content.lacks(use.path) and use.path not in known.get(reader, ()):
                    unwritten[use.path] = None
        return MappedCheckpoint(
            _shown_path(pattern, found[0].written) if pattern is not None else None,
            found,
            tuple(content.keys.values()),
            content.is_open,
            readers,
            tuple(unwritten),
        )

    def _is_checkpoint(
        self, pattern: Pattern | None, content: Content, readers: tuple[Reader, ...], writers: tuple[Writer, ...]
    ) -> bool:
        """Whether it holds the state of a model or its training, not just data."""
        if any(key.kind in STATE_KINDS for key in content.keys.values()):
            return True
        if any(use.into for reader in readers for use in reader.uses):
            return True
        kinds = {key.kind for key in content.keys.values()}
        if kinds - {"unknown"} and not content.is_open and "progress" not in kinds and WHOLE not in content.keys:
            return False
        named = words_of_path(pattern)
        for writer in writers:
            named |= words_of(writer.written) | words_of(writer.api)
            named |= frozenset[str]().union(*(words_of(s.function.rpartition(".")[2]) for s in writer.frames))
        return bool(named & CHECKPOINT_WORDS)

    # ------------------------------------------------------------------------------------------------- readers

    def _reader(self, use: LoadedUse, links: Iterable[Link]) -> Reader:
        load = use.load
        frames = frames_of(self.facts, load.site, load.api, ("into",))
        links = list(links)
        purposes = {link.purpose for link in links}
        sure = max((confidence_of(link.assumptions) for link in links), default=Confidence.HIGH)
        uses, reads_more = self._uses(use)
        return Reader(
            self.names.spots(frames),
            load.api,
            frames.path,
            next((purpose for purpose in PURPOSES if purpose in purposes), "unknown"),
            sure.label,
            uses,
            reads_more or use.is_opened or _is_given_back(use) or not uses,
        )

    def _uses(self, use: LoadedUse) -> tuple[tuple[KeyUse, ...], bool]:
        """What is read by key or restored, and whether more may be."""
        found: dict[KeyPath, KeyUse] = {}
        more = False
        for read in use.reads:
            holders = [_key_path(ref.location, use.places) for ref in read.holder.refs()]
            for holder in holders:
                if holder is None:
                    continue  # On another way here it is another file.
                if not isinstance(read.key, str):
                    more = True
                    continue
                path = (*holder, read.key)
                known = found.get(path)
                spot = self.names.spot(Site(*read.site.base))
                guarded = read.guarded and (known is None or known.is_guarded)
                found[path] = KeyUse(path, known.at if known else spot, (), guarded)
        for event in use.restored:
            into = self.names.of(use.run, (ref.location for ref in event.target.refs()))
            for path in _paths_in(event.value, use.places):
                self._restore(found, path, into, event.site)
        for ref in use.load.made.refs():
            held = use.run.object_at(ref.location)
            if held is not None and held.role in MODULE_ROLES:
                self._restore(found, WHOLE, self.names.of(use.run, [ref.location]), use.load.site)
        for ref in use.load.into.value.refs():
            self._restore(found, WHOLE, self.names.of(use.run, [ref.location]), use.load.site)
        if len(found) > 1 and WHOLE in found:
            del found[WHOLE]  # `if "model" in x: x = x["model"]`: the whole file is one of two cases.
        return tuple(found[path] for path in sorted(found, key=lambda path: found[path].at)), more

    def _restore(self, found: dict[KeyPath, KeyUse], path: KeyPath, into: tuple[str, ...], site: Site) -> None:
        known = found.get(path)
        names = into or ("something",)
        if known is None:
            found[path] = KeyUse(path, self.names.spot(Site(*site.base)), names)
        else:
            found[path] = KeyUse(path, known.at, union(known.into, names), known.is_guarded)

    def _known_to(self, readers: dict[object, _Readers], written: dict[object, Content]) -> dict[Reader, set[KeyPath]]:
        """The keys that any of the checkpoints a reader may read holds, or may hold."""
        by_frames: dict[tuple[Spot, ...], set[KeyPath]] = {}
        for identity, found in readers.items():
            for reader in found.found.values():
                known = by_frames.setdefault(reader.frames, set())
                known |= {use.path for use in reader.uses if not written[identity].lacks(use.path)}
        return {reader: by_frames[reader.frames] for found in readers.values() for reader in found.found.values()}


def _joined(a: Reader, b: Reader) -> Reader:
    """One read seen by two runs."""
    uses = {use.path: use for use in a.uses}
    for use in b.uses:
        known = uses.get(use.path)
        if known is not None:
            guarded = known.is_guarded and use.is_guarded
            use = KeyUse(use.path, min(known.at, use.at), union(known.into, use.into), guarded)
        uses[use.path] = use
    purpose = next(purpose for purpose in PURPOSES if purpose in (a.purpose, b.purpose))
    sure = max((a.confidence, b.confidence), key=lambda label: Confidence[label.upper()])
    ordered = tuple(sorted(uses.values(), key=lambda use: (use.at, use.path)))
    return Reader(a.frames, a.api, a.written, purpose, sure, ordered, a.reads_more or b.reads_more)


_FILLED = ("{'", '{"', "{tuple(", "{?'", '{?"', "{?tuple(")


def _shown_path(pattern: Pattern, written: str) -> str | None:
    """A path with its holes as one would write them; None where the expression as written says more."""
    # What fills a template (`"{}.pt".format(x)`, `"%d.pt" % x`) stands behind it, and the template shows its holes.
    pieces = [piece for piece in pattern if not piece.startswith(_FILLED)]
    shown = "".join("{…}" if piece == "{?}" else piece.replace("{?", "{") for piece in pieces)
    is_short = len(pieces) < len(pattern) and sum(letter.isalpha() for letter in shown) < MIN_LETTERS + len(".pth")
    return None if "<" in shown or (is_short and ('"' in written or "'" in written)) else shown


def _letters(pattern: Pattern) -> bool:
    """Whether a path says more than the names of its holes."""
    return any(letter.isalnum() for piece in pattern if not piece.startswith("{") for letter in piece)


def _is_checkpoint_read(use: LoadedUse) -> bool:
    """Whether what is read looks like a checkpoint, not like data."""
    if use.models or use.restored:
        return True
    return any(isinstance(read.key, str) and kind_by_key(read.key) in STATE_KINDS for read in use.reads)


def _gives_parts(facts: Facts, use: LoadedUse) -> bool:
    """Whether what comes from outside may hold weights; settings and vocabularies hold none."""
    row = facts.program.catalog.api(use.load.api)
    return row is not None and ("mode" in row.options or row.options.get("returns") == "path")


def _is_other_file(use: LoadedUse, link: Link) -> bool:
    """Whether none of the keys that are surely read is in what the assumed save writes."""
    schema = link.save.schema
    if not link.assumptions or schema is None or schema.is_open:
        return False
    places = use.places
    direct = [r for r in use.reads if places & {ref.location for ref in r.holder.refs()}]
    keys = {r.key for r in direct if isinstance(r.key, str) and not r.guarded}
    return bool(keys) and keys.isdisjoint(schema.keys)


def _fitting(use: LoadedUse, links: list[Link]) -> list[Link]:
    """The links to saves that hold a key which is read, where there are any: the others are of another file."""
    own = use.run.receiver_class
    same = [link for link in links if own is not None and link.save.run.receiver_class == own]
    if same and all(link.assumptions for link in links):
        links = same  # What a class writes and reads is its own file.
    keys = {read.key for read in use.reads if isinstance(read.key, str)}
    fitting = [link for link in links if link.save.schema is not None and keys.intersection(link.save.schema.keys)]
    unclear = [link for link in links if link.save.schema is None and not link.save.is_plain_state]
    return [*fitting, *unclear] if fitting else links


def _is_given_back(use: LoadedUse) -> bool:
    """Whether a function that nothing is seen to call returns what it loads: its callers read it."""
    returned = {ref.location for ref in use.run.summary.value.refs()}
    return not use.run.is_entry and not use.places.isdisjoint(returned)


def _key_path(location: Location, places: frozenset[Location]) -> KeyPath | None:
    """The keys that lead from a loaded value to a part of it; None where it is no such part."""
    keys: list[str] = []
    while location not in places:
        if not isinstance(location, Field):
            return None
        if location.name.startswith('["') and location.name.endswith('"]'):
            keys.append(location.name[2:-2])
        elif location.name[1:-1].isdigit():
            keys.append(location.name)
        location = location.base
    return tuple(reversed(keys))


def _paths_in(value: Value, places: frozenset[Location]) -> set[KeyPath]:
    """The parts of a loaded value that a value is, or was made from."""
    locations = [ref.location for ref in value.refs()]
    locations += [origin for origin in value.origins if not isinstance(origin, Mark)]
    found = {path for location in locations if (path := _key_path(location, places)) is not None}
    return found - {WHOLE} or found
