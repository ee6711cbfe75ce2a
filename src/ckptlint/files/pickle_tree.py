"""The tree of entries behind a pickle's symbols."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from ckptlint.files.entries import MAPPING, OBJECT, SCALAR, SEQUENCE, TEXT, FileEntry, scalar, shortened, too_deep
from ckptlint.files.errors import UnreadableCheckpointError
from ckptlint.files.limits import MAX_DEPTH, MAX_ENTRIES, MAX_ITEMS
from ckptlint.files.pickle_calls import items_of
from ckptlint.files.pickle_opcodes import Long
from ckptlint.files.pickle_symbols import Call, Name, Persistent, Sequence, Table, is_plain
from ckptlint.files.tensor_calls import storage_of, tensor_of

_DICTS = ("collections.OrderedDict", "collections.defaultdict", "collections.Counter", "builtins.dict")
_SEQUENCES = {
    "builtins.set": "set",
    "builtins.frozenset": "frozenset",
    "builtins.list": "list",
    "builtins.tuple": "tuple",
    "torch.Size": "torch.Size",
    "collections.deque": "collections.deque",
}
_MODULE_PARTS = ("_parameters", "_buffers", "_modules")
"""Where a PyTorch module keeps what its state dict names."""


class TreeBuilder:
    """Builds entries; what is shared counts each time it is told, so that no small file becomes a huge tree."""

    def __init__(self, steps: int, elsewhere: Mapping[str, FileEntry] | None = None) -> None:
        self._left = MAX_ENTRIES + steps
        self._elsewhere = elsewhere or {}
        """Entries that the pickle names by identifier."""
        self._open: set[int] = set()
        """Containers that are being told: one that holds itself is not told again."""

    def build(self, symbol: object, key: str = "") -> FileEntry:
        """The entry of a symbol."""
        self._left -= 1
        if self._left < 0:
            raise UnreadableCheckpointError(
                "it unfolds to many more entries than it has bytes for, as files do that are made to fill the memory; "
                "do not load it"
            )
        if is_plain(symbol):
            return _plain(key, symbol)
        if isinstance(symbol, Name):
            return FileEntry(key, OBJECT, class_name=shortened(symbol.full))
        if isinstance(symbol, Persistent):
            known = self._elsewhere.get(str(symbol.identifier)) if is_plain(symbol.identifier) else None
            return replace(known, key=key) if known is not None else _stored(key, symbol)
        if id(symbol) in self._open:
            return FileEntry(key, OBJECT, value="what holds it")
        if len(self._open) >= MAX_DEPTH:
            return too_deep(key)
        self._open.add(id(symbol))
        try:
            return self._container(key, symbol)
        finally:
            self._open.discard(id(symbol))

    def _container(self, key: str, symbol: object) -> FileEntry:
        if isinstance(symbol, Table):
            return FileEntry(key, MAPPING, entries=self._pairs(symbol))
        if isinstance(symbol, Sequence):
            return self._sequence(key, symbol.kind, symbol.items)
        if isinstance(symbol, Call):
            return self._call(key, symbol)
        return FileEntry(key, OBJECT, value="bytes that the file does not hold")

    def _pairs(self, table: Table) -> tuple[FileEntry, ...]:
        return tuple(self.build(value, key_text(name)) for name, value in table.pairs.values())

    def _sequence(self, key: str, kind: str, items: list[object]) -> FileEntry:
        told = tuple(self.build(item, str(index)) for index, item in enumerate(items[:MAX_ITEMS]))
        return FileEntry(key, SEQUENCE, (len(items),), class_name=kind, entries=told)

    def _call(self, key: str, call: Call) -> FileEntry:
        tensor = tensor_of(call, key)
        if tensor is not None:
            return tensor
        if call.name in _DICTS:
            return FileEntry(key, MAPPING, class_name=call.name, entries=self._pairs(_filled(call)))
        if call.name in _SEQUENCES:
            given = items_of(call.arguments[0]) if call.arguments else []
            return self._sequence(key, _SEQUENCES[call.name], [*given, *call.added])
        if call.name == "_codecs.encode" and call.arguments and isinstance(call.arguments[0], str | Long):
            return _encoded(key, call.arguments[0])
        if call.name in ("builtins.bytes", "builtins.bytearray"):
            return _bytes(key, call)
        if call.name == "builtins.complex" and len(call.arguments) == 2:
            return FileEntry(key, SCALAR, dtype="complex", value=_complex(call.arguments))
        return self._object(key, call)

    def _object(self, key: str, call: Call) -> FileEntry:
        name = class_of(call)
        state = call.state
        if isinstance(state, Sequence) and state.kind == "tuple" and len(state.items) == 2:
            # Slots stand beside the attributes.
            state = next((part for part in state.items[::-1] if isinstance(part, Table)), None)
        entries: tuple[FileEntry, ...] = ()
        if isinstance(state, Table):
            tables = [table_of(state.get(part)) for part in _MODULE_PARTS]
            if all(table is not None for table in tables):
                entries = tuple(entry for table in tables if table for entry in self._pairs(table))
            else:
                entries = self._pairs(state)
        elif call.table.pairs:
            entries = self._pairs(call.table)
        return FileEntry(key, OBJECT, class_name=shortened(name), entries=entries)


def class_of(call: Call) -> str:
    """The qualified name of what a call makes an instance of."""
    if call.name in ("copyreg._reconstructor", "copyreg.__newobj__", "copyreg.__newobj_ex__") and call.arguments:
        made = call.arguments[0]
        return made.full if isinstance(made, Name) else ""
    return call.name


def table_of(symbol: object) -> Table | None:
    """A dict, plain or ordered."""
    if isinstance(symbol, Call) and symbol.name in _DICTS:
        return _filled(symbol)
    return symbol if isinstance(symbol, Table) else None


def _filled(call: Call) -> Table:
    """The keys of a dict that was made by a call: Python 2 gives them to the call, as pairs."""
    table = Table()
    for argument in call.arguments:
        pairs: Iterable[object] = items_of(argument)
        if isinstance(argument, Table):
            table.pairs.update(argument.pairs)
        for pair in pairs:
            both = items_of(pair)
            if len(both) == 2:
                table.put(both[0], both[1])
    table.pairs.update(call.table.pairs)
    return table


def key_text(key: object) -> str:
    """A dict's key as it is told."""
    if isinstance(key, str):
        return key
    if key is None or isinstance(key, bool | int | float | bytes):
        return shortened(repr(key))
    if isinstance(key, Name):
        return shortened(key.full)
    if isinstance(key, Sequence) and all(
        item is None or isinstance(item, bool | int | float | str) for item in key.items
    ):
        return shortened(f"({', '.join(map(repr, key.items))}{',' if len(key.items) == 1 else ''})")
    return "<object>"


