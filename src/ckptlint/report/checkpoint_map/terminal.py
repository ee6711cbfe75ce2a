"""A block a checkpoint: writers, readers, and a table of its keys."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ckptlint.facts.mapped_checkpoints import WHOLE, KeyPath, MappedCheckpoint, Reader, Use, Writer
from ckptlint.report.checkpoint_map import words
from ckptlint.report.checkpoint_map.view import MapView
from ckptlint.report.style import Style, visible, width

WIDEST = 40
"""Columns a cell is padded to at most; what is longer moves the rest of its row."""
USES = {
    Use.RESTORED: "restored",
    Use.READ: "read",
    Use.POSSIBLE: "perhaps read",
    Use.NEVER: "never read",
    Use.NO_READER: "-",
}
NOTES = {
    "?": "key?: written on some paths only",
    "[n?]": "[n?]: reads it only if it is there",
    "perhaps read": "perhaps read: the file goes to code that is not followed",
}

Row = tuple[str, ...]


def render(view: MapView) -> Iterator[str]:
    """Every checkpoint, then the reads of other files, then what the marks mean."""
    style = Style(view.color)
    found = view.map
    if found.is_empty:
        yield words.summary(found) + "\n"
        return
    for number, one in enumerate(found.checkpoints):
        yield "\n" * bool(number) + _lines(_block(one, style))
    if not found.checkpoints:
        yield "Nothing is saved.\n"
    for heading, readers in (
        ("read, writer not known", found.unmatched),
        ("read from outside the project", found.outside),
    ):
        if readers:
            yield "\n" + _lines([style.paint(heading, "bold"), *_others(readers)])
    notes = list(_notes(found.checkpoints))
    if notes:
        yield "\n" + _lines(style.paint(note, "dim") for note in notes)


def _lines(lines: Iterable[str]) -> str:
    return "".join(line + "\n" for line in lines)


def _block(one: MappedCheckpoint, style: Style) -> Iterator[str]:
    yield style.paint(visible(words.title(one)), "bold")
    yield from _table([("written by", *_way(writer)) for writer in one.writers], first_only=True)
    rows = [(f"read by [{number}]", words.does(reader), *_way(reader)) for number, reader in enumerate(one.readers, 1)]
    yield from _table(rows) if rows else ["  read by nothing that is seen"]
    yield ""
    header: Row = ("key", "holds", "written", "read")
    body = list(_keys(one))
    colors = [("dim",), *[_color(row) for row in body]]
    for line, color in zip(_table([header, *body]), colors, strict=True):
        yield style.paint(line, *color)
    if one.is_open:
        yield "  and further keys that are not seen"
    unread = one.unread()
    if unread:
        yield style.paint(f"  never read: {visible(words.listed(key.path for key in unread))}", "yellow")


def _color(row: Row) -> tuple[str, ...]:
    return ("yellow",) if row[3].startswith(USES[Use.NEVER]) else ("red",) if row[1] == "never written" else ()


def _way(one: Writer | Reader) -> Row:
    return " > ".join(words.way(one.frames)), words.call(one)


def _keys(one: MappedCheckpoint) -> Iterator[Row]:
    for key in one.keys:
        name = "  " * max(0, len(key.path) - 1) + (key.name if key.path else "(the whole file)")
        use = one.use(key.path)
        marks = _marks(one.readers, key.path)
        text = f"{USES[use]} {marks}" if use in (Use.RESTORED, Use.READ) else USES[use]
        yield name + "?" * (not key.is_certain), words.holds(key), words.place(key.at) if key.at else "", text
    for path in one.unwritten:
        found = [use.at for reader in one.readers for use in reader.uses if use.path == path]
        places = ", ".join(dict.fromkeys(map(words.place, found)))
        yield words.key_text(path), "never written", "", f"read {_marks(one.readers, path)} at {places}"


def _marks(readers: Sequence[Reader], path: KeyPath) -> str:
    """The numbers of the readers that use a key."""
    found = [(number, reader.use_of(path)) for number, reader in enumerate(readers, 1)]
    return " ".join(f"[{number}{'?' * use.is_guarded}]" for number, use in found if use is not None)


def _others(readers: Sequence[Reader]) -> Iterator[str]:
    return _table([(*_way(reader), _what(reader)) for reader in readers])


def _what(reader: Reader) -> str:
    keys = [use.path for use in reader.uses if use.path != WHOLE]
    return f"reads {words.listed(keys)}" if keys else ""


def _table(rows: Sequence[Row], *, first_only: bool = False) -> Iterator[str]:
    """Aligned rows; with `first_only` the first cell of later rows is left out."""
    shown = [tuple(visible(cell) for cell in row) for row in rows]
    widths = [
        max((w for row in shown if (w := width(row[column])) <= WIDEST), default=0)
        for column in range(len(shown[0]) if shown else 0)
    ]
    for number, row in enumerate(shown):
        cells = ("", *row[1:]) if first_only and number else row
        padded = (cell + " " * (wide - width(cell)) for cell, wide in zip(cells, widths, strict=True))
        yield ("  " + "  ".join(padded)).rstrip()


def _notes(checkpoints: Iterable[MappedCheckpoint]) -> Iterator[str]:
    """What the marks mean, of those that were used."""
    found = list(checkpoints)
    if any(not key.is_certain for one in found for key in one.keys):
        yield NOTES["?"]
    if any(use.is_guarded for one in found for reader in one.readers for use in reader.uses):
        yield NOTES["[n?]"]
    if any(one.use(key.path) is Use.POSSIBLE for one in found for key in one.keys):
        yield NOTES["perhaps read"]
