"""The map as a Mermaid flowchart: writers, keys, readers."""

from __future__ import annotations

from collections.abc import Iterator

from ckptlint.facts.mapped_checkpoints import WHOLE, MappedCheckpoint, Reader, Use, Writer
from ckptlint.report.checkpoint_map import words
from ckptlint.report.checkpoint_map.view import MapView
from ckptlint.report.style import visible

_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 _./:,()[]+*-")


def render(view: MapView) -> Iterator[str]:
    """One chart; a checkpoint is a subgraph of its keys."""
    found = view.map
    yield "flowchart LR\n"
    for number, one in enumerate(found.checkpoints, 1):
        yield from _checkpoint(f"c{number}", one)
    others = [*found.unmatched, *found.outside]
    if others:
        yield '  subgraph others["read; writer not known or outside"]\n'
        for number, reader in enumerate(others, 1):
            yield f"    o{number}[{_reader(reader)}]\n"
        yield "  end\n"
    if found.is_empty:
        yield f"  none[{_label(words.summary(found))}]\n"
    yield "  classDef never stroke:#b45309,stroke-width:2px,stroke-dasharray:4\n"
    yield "  classDef unwritten stroke:#b91c1c,stroke-width:2px,stroke-dasharray:4\n"


def _checkpoint(name: str, one: MappedCheckpoint) -> Iterator[str]:
    for number, writer in enumerate(one.writers, 1):
        yield f"  {name}w{number}[{_writer(writer)}] --> {name}\n"
    yield f"  subgraph {name}[{_label(words.title(one))}]\n"
    for number, key in enumerate(one.keys, 1):
        mark = "" if key.is_certain else " (on some paths)"
        text = (words.key_text(key.path) + mark, words.holds(key))
        style = ":::never" if one.use(key.path) is Use.NEVER else ""
        yield f"    {name}k{number}({_label(*text)}){style}\n"
    for number, path in enumerate(one.unwritten, 1):
        yield f"    {name}u{number}({_label(words.key_text(path), 'never written')}):::unwritten\n"
    if not one.keys and not one.unwritten:
        yield f"    {name}k0({_label('keys not seen')})\n"
    yield "  end\n"
    for number, reader in enumerate(one.readers, 1):
        target = f"{name}r{number}"
        yield f"  {target}[{_reader(reader)}]\n"
        yield from _lines(name, one, reader, target)


def _lines(name: str, one: MappedCheckpoint, reader: Reader, target: str) -> Iterator[str]:
    drawn = False
    used = {use.path: use for use in reader.uses}
    for number, key in enumerate(one.keys, 1):
        if key.path in used:
            drawn = True
            yield f"  {name}k{number} {'-->' if used[key.path].into else '-.->'} {target}\n"
    for number, path in enumerate(one.unwritten, 1):
        if path in used:
            drawn = True
            yield f"  {name}u{number} -.-> {target}\n"
    if reader.reads_more or WHOLE in used or not drawn:
        whole = WHOLE in used and one.is_dict
        if whole or reader.reads_more or not drawn:
            yield f"  {name} {'-->' if whole else '-.->'} {target}\n"


def _writer(writer: Writer) -> str:
    return _label(*words.way(writer.frames), words.call(writer))


def _reader(reader: Reader) -> str:
    return _label(words.does(reader), *words.way(reader.frames), words.call(reader))


def _label(*lines: str) -> str:
    """A quoted label; every character that Mermaid or HTML could take for its own is a number."""
    return '"' + "<br>".join("".join(map(_character, visible(line))) for line in lines if line) + '"'


def _character(character: str) -> str:
    return character if character in _PLAIN else f"#{ord(character)};"
