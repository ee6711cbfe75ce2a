"""The checkpoint map as plain data: which files are written, what they hold, and who reads what of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from enum import Enum

KeyPath = tuple[str, ...]
"""A key and those it lies in, outermost first; the empty path is the whole file."""

WHOLE: KeyPath = ()


class Use(Enum):
    """What becomes of a key when its file is read."""

    RESTORED = "restored"
    """Its state is put back into an object."""
    READ = "read"
    """It is read, or something in it is."""
    POSSIBLE = "possibly-read"
    """A reader hands the file, or the key's parent, to code that is not seen, or iterates it."""
    NEVER = "never-read"
    """The file is read, and no reader reads the key."""
    NO_READER = "no-reader"
    """Nothing that is seen reads the file."""


@dataclass(frozen=True, slots=True, order=True)
class Spot:
    """A place in the code and the function it lies in."""

    path: str
    row: int
    column: int
    function: str = ""
    """Its dotted name in the module; empty in the module's own code."""


@dataclass(frozen=True, slots=True)
class Writer:
    """One way to a call that writes a file."""

    frames: tuple[Spot, ...]
    """The calls that lead to it, outermost first: the last is the call that writes, those before it hand over what is
    written or its path."""
    api: str
    written: str
    """The path, or what gives it, as it stands in the outermost of these calls that names it."""

    @property
    def at(self) -> Spot:
        """The call that writes."""
        return self.frames[-1]


@dataclass(frozen=True, slots=True)
class StoredKey:
    """One key of a checkpoint."""

    path: KeyPath
    kind: str
    """Whose state it is: "model", "optimizer", "scheduler", "scaler", "average", or of all of them "training"; else
    "progress", "arguments", "whole-object", "dict", "value" or "unknown"."""
    owners: tuple[str, ...]
    """Names of the objects whose state it is."""
    at: Spot | None
    """Where it is given."""
    is_certain: bool
    """Every way to every writer gives it."""
    is_by_name: bool = False
    """Only the key's own words say what kind it is."""

    @property
    def name(self) -> str:
        """The key itself, without those it lies in."""
        return self.path[-1] if self.path else ""


@dataclass(frozen=True, slots=True)
class KeyUse:
    """A key that a reader reads; the empty path is the whole file."""

    path: KeyPath
    at: Spot
    into: tuple[str, ...] = ()
    """Names of the objects that its state is put into."""
    is_guarded: bool = False
    """A missing key is provided for."""


@dataclass(frozen=True, slots=True)
class Reader:
    """One way to a call that reads a file."""

    frames: tuple[Spot, ...]
    """As in `Writer`."""
    api: str
    written: str
    """As in `Writer`."""
    purpose: str
    """"resume", "evaluate", "warm-start" or "unknown"."""
    confidence: str
    """How sure it is that it reads this file: "high", "medium" or "low"."""
    uses: tuple[KeyUse, ...]
    reads_more: bool
    """What it reads is not all known: the loaded value goes to code that is not seen, or is iterated."""

    @property
    def at(self) -> Spot:
        """The call that reads."""
        return self.frames[-1]

    def use_of(self, key: KeyPath) -> KeyUse | None:
        """How it uses a key: the use of the key itself, else of what it lies in, else of what lies in it."""
        found = {use.path: use for use in self.uses}
        if key in found:
            return found[key]
        for length in range(len(key) - 1, -1, -1):
            use = found.get(key[:length])
            # A dict of which single keys are read is not read whole.
            if use is not None and (use.into or not any(_is_in(path, use.path) for path in found)):
                return use
        return next((use for use in self.uses if _is_in(use.path, key)), None)


def _is_in(inner: KeyPath, outer: KeyPath) -> bool:
    return len(inner) > len(outer) and inner[: len(outer)] == outer


@dataclass(frozen=True, slots=True)
class MappedCheckpoint:
    """One file, or one pattern of files."""

    path: str | None
    """The path with named holes (`runs/{args.name}/last.pt`); None when nothing of it is known."""
    writers: tuple[Writer, ...]
    keys: tuple[StoredKey, ...]
    """Each key before those in it; a file that is no dict is one key of the empty path."""
    is_open: bool
    """It may hold keys that are not seen."""
    readers: tuple[Reader, ...]
    unwritten: tuple[KeyPath, ...]
    """Keys that are read and that no writer gives."""

    @property
    def title(self) -> str:
        """The path, or what is written in its place."""
        return self.path or (self.writers[0].written if self.writers else "")

    @property
    def is_dict(self) -> bool:
        """Whether it holds keys, not one object."""
        return not (len(self.keys) == 1 and self.keys[0].path == WHOLE)

    def use(self, key: KeyPath) -> Use:
        """What becomes of a key."""
        if not self.readers:
            return Use.NO_READER
        uses = [use for reader in self.readers if (use := reader.use_of(key)) is not None]
        if any(use.into for use in uses):
            return Use.RESTORED
        if uses:
            return Use.READ
        return Use.POSSIBLE if any(reader.reads_more for reader in self.readers) else Use.NEVER

    def unread(self) -> tuple[StoredKey, ...]:
        """The keys that no reader reads, though the file is read; of nested ones the outermost."""
        found = [key for key in self.keys if self.use(key.path) is Use.NEVER]
        paths = {key.path for key in found}
        return tuple(key for key in found if not any(key.path[:n] in paths for n in range(len(key.path))))


@dataclass(frozen=True, slots=True)
class CheckpointMap:
    """All checkpoints of a project, and the files it reads that it does not write."""

    checkpoints: tuple[MappedCheckpoint, ...]
    unmatched: tuple[Reader, ...]
    """Reads of files of which no writer is known."""
    outside: tuple[Reader, ...]
    """Reads of files from outside the project: a URL, a hub, pretrained weights."""

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to show."""
        return not (self.checkpoints or self.unmatched or self.outside)

    def limited(self, is_given: Callable[[str], bool]) -> CheckpointMap:
        """Those with a place in one of the given files."""
        return CheckpointMap(
            tuple(one for one in self.checkpoints if any(is_given(spot.path) for spot in spots_of(one))),
            tuple(one for one in self.unmatched if any(is_given(spot.path) for spot in one.frames)),
            tuple(one for one in self.outside if any(is_given(spot.path) for spot in one.frames)),
        )

    def shown(self, name: Callable[[str], str]) -> CheckpointMap:
        """The same with the files named as a user sees them."""

        def spot(old: Spot) -> Spot:
            return replace(old, path=name(old.path))

        def use(old: KeyUse) -> KeyUse:
            return replace(old, at=spot(old.at))

        def reader(old: Reader) -> Reader:
            return replace(old, frames=tuple(map(spot, old.frames)), uses=tuple(map(use, old.uses)))

        return CheckpointMap(
            tuple(
                replace(
                    one,
                    writers=tuple(replace(w, frames=tuple(map(spot, w.frames))) for w in one.writers),
                    keys=tuple(replace(k, at=spot(k.at) if k.at is not None else None) for k in one.keys),
                    readers=tuple(map(reader, one.readers)),
                )
                for one in self.checkpoints
            ),
            tuple(map(reader, self.unmatched)),
            tuple(map(reader, self.outside)),
        )


def spots_of(one: MappedCheckpoint) -> Iterator[Spot]:
    """Every place of a checkpoint's story."""
    ways: Iterable[Writer | Reader] = (*one.writers, *one.readers)
    for way in ways:
        yield from way.frames
    yield from (key.at for key in one.keys if key.at is not None)
    yield from (use.at for reader in one.readers for use in reader.uses)
