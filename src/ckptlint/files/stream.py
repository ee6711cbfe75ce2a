"""Bytes of a file, or of a part of one, read forward and never further than they go."""

from __future__ import annotations

import io
import os
from typing import BinaryIO

from ckptlint.files.errors import UnreadableCheckpointError
from ckptlint.files.limits import MAX_UNPACKED

_PIECE = 65_536


class Stream:
    """Reads forward; asking for more than there is says that the file is cut off."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self.file = file
        self.size = size
        """Bytes in all."""
        self.position = 0

    def read(self, count: int) -> bytes:
        """Exactly so many bytes."""
        if count > self.size - self.position:
            raise cut_off(self.position)
        data = self.file.read(count)
        self.position += len(data)
        if len(data) != count:
            raise cut_off(self.position)
        return data

    def head(self, count: int, kept: int) -> bytes:
        """The first `kept` of so many bytes; the others are passed over."""
        data = self.read(min(count, kept))
        self.skip(count - len(data))
        return data

    def skip(self, count: int) -> None:
        """Pass over so many bytes."""
        if count > self.size - self.position:
            raise cut_off(self.position)
        if count > _PIECE and self.file.seekable():
            self.file.seek(count, os.SEEK_CUR)
            self.position += count
            return
        while count > 0:
            count -= len(self.read(min(count, _PIECE)))

    def line(self, limit: int) -> bytes:
        """Up to the next line end, which is passed over."""
        data = self.file.readline(limit + 1)
        self.position += len(data)
        if not data.endswith(b"\n"):
            raise cut_off(self.position) if len(data) <= limit else too_long(self.position)
        return data[:-1]


def cut_off(position: int) -> UnreadableCheckpointError:
    """A file that ends too early."""
    return UnreadableCheckpointError(
        f"it is cut off (it goes on after byte {position:,} and there is no more); copy or download it again"
    )


def too_long(position: int) -> UnreadableCheckpointError:
    """A line that does not end."""
    return UnreadableCheckpointError(f"byte {position:,}: a line without an end; it is damaged, or no checkpoint")


class Part(io.RawIOBase):
    """A stretch of an open file as a file of its own."""

    def __init__(self, file: BinaryIO, start: int, size: int) -> None:
        super().__init__()
        self._file = file
        self._start = start
        self._size = size
        self._at = 0

    def readable(self) -> bool:
        """Always."""
        return True

    def seekable(self) -> bool:
        """Always."""
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to a place within the stretch."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def tell(self) -> int:
        """The place within the stretch."""
        return self._at

    def readinto(self, buffer: object) -> int:
        """Fill a buffer with what follows."""
        view = memoryview(buffer)  # type: ignore[arg-type]
        self._file.seek(self._start + self._at)
        data = self._file.read(max(0, min(len(view), self._size - self._at)))
        view[: len(data)] = data
        self._at += len(data)
        return len(data)


def unpacked_size(declared: int, name: str) -> int:
    """The declared size of a compressed part, when it is one that may be unpacked."""
    if declared > MAX_UNPACKED:
        raise UnreadableCheckpointError(
            f"`{name}` in it unpacks to {declared:,} bytes, more than a checkpoint's description takes; "
            "it may be made to fill the memory: do not load it"
        )
    return declared
