"""HDF5, by the library `h5py` where it is installed: groups and datasets by name, never their data.

Links into other files are told and never followed.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any, BinaryIO, cast

from ckptlint.files.entries import MAPPING, OBJECT, TENSOR, Contents, FileEntry, shortened, too_deep
from ckptlint.files.errors import UnreadableCheckpointError
from ckptlint.files.limits import MAX_DEPTH, MAX_OBJECTS

MAGIC = b"\x89HDF\r\n\x1a\n"
INSTALL = "reading HDF5 needs h5py: pip install 'ckptlint[h5]'"


def library() -> ModuleType | None:
    """`h5py`, None where it is not installed."""
    try:
        import h5py  # type: ignore[import-not-found, import-untyped, unused-ignore]
    except ImportError:
        return None
    return cast(ModuleType, h5py)


def read(path: str, file: BinaryIO) -> Contents:
    """The groups and datasets of a file."""
    h5py = library()
    if h5py is None:
        raise UnreadableCheckpointError(INSTALL)
    return Contents(path, "HDF5", tree(h5py, file))


def tree(h5py: Any, file: BinaryIO, key: str = "") -> FileEntry:
    """The groups and datasets of an open file."""
    try:
        with h5py.File(file, "r") as opened:
            return _Walk(h5py).group(key, opened, 0)
    except UnreadableCheckpointError:
        raise
    except Exception as error:  # The library raises whatever a damaged file makes it stumble over.
        said = str(error).replace("\n", " ")[:120]
        raise UnreadableCheckpointError(f"HDF5 cannot be read ({said}); copy or download it again") from error


class _Walk:
    def __init__(self, h5py: Any) -> None:
        self._h5py = h5py
        self._left = MAX_OBJECTS

    def group(self, key: str, group: Any, depth: int) -> FileEntry:
        """The entry of a group with all below it."""
        if depth >= MAX_DEPTH:
            return too_deep(key)
        entries = tuple(self._entry(str(name), group, depth) for name in group)
        return FileEntry(key, MAPPING, class_name=self._written_name(group, key), entries=entries)

    def _entry(self, name: str, group: Any, depth: int) -> FileEntry:
        self._left -= 1
        if self._left < 0:
            raise UnreadableCheckpointError(
                f"it has more than {MAX_OBJECTS:,} groups and datasets; it is no checkpoint"
            )
        link = group.get(name, getlink=True)
        if not isinstance(link, self._h5py.HardLink):
            return FileEntry(name, OBJECT, value=shortened(f"link to {getattr(link, 'path', '')}"))
        found = group[name]
        if isinstance(found, self._h5py.Dataset):
            shape = tuple(int(size) for size in found.shape) if found.shape is not None else None
            return FileEntry(name, TENSOR, shape, str(found.dtype)[:40])
        return self.group(name, found, depth + 1) if isinstance(found, self._h5py.Group) else FileEntry(name, OBJECT)

    def _written_name(self, group: Any, key: str) -> str:
        """The name that Keras gives a layer, where the group is called after its class."""
        name = group.attrs.get("name") if key == "vars" else None
        return shortened(name) if isinstance(name, str) else ""
