"""From a path to what the file holds: the format is told by the content, never by the name alone."""

from __future__ import annotations

import errno
import os
import stat
from typing import BinaryIO

from ckptlint.files import (
    hdf5,
    keras_zip,
    msgpack,
    numpy_arrays,
    plain_pickle,
    safetensors,
    torch_legacy,
    torch_tar,
    torch_zip,
)
from ckptlint.files.archive import Archive
from ckptlint.files.entries import Contents
from ckptlint.files.errors import UnreadableCheckpointError
from ckptlint.files.foreign import described, other_format
from ckptlint.files.stream import Stream
from ckptlint.files.tensor_calls import LEGACY_MAGIC

_HEAD = 512


def read_checkpoint(path: str) -> Contents:
    """What the file at `path` holds. Raises `UnreadableCheckpointError`, whose message names the file."""
    try:
        with _opened(path) as file:
            return _read(path, file, os.fstat(file.fileno()).st_size)
    except UnreadableCheckpointError as error:
        raise UnreadableCheckpointError(f"{path}: {error}") from error
    except OSError as error:
        raise UnreadableCheckpointError(f"{path}: cannot be read: {error.strerror or error}") from error
    except (MemoryError, RecursionError) as error:
        raise UnreadableCheckpointError(f"{path}: it takes more memory than there is; do not load it") from error


def _opened(path: str) -> BinaryIO:
    """The open file, when it is one: opening a pipe would wait for ever, and reading a device has no end."""
    try:
        status = os.stat(path)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise UnreadableCheckpointError("it is a symbolic link that leads to itself; give the file") from error
        raise
    if stat.S_ISDIR(status.st_mode):
        raise UnreadableCheckpointError("it is a folder; give one of the files in it")
    if not stat.S_ISREG(status.st_mode):
        raise UnreadableCheckpointError("it is no regular file (a pipe, a socket or a device); give a file")
    # Should it be exchanged for a pipe in this moment, opening does not wait.
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    return open(handle, "rb")


def _read(path: str, file: BinaryIO, size: int) -> Contents:
    head = file.read(_HEAD)
    file.seek(0)
    if not head:
        raise UnreadableCheckpointError("it is empty; the save was cut off, or the file never copied")
    if head.startswith(b"PK\x03\x04") or head.startswith(b"PK\x05\x06"):
        return _read_archive(path, Archive(file, size))
    stream = Stream(file, size)
    if head.startswith(hdf5.MAGIC):
        return hdf5.read(path, file)
    if head.startswith(numpy_arrays.MAGIC):
        return numpy_arrays.read_array(path, stream)
    if head.startswith(LEGACY_MAGIC):
        return torch_legacy.read(path, stream)
    if head[torch_tar.MAGIC_AT :].startswith(torch_tar.MAGIC):
        return torch_tar.read(path, file)
    other = other_format(head)
    if other is not None:
        raise UnreadableCheckpointError(other)
    if safetensors.looks_like(head):
        return safetensors.read(path, stream)
    # A pickle's first two bytes are its mark and protocol; a msgpack map can begin with the first, never with both.
    if head[0] == 0x80 and len(head) > 1 and head[1] <= 5:
        return plain_pickle.read(path, stream)
    if msgpack.looks_like(head):
        return msgpack.read(path, stream)
    return _read_old_pickle(path, stream, head)


def _read_archive(path: str, archive: Archive) -> Contents:
    pickle = torch_zip.pickle_of(archive)
    if pickle is not None:
        return torch_zip.read(path, archive, pickle)
    if keras_zip.is_one(archive):
        return keras_zip.read(path, archive)
    if any(name.endswith(".npy") for name in archive.names):
        return numpy_arrays.read_archive(path, archive)
    raise UnreadableCheckpointError(
        f"it is a zip archive of {described(archive.names)}, and no checkpoint of PyTorch, Keras or NumPy; "
        "if a checkpoint is in it, unpack it first"
    )


def _read_old_pickle(path: str, stream: Stream, head: bytes) -> Contents:
    """Pickles of protocol 0 and 1 begin with nothing of their own: what can be followed to its end is one."""
    try:
        return plain_pickle.read(path, stream)
    except UnreadableCheckpointError as error:
        if stream.position > 2 * _HEAD:
            raise
        raise UnreadableCheckpointError(
            "it is no checkpoint of PyTorch, safetensors, Keras, HDF5, Flax (msgpack), NumPy or pickle"
            f"{' but text' if _is_text(head) else ''}; give the file that the training wrote"
        ) from error


def _is_text(head: bytes) -> bool:
    return all(byte >= 0x20 or byte in b"\t\r\n\f" for byte in head)
