"""Where everything of a checkpoint's picture stands: writers left, keys in the middle, readers right.

Lengths are in pixels of the picture, text is set in a fixed width.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from ckptlint.facts.mapped_checkpoints import WHOLE, KeyPath, MappedCheckpoint, Reader, Use, Writer
from ckptlint.report.checkpoint_map import words
from ckptlint.report.style import visible, width

CHARACTER = 7.3
"""Width of a character: 12 px in the usual fixed-width fonts are 7.2 to 7.25."""
LINE = 18.0
ROW = 26.0
PAD = 10.0
INDENT = 14.0
GAP = 14.0
"""Between two boxes of a column."""
MARGIN = 8.0
LANE = 90.0
"""Between two columns, for the lines."""
SIDE = 30
"""Characters in a writer's or reader's box."""
MIN_KEY, MAX_KEY = 14, 32
"""Characters for the keys."""
MIN_HOLDS, MAX_HOLDS = 16, 28
"""Characters for what the keys hold."""
MARK = "never read"


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """Its right edge."""
        return self.x + self.width

    @property
    def bottom(self) -> float:
        """Its lower edge."""
        return self.y + self.height

    @property
    def middle(self) -> float:
        """The height of its middle."""
        return self.y + self.height / 2

    def overlaps(self, other: Box) -> bool:
        """Whether two rectangles share more than an edge."""
        return self.x < other.right and other.x < self.right and self.y < other.bottom and other.y < self.bottom


@dataclass(frozen=True, slots=True)
class Label:
    """A line of text as it fits, the whole of it, and where it begins (its end, when right-aligned)."""

    shown: str
    whole: str
    x: float
    y: float
    style: str
    to_left: bool = False


@dataclass(frozen=True, slots=True)
class Node:
    """A box with its text; `number` counts the writers, readers or rows from 0."""

    box: Box
    labels: tuple[Label, ...]
    number: int
    style: str = ""


@dataclass(frozen=True, slots=True)
class Wire:
    """A line from the right edge of one box to the left edge of another."""

    start: tuple[float, float]
    end: tuple[float, float]
    style: str
    row: int | None
    """The row it starts from; None for one from the whole checkpoint."""
    reader: int | None
    """None for a writer's."""


@dataclass(frozen=True, slots=True)
class Picture:
    """All of it; the checkpoint's own box holds its title and the rows."""

    width: float
    height: float
    checkpoint: Node
    rows: tuple[Node, ...]
    writers: tuple[Node, ...]
    readers: tuple[Node, ...]
    wires: tuple[Wire, ...]


@dataclass(frozen=True, slots=True)
class _Row:
    path: KeyPath
    name: str
    holds: str
    style: str
    mark: str = ""


def layout(one: MappedCheckpoint) -> Picture:
    """The picture of a checkpoint."""
    rows = list(_rows(one))
    key_width = _columns([(len(row.path) - 1) * INDENT / CHARACTER + width(row.name) for row in rows], MIN_KEY, MAX_KEY)
    holds_width = _columns(
        [width(row.holds) + width(row.mark) + 2 * bool(row.mark) for row in rows], MIN_HOLDS, MAX_HOLDS
    )
    title = visible(words.title(one))
    holds_width = max(holds_width, min(width(title) - key_width, MAX_HOLDS))
    side = SIDE * CHARACTER + 2 * PAD
    x = MARGIN + side + LANE
    wide = (key_width + holds_width + 2) * CHARACTER + 2 * PAD
    header = ROW + 8
    inner = [
        _row_node(row, number, Box(x + 6, header + number * ROW, wide - 12, ROW - 4), key_width)
        for number, row in enumerate(rows)
    ]
    tall = header + max(1, len(rows)) * ROW + 4 + (LINE if one.is_open else 0)
    readers = sorted(range(len(one.readers)), key=lambda n: (_wanted(one.readers[n], rows, inner), n))
    right = _column(
        [(n, _reader_lines(one.readers[n])) for n in readers],
        [_wanted(one.readers[n], rows, inner) for n in readers],
        x + wide + LANE,
        side,
    )
    left = _column(
        [(n, _way_lines(w)) for n, w in enumerate(one.writers)], [header / 2] * len(one.writers), MARGIN, side
    )
    height = max(tall, *(node.box.bottom for node in (*left, *right)), 0) + 2 * MARGIN
    box = Box(x, 0, wide, tall)
    room = int((wide - 2 * PAD) / CHARACTER)
    labels = [Label(_fitted(title, room, True), title, x + PAD, 21, "title")]
    if one.is_open:
        note = "further keys that are not seen"
        labels.append(Label(_fitted(note, room), note, x + PAD, tall - 9, "note"))
    if not one.readers:
        note = "nothing that is seen reads it"
        labels.append(Label(note, note, x + wide + 16, 21, "note"))
    checkpoint = Node(box, tuple(labels), 0)
    picture = Picture(
        x + wide + LANE + side + MARGIN,
        height,
        checkpoint,
        tuple(inner),
        tuple(left),
        tuple(sorted(right, key=lambda node: node.number)),
        (),
    )
    return _lowered(picture, MARGIN, tuple(_wires(one, rows, picture, header)))


