"""`.keras`: a zip archive of a configuration, metadata and the weights in HDF5."""

from __future__ import annotations

import io

from ckptlint.files import hdf5
from ckptlint.files.archive import Archive
from ckptlint.files.entries import MAPPING, Contents, FileEntry
from ckptlint.files.json_part import entry_of, parsed
from ckptlint.files.limits import MAX_JSON

CONFIG, METADATA, WEIGHTS = "config.json", "metadata.json", "model.weights.h5"


def is_one(archive: Archive) -> bool:
    """Whether the archive holds what a `.keras` file does."""
    return CONFIG in archive.names and (METADATA in archive.names or WEIGHTS in archive.names)


def read(path: str, archive: Archive) -> Contents:
    """Configuration, metadata and the names of the weights."""
    entries = [
        entry_of(name.removesuffix(".json"), parsed(archive.read(name, MAX_JSON), f"`{name}` in it"))
        for name in (CONFIG, METADATA)
        if name in archive.names
    ]
    warnings = []
    if WEIGHTS in archive.names:
        h5py = hdf5.library()
        if h5py is None:
            warnings.append(f"the weights are not shown: {hdf5.INSTALL}")
        else:
            with archive.part(WEIGHTS) as file:
                # The library goes back and forth, which a part that is unpacked cannot.
                source = file if isinstance(file, io.BufferedReader) else io.BytesIO(file.read())
                entries.append(hdf5.tree(h5py, source, "weights"))
    return Contents(path, "Keras", FileEntry("", MAPPING, entries=tuple(entries)), tuple(warnings))