def _plain(key: str, value: object) -> FileEntry:
    if isinstance(value, Long):
        kind = TEXT if value.kind == "str" else SCALAR
        return FileEntry(key, kind, dtype="" if kind == TEXT else value.kind, value=f"{value.size:,} bytes")
    return scalar(key, value)


def _encoded(key: str, text: str | Long) -> FileEntry:
    """Bytes as old protocols write them: a string of the same characters."""
    if isinstance(text, Long):
        return FileEntry(key, SCALAR, dtype="bytes", value=f"{text.size:,} bytes")
    try:
        return scalar(key, text.encode("latin-1"))
    except UnicodeEncodeError:
        return FileEntry(key, SCALAR, dtype="bytes")


def _bytes(key: str, call: Call) -> FileEntry:
    kind = call.name.removeprefix("builtins.")
    empty = b"" if kind == "bytes" else bytearray()
    if not call.arguments:
        return scalar(key, empty)
    first = call.arguments[0]
    if isinstance(first, Call) and first.name == "_codecs.encode" and first.arguments:
        first = first.arguments[0]
    if isinstance(first, str):
        first = first.encode("latin-1", "replace")
    if isinstance(first, bytes):
        return scalar(key, bytearray(first) if kind == "bytearray" else first)
    return FileEntry(key, SCALAR, dtype=kind, value=f"{first.size:,} bytes" if isinstance(first, Long) else "")


def _complex(arguments: list[object]) -> str:
    real, imaginary = arguments
    if isinstance(real, float) and isinstance(imaginary, float):
        return repr(complex(real, imaginary))
    return ""


def _stored(key: str, symbol: Persistent) -> FileEntry:
    found = storage_of(symbol)
    if found is not None:
        return FileEntry(key, OBJECT, (found[2],), found[1], "torch.storage")
    items = items_of(symbol.identifier)
    if len(items) >= 2 and items[0] == "module" and isinstance(items[1], Name):
        return FileEntry(key, OBJECT, class_name=shortened(items[1].full))
    return FileEntry(key, OBJECT)
