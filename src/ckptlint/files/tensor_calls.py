"""Tensors and arrays of PyTorch and NumPy, by the calls that a pickle makes them with."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from types import MappingProxyType

from ckptlint.files.dtypes import OF_STORAGE, of_numpy
from ckptlint.files.entries import SCALAR, TENSOR, FileEntry
from ckptlint.files.errors import UnreadableCheckpointError
from ckptlint.files.pickle_calls import items_of
from ckptlint.files.pickle_machine import PickleMachine
from ckptlint.files.pickle_opcodes import Long
from ckptlint.files.pickle_symbols import Call, Name, Persistent
from ckptlint.files.stream import Stream

_TORCH = "torch.Tensor"
_PARAMETER = "torch.nn.Parameter"
_NUMPY = "numpy.ndarray"
_MAX_WRAPPED = 8
"""How many calls may lie around a tensor."""

LEGACY_MAGIC = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19."
"""How a file of PyTorch before 1.6 begins: a pickle of one agreed number."""


def tensor_of(call: Call, key: str, depth: int = 0) -> FileEntry | None:
    """The tensor that a call makes, None when it makes something else."""
    make = _MAKERS.get(call.name)
    if make is None or depth > _MAX_WRAPPED:
        return None
    try:
        return make(call, key, depth)
    except IndexError:
        return FileEntry(key, TENSOR, class_name=call.name)


def _rebuilt(call: Call, key: str, depth: int) -> FileEntry:
    arguments = call.arguments
    dtype = _storage_dtype(arguments[0])
    if call.name.endswith("_v3"):
        dtype = _dtype(arguments[6])
    return FileEntry(key, TENSOR, sizes(arguments[2]), dtype, _TORCH)


def _wrapped(call: Call, key: str, depth: int) -> FileEntry | None:
    inner = call.arguments[0]
    found = tensor_of(inner, key, depth + 1) if isinstance(inner, Call) else None
    return FileEntry(key, TENSOR, found.shape, found.dtype, _PARAMETER) if found else None


def _from_type(call: Call, key: str, depth: int) -> FileEntry | None:
    """`_rebuild_from_type_v2(function, type, arguments, state)`: a subclass of a tensor."""
    function, made, arguments = call.arguments[:3]
    found = tensor_of(Call(function, items_of(arguments), False), key, depth + 1)
    if found is None:
        return None
    return FileEntry(key, TENSOR, found.shape, found.dtype, made.full if isinstance(made, Name) else _TORCH)


def _without_storage(call: Call, key: str, depth: int) -> FileEntry:
    return FileEntry(key, TENSOR, sizes(call.arguments[1]), _dtype(call.arguments[0]), _TORCH)


def _sparse(call: Call, key: str, depth: int) -> FileEntry:
    parts = items_of(call.arguments[1])
    values = next((tensor_of(p, key, depth + 1) for p in parts[1:2] if isinstance(p, Call)), None)
    return FileEntry(key, TENSOR, sizes(parts[2]), values.dtype if values else "", _TORCH)


def _array(call: Call, key: str, depth: int) -> FileEntry:
    state = items_of(call.state)
    if len(state) < 3:
        return FileEntry(key, TENSOR, class_name=_NUMPY)
    return FileEntry(key, TENSOR, sizes(state[1]), _dtype(state[2]), _NUMPY)


def _from_buffer(call: Call, key: str, depth: int) -> FileEntry:
    return FileEntry(key, TENSOR, sizes(call.arguments[2]), _dtype(call.arguments[1]), _NUMPY)


def _number(call: Call, key: str, depth: int) -> FileEntry:
    return FileEntry(key, SCALAR, dtype=_dtype(call.arguments[0]), class_name="numpy.generic")


_Make = Callable[[Call, str, int], "FileEntry | None"]
_MAKERS: Mapping[str, _Make] = MappingProxyType(
    {
        "torch._utils._rebuild_tensor": _rebuilt,
        "torch._utils._rebuild_tensor_v2": _rebuilt,
        "torch._utils._rebuild_tensor_v3": _rebuilt,
        "torch._utils._rebuild_qtensor": _rebuilt,
        "torch._utils._rebuild_parameter": _wrapped,
        "torch._utils._rebuild_parameter_with_state": _wrapped,
        "torch._tensor._rebuild_from_type_v2": _from_type,
        "torch._tensor._rebuild_from_type": _from_type,
        "torch._utils._rebuild_meta_tensor_no_storage": _without_storage,
        "torch._utils._rebuild_sparse_tensor": _sparse,
        "numpy.core.multiarray._reconstruct": _array,
        "numpy._core.multiarray._reconstruct": _array,
        "numpy.core.numeric._frombuffer": _from_buffer,
        "numpy._core.numeric._frombuffer": _from_buffer,
        "numpy.core.multiarray.scalar": _number,
        "numpy._core.multiarray.scalar": _number,
    }
)
"""How each of these calls says shape and type."""


def sizes(symbol: object) -> tuple[int, ...] | None:
    """A shape written as a tuple, list or `torch.Size`; None when it is none."""
    if isinstance(symbol, Call) and symbol.name == "torch.Size" and symbol.arguments:
        symbol = symbol.arguments[0]
    items = items_of(symbol)
    if len(items) > 64 or not all(isinstance(item, int) and not isinstance(item, bool) for item in items):
        return None
    return tuple(item for item in items if isinstance(item, int))


def _dtype(symbol: object) -> str:
    """A type: `torch.float32` by its name, or NumPy's."""
    if isinstance(symbol, Name):
        return symbol.name
    if isinstance(symbol, Call) and symbol.name == "numpy.dtype" and symbol.arguments:
        first = symbol.arguments[0]
        return of_numpy(first) if isinstance(first, str) else ""
    return of_numpy(symbol) if isinstance(symbol, str) else ""


def storage_of(symbol: object) -> tuple[str, str, int] | None:
    """Key, element type and number of elements of a storage that the file holds elsewhere."""
    if not isinstance(symbol, Persistent):
        return None
    items = items_of(symbol.identifier)
    if len(items) < 5 or items[0] not in ("storage", b"storage"):
        return None
    kind, key, count = items[1], items[2], items[4]
    dtype = OF_STORAGE.get(kind.name, "") if isinstance(kind, Name) else ""
    return (str(key), dtype, count) if isinstance(key, str | int) and isinstance(count, int) else None


def _storage_dtype(symbol: object) -> str:
    found = storage_of(symbol)
    if found is not None:
        return found[1]
    if isinstance(symbol, Call) and symbol.name == "torch.storage._load_from_bytes" and symbol.arguments:
        held = symbol.arguments[0]
        head = held.head if isinstance(held, Long) else held
        return _dtype_within(head) if isinstance(head, bytes) else ""
    return ""


def _dtype_within(head: bytes) -> str:
    """The element type of a storage that lies in the pickle as a file of its own: the fourth pickle tells it."""
    if not head.startswith(LEGACY_MAGIC):
        return ""
    machine = PickleMachine(Stream(io.BytesIO(head), len(head)))
    try:
        found = [machine.run() for _ in range(4)][3]
    except UnreadableCheckpointError:
        return ""
    storage = storage_of(found)
    return storage[1] if storage else ""
