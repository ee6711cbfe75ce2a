"""A row for each key, state dicts folded into one; then what the code and the file do not share."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from ckptlint.facts.compared_files import Comparison
from ckptlint.files import FileEntry
from ckptlint.report.checkpoint_file.view import FileView
from ckptlint.report.checkpoint_map.words import counted, key_text, place, title
from ckptlint.report.style import Style, visible, width

WRAPPERS = ("module.", "_orig_mod.")
"""What wrappers of a model put before every key."""

_FEW = 8
"""How many numbers of a sequence are shown."""
_ALIKE = 3
"""From how many entries on mappings of the same keys are one row."""
_WIDEST = 40

Row = tuple[str, str]


def render(view: FileView) -> Iterator[str]:
    """The file, its keys, warnings, and the comparison."""
    style = Style(view.color)
    contents, root = view.contents, view.contents.root
    yield style.paint(visible(f"{contents.path}: {contents.format}, {_holds(root, view.is_folded)}"), "bold") + "\n"
    rows = list(_rows(root.entries, 0, view.is_folded))
    wide = max((w for key, _ in rows if (w := width(visible(key))) <= _WIDEST), default=0)
    for key, told in rows:
        shown = visible(key)
        yield f"  {shown}{' ' * max(0, wide - width(shown))}  {visible(told)}".rstrip() + "\n"
    for warning in contents.warnings:
        yield style.paint(visible(f"warning: {warning}"), "red") + "\n"
    yield "\n"
    if view.comparison is None:
        yield "No checkpoint of the code fits it by its path or its keys: it is compared with nothing.\n"
    else:
        yield from _compared(view.comparison, style)


def _rows(entries: Sequence[FileEntry], depth: int, folded: bool) -> Iterator[Row]:
    for entry in entries:
        yield "  " * depth + entry.key, _holds(entry, folded)
        if not _is_folded(entry, folded):
            yield from _rows(entry.entries, depth + 1, folded)


def _is_folded(entry: FileEntry, folded: bool) -> bool:
    """Whether its row says all that there is to say."""
    if entry.kind == "sequence" and all(inner.kind in ("scalar", "text") for inner in entry.entries):
        return True
    return folded and (entry.is_tensors or _alike(entry) is not None)


def _alike(entry: FileEntry) -> tuple[str, ...] | None:
    """The keys that every entry has, when all are mappings of the same: an optimizer's state."""
    kinds = {tuple(inner.key for inner in one.entries) for one in entry.entries if one.kind == "mapping"}
    same = len(kinds) == 1 and all(one.kind == "mapping" for one in entry.entries)
    return kinds.pop() if same and len(entry.entries) >= _ALIKE else None


def _holds(entry: FileEntry, folded: bool) -> str:
    if entry.kind == "tensor":
        shape = ", ".join(map(str, entry.shape)) if entry.shape is not None else "?"
        return f"({shape}) {entry.dtype}".rstrip()
    if entry.kind in ("scalar", "text"):
        kind = entry.dtype if entry.kind == "scalar" else "str"
        return kind if not entry.value or kind == "None" else f"{kind} {entry.value}"
    if entry.kind == "sequence":
        return _sequence(entry)
    if entry.kind == "object":
        return " ".join(part for part in (entry.class_name or "object", entry.value and f"({entry.value})") if part)
    if entry.is_tensors:
        return _state(entry)
    alike = _alike(entry) if folded else None
    if alike is not None:
        return f"{len(entry.entries):,} entries of {', '.join(alike[:_FEW])}{', …' * (len(alike) > _FEW)}"
    return counted(len(entry.entries), "key") if entry.entries else "empty"


def _sequence(entry: FileEntry) -> str:
    count = entry.shape[0] if entry.shape else len(entry.entries)
    if count and all(inner.kind in ("scalar", "text") for inner in entry.entries):
        shown = ", ".join(inner.value for inner in entry.entries[:_FEW])
        return f"{entry.class_name} [{shown}{', …' * (count > _FEW)}]{f' of {count:,}' * (count > _FEW)}"
    return f"{entry.class_name} of {count:,}"


def _state(entry: FileEntry) -> str:
    """A state dict in a row: how many tensors and numbers, of which types, and the prefix of a wrapper."""
    tensors = list(entry.tensors())
    numbers = sum(math.prod(tensor.shape) for _, tensor in tensors if tensor.shape is not None)
    kinds = ", ".join(dict.fromkeys(tensor.dtype for _, tensor in tensors if tensor.dtype))
    told = f"{counted(len(tensors), 'tensor')}, {counted(numbers, 'number')}, {kinds}"
    for prefix in WRAPPERS:
        if all(name.startswith(prefix) for name, _ in tensors):
            return f"{told}, every key begins with `{prefix}`"
    return told


def _compared(found: Comparison, style: Style) -> Iterator[str]:
    checkpoint = found.checkpoint
    writers = ", ".join(dict.fromkeys(place(writer.at) for writer in checkpoint.writers))
    basis = "its path" if found.by_path else "its keys"
    yield visible(f"Compared with `{title(checkpoint)}`, which {writers} writes (chosen by {basis}):") + "\n"
    if found.is_equal:
        readers = checkpoint.readers
        yield "  nothing differs\n" if readers else "  nothing that the code saves is missing; no code reads it\n"
    for key in found.unsaved:
        where = f", saved at {place(key.at)}" if key.at is not None else ""
        yield style.paint(visible(f"  not in the file: {key_text(key.path)}{where}"), "yellow") + "\n"
    for use in found.unreadable:
        yield style.paint(visible(f"  not in the file: {key_text(use.path)}, read at {place(use.at)}"), "red") + "\n"
    for name in found.unread:
        yield style.paint(visible(f"  read by no code: {name}"), "yellow") + "\n"
