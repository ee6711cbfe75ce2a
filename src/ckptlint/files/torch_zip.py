"""What `torch.save` writes since PyTorch 1.6: a zip archive with one pickle, and a part for each storage."""

from __future__ import annotations

from ckptlint.files.archive import Archive
from ckptlint.files.entries import Contents
from ckptlint.files.pickle_machine import PickleMachine
from ckptlint.files.pickle_tree import TreeBuilder

PICKLE = "data.pkl"


def pickle_of(archive: Archive) -> str | None:
    """The name of the pickle in the archive, None when there is none."""
    found = [name for name in archive.names if name == PICKLE or name.endswith(f"/{PICKLE}")]
    return min(found, key=lambda name: (name.count("/"), name), default=None)


def read(path: str, archive: Archive, pickle: str) -> Contents:
    """The keys of the pickle `pickle`."""
    with archive.open(pickle) as stream:
        machine = PickleMachine(stream)
        found = machine.run()
    prefix = pickle.removesuffix(PICKLE)
    is_script = f"{prefix}constants.pkl" in archive.names
    root = TreeBuilder(machine.steps).build(found)
    return Contents(path, "TorchScript" if is_script else "PyTorch, zip", root, tuple(machine.warnings))