def _lowered(picture: Picture, by: float, wires: tuple[Wire, ...]) -> Picture:
    def node(old: Node) -> Node:
        box = Box(old.box.x, old.box.y + by, old.box.width, old.box.height)
        labels = tuple(Label(t.shown, t.whole, t.x, t.y + by, t.style, t.to_left) for t in old.labels)
        return Node(box, labels, old.number, old.style)

    def wire(old: Wire) -> Wire:
        (a, b), (c, d) = old.start, old.end
        return Wire((a, b + by), (c, d + by), old.style, old.row, old.reader)

    return Picture(
        picture.width,
        picture.height,
        node(picture.checkpoint),
        tuple(map(node, picture.rows)),
        tuple(map(node, picture.writers)),
        tuple(map(node, picture.readers)),
        tuple(map(wire, wires)),
    )


# ---------------------------------------------------------------------------------------------------------- rows


def _rows(one: MappedCheckpoint) -> Iterator[_Row]:
    for key in one.keys:
        use = one.use(key.path)
        style = {Use.NEVER: "never", Use.POSSIBLE: "possible", Use.NO_READER: "plain"}.get(use, "used")
        name = (key.name if key.path else "whole file") + ("" if key.is_certain else " ?")
        yield _Row(key.path, visible(name), visible(words.holds(key)), style, MARK if use is Use.NEVER else "")
    for path in one.unwritten:
        yield _Row(path, visible(words.key_text(path)), "", "unwritten", "never written")


def _row_node(row: _Row, number: int, box: Box, key_width: int) -> Node:
    indent = 0.0 if row.style == "unwritten" else max(0, len(row.path) - 1) * INDENT
    start, base = box.x + 6 + min(indent, 5 * INDENT), box.y + 15.5
    room = int((box.x + 6 + key_width * CHARACTER - start) / CHARACTER)
    labels = [Label(_fitted(row.name, max(4, room)), row.name, start, base, "key")]
    end = box.right - 6
    if row.mark:
        labels.append(Label(row.mark, row.mark, end, base, "mark", True))
        end -= (width(row.mark) + 2) * CHARACTER
    place = box.x + 6 + (key_width + 1) * CHARACTER
    if row.holds:
        labels.append(Label(_fitted(row.holds, int((end - place) / CHARACTER)), row.holds, place, base, "holds"))
    return Node(box, tuple(labels), number, row.style)


def _columns(lengths: Sequence[float], least: int, most: int) -> int:
    return int(min(most, max([least, *lengths])) + 0.999)


def _fitted(text: str, room: int, keep_end: bool = False) -> str:
    """Text shortened in the middle (at its beginning, when the end tells more) to a number of columns."""
    if width(text) <= room:
        return text
    cut = [0, *accumulate(width(character) for character in text)]
    head = 0 if keep_end else (room - 1) * 2 // 3
    left = max(n for n, columns in enumerate(cut) if columns <= head)
    tail = room - 1 - cut[left]
    right = min(n for n, columns in enumerate(cut) if cut[-1] - columns <= tail)
    return f"{text[:left]}…{text[right:]}"


# ------------------------------------------------------------------------------------------------------- columns


