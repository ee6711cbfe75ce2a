"""What `torch.save` wrote before PyTorch 0.1.10: a tar archive of storages, tensors and a pickle that names them."""

from __future__ import annotations

import io
import struct
import tarfile
from typing import BinaryIO

from ckptlint.files.dtypes import OF_STORAGE
from ckptlint.files.entries import TENSOR, Contents, FileEntry
from ckptlint.files.errors import UnreadableCheckpointError
from ckptlint.files.pickle_calls import items_of
from ckptlint.files.pickle_machine import PickleMachine
from ckptlint.files.pickle_symbols import Name
from ckptlint.files.pickle_tree import TreeBuilder
from ckptlint.files.stream import Part, Stream

MAGIC_AT, MAGIC = 257, b"ustar"
_PARTS = ("pickle", "tensors")
_MAX_PARTS = 64


def read(path: str, file: BinaryIO) -> Contents:
    """The keys of the part `pickle`, with shapes and types of the part `tensors`."""
    parts = _parts(file)
    if any(name not in parts for name in _PARTS):
        raise UnreadableCheckpointError(
            "it is a tar archive without the parts of a PyTorch checkpoint; unpack it and give the file within"
        )
    tensors = PickleMachine(parts["tensors"])
    known = dict(_tensor(tensors) for _ in range(_count(tensors)))
    machine = PickleMachine(parts["pickle"])
    found = machine.run()
    root = TreeBuilder(machine.steps, known).build(found)
    return Contents(path, "PyTorch, before 0.1.10", root, (*tensors.warnings, *machine.warnings))


def _parts(file: BinaryIO) -> dict[str, Stream]:
    found: dict[str, Stream] = {}
    try:
        with tarfile.open(fileobj=file, mode="r:") as archive:
            for _ in range(_MAX_PARTS):
                member = archive.next()
                if member is None:
                    break
                if member.isreg() and not member.issparse():
                    found[member.name] = _part(file, member)
    except (tarfile.TarError, ValueError, OverflowError, EOFError) as error:
        raise UnreadableCheckpointError(f"its tar archive is damaged ({error}); copy or download it again") from error
    return found


def _part(file: BinaryIO, member: tarfile.TarInfo) -> Stream:
    return Stream(io.BufferedReader(Part(file, member.offset_data, member.size)), member.size)


def _count(machine: PickleMachine) -> int:
    found = machine.run()
    if not isinstance(found, int) or found < 0:
        raise UnreadableCheckpointError("its list of tensors has no length; it is damaged, or no checkpoint")
    return found


def _tensor(machine: PickleMachine) -> tuple[str, FileEntry]:
    """The next tensor of the list: a pickle of its key, storage and class, then its sizes as plain numbers."""
    told = items_of(machine.run())
    stream = machine.stream
    (dimensions,) = struct.unpack("<i", stream.read(4))
    stream.skip(4)
    if not 0 <= dimensions <= 64:
        raise UnreadableCheckpointError(f"a tensor of {dimensions} dimensions in it; it is damaged, or no checkpoint")
    shape = struct.unpack(f"<{dimensions}q", stream.read(8 * dimensions))
    stream.skip(8 * dimensions + 8)  # strides and offset
    kind = told[2].name if len(told) == 3 and isinstance(told[2], Name) else ""
    dtype = OF_STORAGE.get(kind.replace("Tensor", "Storage"), "")
    return str(told[0]) if told else "", FileEntry("", TENSOR, shape, dtype, "torch.Tensor")
