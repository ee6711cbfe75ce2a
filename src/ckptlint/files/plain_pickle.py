"""A pickle of anything: `pickle.dump`, `joblib.dump`, Python 2's `cPickle`."""

from __future__ import annotations

from ckptlint.files.entries import Contents
from ckptlint.files.pickle_machine import PickleMachine
from ckptlint.files.pickle_tree import TreeBuilder
from ckptlint.files.stream import Stream


def read(path: str, stream: Stream) -> Contents:
    """The keys of the first pickle."""
    machine = PickleMachine(stream)
    found = machine.run()
    root = TreeBuilder(machine.steps).build(found)
    return Contents(path, "pickle", root, tuple(machine.warnings))
