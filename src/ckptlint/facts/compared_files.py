"""A checkpoint file beside what the code saves and reads: which keys one has and the other has not."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from ckptlint.facts.mapped_checkpoints import WHOLE, CheckpointMap, KeyPath, KeyUse, MappedCheckpoint, StoredKey
from ckptlint.files import FileEntry

_HOLE = re.compile(r"\{[^{}]*\}")
_WHOLE_KINDS = ("mapping", "object")
_ENOUGH = 2
"""Keys in common that make a checkpoint the likeliest one."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a file and the checkpoint of the code that it was chosen for do not share."""

    checkpoint: MappedCheckpoint
    by_path: bool
    """It was chosen by its path; else by the keys that both have."""
    unsaved: tuple[StoredKey, ...]
    """Keys that the code saves and the file lacks."""
    unreadable: tuple[KeyUse, ...]
    """Keys that the code reads, come what may, and the file lacks."""
    unread: tuple[str, ...]
    """Keys of the file that no code reads."""

    @property
    def is_equal(self) -> bool:
        """Whether nothing differs."""
        return not (self.unsaved or self.unreadable or self.unread)


def compare(path: str, root: FileEntry, found: CheckpointMap) -> Comparison | None:
    """The comparison with the checkpoint that fits the file best, None when none does.

    `path` is written with `/`.
    """
    fitting = [one for one in found.checkpoints if one.path is not None and fits_path(path, one.path)]
    chosen = _closest(root, fitting, 0) or _closest(root, found.checkpoints, _ENOUGH)
    if chosen is None:
        return None
    return Comparison(
        chosen,
        chosen in fitting,
        tuple(_outermost(key for key in chosen.keys if key.is_certain and lacks(root, key.path))),
        tuple(_unreadable(root, chosen)),
        tuple(_unread(root, chosen)),
    )


def fits_path(path: str, pattern: str) -> bool:
    """Whether a file lies where a path with holes, such as `runs/{name}/last.pt`, may lead.

    The pattern may begin anywhere above the file, and its last part must say more than a hole.
    """
    pattern = pattern.removeprefix("./").replace("\\", "/")
    last = _HOLE.sub("", pattern.rsplit("/", 1)[-1])
    if not any(letter.isalnum() for letter in last.rsplit(".", 1)[0]):
        return False
    pieces = [re.escape(piece) for piece in _HOLE.split(pattern)]
    # A hole may be a folder with all above it, never the whole of nothing.
    return re.search(f"(?:^|/){'.+'.join(pieces)}$", path) is not None


def lacks(root: FileEntry, path: KeyPath) -> bool:
    """Whether the file surely holds no such key."""
    entry = root
    for key in path:
        if entry.kind not in _WHOLE_KINDS or (entry.kind == "object" and not entry.entries):
            return False  # What it holds is not told.
        inner = next((one for one in entry.entries if one.key == key), None)
        if inner is None:
            return True
        entry = inner
    return False


def _closest(root: FileEntry, checkpoints: Sequence[MappedCheckpoint], least: int) -> MappedCheckpoint | None:
    """The checkpoint that shares most keys, of equals the one with the fewest others."""
    held = {entry.key for entry in root.entries}

    def score(one: MappedCheckpoint) -> tuple[int, int]:
        saved = {key.path[0] for key in one.keys if key.path}
        return len(saved & held), -len(saved ^ held)

    best = max(checkpoints, key=score, default=None)
    return best if best is not None and score(best)[0] >= least else None


def _outermost(keys: Iterable[StoredKey]) -> Iterator[StoredKey]:
    seen: set[KeyPath] = set()
    for key in keys:
        if not any(key.path[:length] in seen for length in range(1, len(key.path))):
            yield key
        seen.add(key.path)


def _unreadable(root: FileEntry, chosen: MappedCheckpoint) -> Iterator[KeyUse]:
    seen: set[KeyPath] = set()
    for reader in chosen.readers:
        for use in reader.uses:
            if not use.is_guarded and use.path not in seen and lacks(root, use.path):
                seen.add(use.path)
                yield use


def _unread(root: FileEntry, chosen: MappedCheckpoint) -> Iterator[str]:
    readers = chosen.readers
    if not readers or not chosen.is_dict or any(reader.reads_more for reader in readers):
        return
    read = {use.path[:1] for reader in readers for use in reader.uses}
    if WHOLE in read:
        return
    yield from (entry.key for entry in root.entries if (entry.key,) not in read)