def _way_lines(way: Writer | Reader) -> list[tuple[str, str]]:
    lines = []
    for number, spot in enumerate(way.frames):
        lines += [(("" if number == 0 else "↳ ") + words.function(spot), "name"), (words.place(spot), "place")]
    return [*lines, (way.api, "api")]


def _reader_lines(reader: Reader) -> list[tuple[str, str]]:
    return [(words.does(reader), "purpose"), *_way_lines(reader)]


def _column(
    texts: Sequence[tuple[int, list[tuple[str, str]]]], wanted: Sequence[float], x: float, wide: float
) -> list[Node]:
    """Boxes below each other, each as near as can be to the height it wants."""
    heights = [len(lines) * LINE + 2 * PAD - 4 for _, lines in texts]
    tops = _spread([want - tall / 2 for want, tall in zip(wanted, heights, strict=True)], heights)
    room = int((wide - 2 * PAD) / CHARACTER)
    nodes = []
    for (number, lines), top, tall in zip(texts, tops, heights, strict=True):
        labels = []
        for index, (text, style) in enumerate(lines):
            text = visible(text)
            keep_end = style in ("place", "api")
            y = top + PAD + 11 + index * LINE
            labels.append(Label(_fitted(text, room, keep_end), text, x + PAD, y, style))
        nodes.append(Node(Box(x, top, wide, tall), tuple(labels), number))
    return nodes


def _spread(tops: Sequence[float], heights: Sequence[float]) -> list[float]:
    """Tops in order without overlap and not above 0, moved as little as is simple: groups that touch share a shift."""
    groups: list[tuple[float, float, int]] = []
    """(top, height, how many boxes) of boxes that touch."""
    for top, tall in zip(tops, heights, strict=True):
        group = (max(0.0, top), tall, 1)
        while groups and groups[-1][0] + groups[-1][1] + GAP > group[0]:
            above = groups.pop()
            count = above[2] + group[2]
            height = above[1] + GAP + group[1]
            middle = (above[0] * above[2] + (group[0] - above[1] - GAP) * group[2]) / count
            group = (max(0.0, middle), height, count)
        groups.append(group)
    found: list[float] = []
    rest = iter(heights)
    for top, _, count in groups:
        for _ in range(count):
            found.append(top)
            top += next(rest) + GAP
    return found


def _wanted(reader: Reader, rows: Sequence[_Row], nodes: Sequence[Node]) -> float:
    """The height of the middle of what a reader reads."""
    used = {use.path for use in reader.uses}
    heights = [node.box.middle for row, node in zip(rows, nodes, strict=True) if row.path in used]
    return sum(heights) / len(heights) if heights else 0.0


# --------------------------------------------------------------------------------------------------------- lines


def _wires(one: MappedCheckpoint, rows: Sequence[_Row], picture: Picture, header: float) -> Iterator[Wire]:
    box = picture.checkpoint.box
    count = len(picture.writers)
    for node in picture.writers:
        end = header / 2 + (node.number - (count - 1) / 2) * min(5.0, header / (count + 1))
        yield Wire((node.box.right, node.box.middle), (box.x, end), "write", None, None)
    for node in picture.readers:
        reader = one.readers[node.number]
        starts = list(_starts(reader, rows, picture, header))
        starts.sort(key=lambda start: start[0])
        step = min(9.0, (node.box.height - 16) / max(1, len(starts)))
        for index, (y, row, style) in enumerate(starts):
            end = node.box.middle + (index - (len(starts) - 1) / 2) * step
            yield Wire((box.right, y), (node.box.x, end), style, row, node.number)


def _starts(
    reader: Reader, rows: Sequence[_Row], picture: Picture, header: float
) -> Iterator[tuple[float, int | None, str]]:
    used = {use.path: use for use in reader.uses}
    drawn = False
    for number, (row, node) in enumerate(zip(rows, picture.rows, strict=True)):
        use = used.get(row.path)
        if use is not None:
            drawn = True
            style = "missing" if row.style == "unwritten" else "restore" if use.into else "read"
            yield node.box.middle, number, style
    if WHOLE in used and not any(row.path == WHOLE for row in rows):
        yield header / 2, None, "restore" if used[WHOLE].into else "read"
    elif reader.reads_more or not drawn:
        yield header / 2, None, "possible"
