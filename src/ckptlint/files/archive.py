"""Zip archives: their names and parts, with bounds before anything is unpacked."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, cast

from ckptlint.files.errors import UnreadableCheckpointError
from ckptlint.files.limits import MAX_DIRECTORY
from ckptlint.files.stream import Part, Stream, unpacked_size

_END = b"PK\x05\x06"
_END_SIZE = 22
_WIDE_END = b"PK\x06\x06"
_LOCAL_SIZE = 30


class Archive:
    """An open zip file."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file = file
        directory = _directory_size(file, size)
        if directory > MAX_DIRECTORY:
            raise UnreadableCheckpointError(
                f"its table of contents takes {directory:,} bytes, more than a checkpoint's; it is damaged, or made to "
                "fill the memory"
            )
        file.seek(0)
        try:
            self._zip = zipfile.ZipFile(file)
        except (zipfile.BadZipFile, ValueError, OverflowError, NotImplementedError, struct.error, OSError) as error:
            raise _damaged(error) from error
        self.names = [info.filename for info in self._zip.infolist()]
        self._sizes = {info.filename: info.file_size for info in self._zip.infolist()}

    def size(self, name: str) -> int:
        """The unpacked size of a part, as declared."""
        return self._sizes[name]

    @contextmanager
    def open(self, name: str) -> Iterator[Stream]:
        """A part of the archive."""
        with self.part(name) as file:
            yield Stream(file, self._sizes[name])

    @contextmanager
    def part(self, name: str) -> Iterator[BinaryIO]:
        """A part as a file: a stored one in its place, a compressed one unpacked as it is read."""
        info = self._zip.getinfo(name)
        if info.flag_bits & 0x1:
            raise UnreadableCheckpointError(
                "it is encrypted, and ckptlint takes no password; unpack it and save it without one"
            )
        try:
            if info.compress_type == zipfile.ZIP_STORED:
                yield io.BufferedReader(Part(self._file, self._start(info), info.file_size))
            else:
                unpacked_size(info.file_size, name)
                with self._zip.open(info) as file:
                    yield cast(BinaryIO, file)
        except UnreadableCheckpointError:
            raise
        except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, OSError) as error:
            raise _damaged(error) from error

    def read(self, name: str, limit: int) -> bytes:
        """The whole of a small part."""
        if self._sizes[name] > limit:
            raise UnreadableCheckpointError(
                f"`{name}` in it takes {self._sizes[name]:,} bytes, more than {limit:,}; it is damaged"
            )
        with self.open(name) as stream:
            return stream.read(stream.size)

    def _start(self, info: zipfile.ZipInfo) -> int:
        """Where a stored part begins: behind a header of its own."""
        self._file.seek(info.header_offset)
        header = self._file.read(_LOCAL_SIZE)
        if len(header) < _LOCAL_SIZE or header[:4] != b"PK\x03\x04":
            raise UnreadableCheckpointError(
                f"`{info.filename}` in it is not where its table of contents says; copy or download it again"
            )
        names, extra = struct.unpack("<HH", header[26:30])
        return info.header_offset + _LOCAL_SIZE + int(names) + int(extra)


def _directory_size(file: BinaryIO, size: int) -> int:
    """Bytes of the table of contents, from the record at the end."""
    start = max(0, size - 65_536 - _END_SIZE)
    file.seek(start)
    tail = file.read(size - start)
    at = tail.rfind(_END)
    if at < 0 or len(tail) - at < _END_SIZE:
        raise UnreadableCheckpointError(
            "it is cut off (a zip archive without its end, where the table of contents is); copy or download it again"
        )
    found = int(struct.unpack("<L", tail[at + 12 : at + 16])[0])
    wide = tail.rfind(_WIDE_END, 0, at)
    if wide >= 0 and at - wide >= 56:
        found = max(found if found != 0xFFFFFFFF else 0, int(struct.unpack("<Q", tail[wide + 40 : wide + 48])[0]))
    return found


def _damaged(error: Exception) -> UnreadableCheckpointError:
    said = str(error)[:200] or type(error).__name__
    return UnreadableCheckpointError(f"its zip archive is damaged ({said}); copy or download it again")
