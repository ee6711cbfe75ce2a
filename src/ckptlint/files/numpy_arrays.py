"""NumPy's files: `.npy`, a header and an array, and `.npz`, a zip archive of them."""

from __future__ import annotations

import re

from ckptlint.files.archive import Archive
from ckptlint.files.dtypes import of_numpy
from ckptlint.files.entries import MAPPING, TENSOR, Contents, FileEntry
from ckptlint.files.errors import UnreadableCheckpointError
from ckptlint.files.limits import MAX_ARRAY_HEADER
from ckptlint.files.pickle_machine import PickleMachine
from ckptlint.files.pickle_tree import TreeBuilder
from ckptlint.files.stream import Stream

MAGIC = b"\x93NUMPY"
_DTYPE = re.compile(r"'descr':\s*(?:'([^']*)'|(\[))")
_SHAPE = re.compile(r"'shape':\s*\(([\d,\sL]*)\)")


def read_array(path: str, stream: Stream) -> Contents:
    """The one array of a `.npy` file."""
    entry, warnings = _array("", stream)
    return Contents(path, "NumPy array", entry, warnings)


def read_archive(path: str, archive: Archive) -> Contents:
    """The arrays of a `.npz` file."""
    entries: list[FileEntry] = []
    warnings: dict[str, None] = {}
    for name in archive.names:
        if name.endswith(".npy"):
            with archive.open(name) as stream:
                entry, said = _array(name.removesuffix(".npy"), stream)
            entries.append(entry)
            warnings.update(dict.fromkeys(said))
    return Contents(path, "NumPy arrays", FileEntry("", MAPPING, entries=tuple(entries)), tuple(warnings))


def _array(key: str, stream: Stream) -> tuple[FileEntry, tuple[str, ...]]:
    if stream.read(6) != MAGIC:
        raise UnreadableCheckpointError(f"`{key}` in it is no NumPy array; it is damaged, or no checkpoint")
    version = stream.read(2)[0]
    length = int.from_bytes(stream.read(2 if version == 1 else 4), "little")
    if length > MAX_ARRAY_HEADER:
        raise UnreadableCheckpointError(
            f"an array's header takes {length:,} bytes, more than the {MAX_ARRAY_HEADER:,} that are read; it is damaged"
        )
    header = stream.read(length).decode("utf-8" if version >= 3 else "latin-1", "replace")
    dtype, shape = _DTYPE.search(header), _SHAPE.search(header)
    if dtype is None or shape is None:
        raise UnreadableCheckpointError("an array's header says neither type nor shape; it is damaged")
    digits = [part.strip(" L\n\t") for part in shape[1].split(",")]
    if len(digits) > 65 or any(len(part) > 19 for part in digits):
        raise UnreadableCheckpointError("an array's header says no shape; it is damaged")
    sizes = tuple(int(part) for part in digits if part.isdigit())
    kind = of_numpy(dtype[1]) if dtype[1] is not None else "structured"
    if kind != "object":
        return FileEntry(key, TENSOR, sizes, kind, "numpy.ndarray"), ()
    machine = PickleMachine(stream)
    found = machine.run()
    return TreeBuilder(machine.steps).build(found, key), tuple(machine.warnings)
