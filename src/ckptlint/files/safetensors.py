"""safetensors: the length of a JSON header, the header, the tensors' bytes."""

from __future__ import annotations

from typing import TypeGuard

from ckptlint.files.dtypes import OF_SAFETENSORS
from ckptlint.files.entries import MAPPING, TENSOR, Contents, FileEntry
from ckptlint.files.errors import UnreadableCheckpointError
from ckptlint.files.json_part import entry_of, parsed
from ckptlint.files.limits import MAX_JSON
from ckptlint.files.stream import Stream, cut_off

_METADATA = "__metadata__"


def looks_like(head: bytes) -> bool:
    """Whether a file that begins so has a header's length and then a JSON object."""
    return len(head) > 8 and head[8:9] == b"{" and int.from_bytes(head[:8], "little") < 2**40


def read(path: str, stream: Stream) -> Contents:
    """The keys of the header."""
    length = int.from_bytes(stream.read(8), "little")
    if length > stream.size - 8:
        raise cut_off(stream.size)
    if length > MAX_JSON:
        raise UnreadableCheckpointError(
            f"its header takes {length:,} bytes, more than the {MAX_JSON:,} that are read; it is damaged, or made to "
            "fill the memory"
        )
    header = parsed(stream.read(length), "its header")
    data_size = stream.size - stream.position
    tensors = tuple(_tensor(key, told, data_size) for key, told in header.items() if key != _METADATA)
    metadata = (entry_of(_METADATA, header[_METADATA]),) if _METADATA in header else ()
    return Contents(path, "safetensors", FileEntry("", MAPPING, entries=(*tensors, *metadata)))


def _tensor(key: str, told: object, data_size: int) -> FileEntry:
    if isinstance(told, dict):
        dtype, shape, place = told.get("dtype"), told.get("shape"), told.get("data_offsets")
        if isinstance(dtype, str) and _are_sizes(shape) and _are_sizes(place) and len(place) == 2:
            if place[1] > data_size:
                raise UnreadableCheckpointError(
                    f"it is cut off (`{key[:80]}` ends at byte {place[1]:,} of its tensors, and there are "
                    f"{data_size:,}); copy or download it again"
                )
            return FileEntry(key, TENSOR, tuple(shape), OF_SAFETENSORS.get(dtype, dtype[:40]))
    raise UnreadableCheckpointError(f"its header says no shape, type and place of `{key[:80]}`; it is damaged")


def _are_sizes(value: object) -> TypeGuard[list[int]]:
    return isinstance(value, list) and len(value) <= 64 and all(type(item) is int and item >= 0 for item in value)
