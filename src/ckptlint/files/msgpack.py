"""msgpack as Flax writes it (`to_bytes`): maps of arrays.

Read here and not by the library, which would hold every array in memory: only heads are read, data is passed over.
"""

from __future__ import annotations

import struct

from ckptlint.files.entries import MAPPING, OBJECT, SCALAR, SEQUENCE, TENSOR, Contents, FileEntry, scalar
from ckptlint.files.errors import UnreadableCheckpointError
from ckptlint.files.limits import MAX_DEPTH, MAX_OBJECTS, MAX_TEXT
from ckptlint.files.stream import Stream

_ARRAY, _COMPLEX, _NUMBER = 1, 2, 3
"""Flax's types of extensions."""
_CHUNKED = "__msgpack_chunked_array__"
"""A key of the map that Flax writes for an array too large for one piece."""

_NUMBERS = {0xCA: ">f", 0xCB: ">d", 0xCC: ">B", 0xCD: ">H", 0xCE: ">I", 0xCF: ">Q"}
_SIGNED = {0xD0: ">b", 0xD1: ">h", 0xD2: ">i", 0xD3: ">q"}
_BYTES = {0xC4: 1, 0xC5: 2, 0xC6: 4}
_TEXTS = {0xD9: 1, 0xDA: 2, 0xDB: 4}
_LISTS = {0xDC: 2, 0xDD: 4}
_MAPS = {0xDE: 2, 0xDF: 4}
_FIXED = {0xD4: 1, 0xD5: 2, 0xD6: 4, 0xD7: 8, 0xD8: 16}
_EXTENSIONS = {0xC7: 1, 0xC8: 2, 0xC9: 4}


def looks_like(head: bytes) -> bool:
    """Whether a file may begin so: with a map."""
    return bool(head) and (0x81 <= head[0] <= 0x8F or head[0] in _MAPS)


def read(path: str, stream: Stream) -> Contents:
    """The keys of the map."""
    root = _Reader(stream).item("", 0)
    if stream.position != stream.size:
        raise UnreadableCheckpointError(
            f"byte {stream.position:,}: something follows the msgpack map; it is damaged, or no checkpoint"
        )
    return Contents(path, "msgpack", root)


class _Reader:
    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self._left = MAX_OBJECTS

    def item(self, key: str, depth: int) -> FileEntry:
        """The next item."""
        self._left -= 1
        if self._left < 0:
            raise UnreadableCheckpointError(
                f"it has more than {MAX_OBJECTS:,} items; it is no checkpoint whose keys can be told"
            )
        if depth > MAX_DEPTH:
            raise UnreadableCheckpointError(f"it is nested more than {MAX_DEPTH} levels deep; it is no checkpoint")
        code = self.stream.read(1)[0]
        if 0x80 <= code <= 0x8F or code in _MAPS:
            return self._map(key, code & 0x0F if code <= 0x8F else self._unsigned(_MAPS[code]), depth)
        if 0x90 <= code <= 0x9F or code in _LISTS:
            return self._list(key, code & 0x0F if code <= 0x9F else self._unsigned(_LISTS[code]), depth)
        if code in _FIXED or code in _EXTENSIONS:
            return self._extension(key, _FIXED[code] if code in _FIXED else self._unsigned(_EXTENSIONS[code]), depth)
        if code in _BYTES:
            return self._bytes(key, self._unsigned(_BYTES[code]))
        return scalar(key, self._plain(code))

    def _unsigned(self, size: int) -> int:
        return int.from_bytes(self.stream.read(size), "big")

    def _plain(self, code: int) -> object:
        if code <= 0x7F or code >= 0xE0:
            return code if code <= 0x7F else code - 0x100
        if 0xA0 <= code <= 0xBF or code in _TEXTS:
            size = code & 0x1F if code <= 0xBF else self._unsigned(_TEXTS[code])
            return self.stream.head(size, MAX_TEXT).decode("utf-8", "replace")
        if code in (0xC0, 0xC2, 0xC3):
            return {0xC0: None, 0xC2: False, 0xC3: True}[code]
        layout = _NUMBERS.get(code) or _SIGNED.get(code)
        if layout is None:
            raise UnreadableCheckpointError(
                f"byte {self.stream.position:,}: 0x{code:02x} is no msgpack; it is damaged, or no checkpoint"
            )
        return struct.unpack(layout, self.stream.read(struct.calcsize(layout)))[0]

    def _bytes(self, key: str, size: int) -> FileEntry:
        if size <= MAX_TEXT:
            return scalar(key, self.stream.read(size))
        self.stream.skip(size)
        return FileEntry(key, SCALAR, dtype="bytes", value=f"{size:,} bytes")

    def _map(self, key: str, count: int, depth: int) -> FileEntry:
        entries: dict[str, FileEntry] = {}
        for _ in range(count):
            name = self.item("", depth + 1)
            text = name.value if name.kind != MAPPING else "<object>"
            entries[text] = self.item(text, depth + 1)
        if _CHUNKED in entries and "shape" in entries and "chunks" in entries:
            return _joined(key, entries["shape"], entries["chunks"])
        return FileEntry(key, MAPPING, entries=tuple(entries.values()))

    def _list(self, key: str, count: int, depth: int) -> FileEntry:
        if count > self._left:
            raise UnreadableCheckpointError(f"a list of {count:,} items in it; it is no checkpoint, or damaged")
        items = tuple(self.item(str(index), depth + 1) for index in range(count))
        return FileEntry(key, SEQUENCE, (count,), class_name="list", entries=items)

    def _extension(self, key: str, size: int, depth: int) -> FileEntry:
        """Flax's arrays and numbers are an extension that holds msgpack again: shape, type, data."""
        kind = self._unsigned(1)
        end = self.stream.position + size
        if end > self.stream.size:
            self.stream.skip(size)
        if kind not in (_ARRAY, _COMPLEX, _NUMBER):
            self.stream.skip(size)
            return FileEntry(key, OBJECT, value=f"msgpack extension {kind}")
        told = self.item(key, depth + 1)
        if self.stream.position > end or told.kind != SEQUENCE:
            raise UnreadableCheckpointError(
                f"byte {self.stream.position:,}: an array that says no shape; it is damaged, or no checkpoint"
            )
        self.stream.skip(end - self.stream.position)
        if kind == _COMPLEX:
            return FileEntry(key, SCALAR, dtype="complex", value=" + ".join(part.value for part in told.entries) + "j")
        shape, dtype = _told(told)
        return FileEntry(key, TENSOR, shape, dtype) if kind == _ARRAY else FileEntry(key, SCALAR, dtype=dtype)


def _told(told: FileEntry) -> tuple[tuple[int, ...] | None, str]:
    """Shape and type, as the list (shape, type, data) says them."""
    if len(told.entries) < 2:
        return None, ""
    return _sizes(told.entries[0]), told.entries[1].value.removeprefix("b'").removesuffix("'")


def _sizes(entry: FileEntry) -> tuple[int, ...] | None:
    if not all(part.dtype == "int" for part in entry.entries):
        return None
    return tuple(int(part.value) for part in entry.entries)


def _joined(key: str, shape: FileEntry, chunks: FileEntry) -> FileEntry:
    first = next(iter(chunks.entries), None)
    return FileEntry(key, TENSOR, _sizes(shape), first.dtype if first is not None else "")
