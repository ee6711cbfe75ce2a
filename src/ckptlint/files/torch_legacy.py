"""What `torch.save` wrote before PyTorch 1.6: five pickles in a row, then the storages."""

from __future__ import annotations

from ckptlint.files.dtypes import SIZES
from ckptlint.files.entries import Contents
from ckptlint.files.errors import UnreadableCheckpointError
from ckptlint.files.pickle_calls import items_of
from ckptlint.files.pickle_machine import PickleMachine
from ckptlint.files.pickle_symbols import Persistent
from ckptlint.files.pickle_tree import TreeBuilder
from ckptlint.files.stream import Stream
from ckptlint.files.tensor_calls import storage_of


def read(path: str, stream: Stream) -> Contents:
    """The keys of the fourth pickle."""
    machine = PickleMachine(stream)
    machine.run()  # the magic number, which told the format
    machine.run()  # the protocol
    machine.run()  # the machine's word sizes
    found = machine.run()
    storages = dict(_storages(machine.persistent))
    keys = items_of(machine.run())
    expected = sum(storages.get(str(key), 0) + 8 for key in keys)
    if expected > stream.size - stream.position:
        raise UnreadableCheckpointError(
            f"it is cut off (its tensors take {expected:,} bytes, and {stream.size - stream.position:,} follow); "
            "copy or download it again"
        )
    root = TreeBuilder(machine.steps).build(found)
    return Contents(path, "PyTorch, before 1.6", root, tuple(machine.warnings))


def _storages(symbols: list[Persistent]) -> list[tuple[str, int]]:
    """Bytes of each storage, by its key."""
    found = [storage_of(symbol) for symbol in symbols]
    return [(one[0], one[2] * SIZES.get(one[1], 0)) for one in found if one is not None]
