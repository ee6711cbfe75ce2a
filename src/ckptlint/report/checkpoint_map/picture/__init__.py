"""A checkpoint's picture as SVG that stands in a page."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ckptlint.facts.mapped_checkpoints import MappedCheckpoint, Spot
from ckptlint.report.checkpoint_map import words
from ckptlint.report.checkpoint_map.markup import markup
from ckptlint.report.checkpoint_map.picture.layout import Label, Node, Picture, Wire, layout

Link = Callable[[Spot], str | None]


def draw(one: MappedCheckpoint, name: str, link: Link) -> Iterator[str]:
    """The picture, line by line; `name` begins the ids in it."""
    picture = layout(one)
    title = markup(f"Who writes and reads {words.title(one)}; the tables below say the same")
    yield (
        f'<svg class="picture" id="{name}" viewBox="0 0 {_n(picture.width)} {_n(picture.height)}" '
        f'width="{_n(picture.width)}" height="{_n(picture.height)}" role="group" aria-label="{title}">'
    )
    yield from _wires(picture, None)
    yield '<g class="checkpoint">'
    yield from _node(picture.checkpoint)
    yield "</g>"
    for row in picture.rows:
        # Lines lie in the row's group, so that pointing at a row shows where it goes without any script.
        spot = one.keys[row.number].at if row.number < len(one.keys) else None
        yield f'<g class="row {row.style}">'
        yield from _wires(picture, row.number)
        yield from _linked(_node(row), spot, link)
        yield "</g>"
    for kind, nodes, ways in (("writer", picture.writers, one.writers), ("reader", picture.readers, one.readers)):
        for node in nodes:
            yield f'<g class="{kind}" data-number="{node.number}">'
            yield from _linked(_node(node), ways[node.number].at, link)
            yield "</g>"
    yield "</svg>"


def _linked(lines: Iterator[str], spot: Spot | None, link: Link) -> Iterator[str]:
    address = link(spot) if spot is not None else None
    if address is None or spot is None:
        yield from lines
        return
    yield f'<a href="{markup(address)}" aria-label="{markup(words.place(spot))}">'
    yield from lines
    yield "</a>"


def _node(node: Node) -> Iterator[str]:
    box = node.box
    yield f'<rect x="{_n(box.x)}" y="{_n(box.y)}" width="{_n(box.width)}" height="{_n(box.height)}" rx="5"/>'
    yield from map(_label, node.labels)


def _label(label: Label) -> str:
    anchor = ' text-anchor="end"' if label.to_left else ""
    whole = f"<title>{markup(label.whole)}</title>" if label.shown != label.whole else ""
    return (
        f'<text class="{label.style}" x="{_n(label.x)}" y="{_n(label.y)}"{anchor}>{whole}{markup(label.shown)}</text>'
    )


def _wires(picture: Picture, row: int | None) -> Iterator[str]:
    for wire in picture.wires:
        if wire.row == row:
            yield _wire(wire)


def _wire(wire: Wire) -> str:
    (a, b), (c, d) = wire.start, wire.end
    bend = (c - a) / 2
    reader = f" to-{wire.reader}" if wire.reader is not None else ""
    path = f"M{_n(a)} {_n(b)}C{_n(a + bend)} {_n(b)} {_n(c - bend)} {_n(d)} {_n(c - 1)} {_n(d)}"
    return f'<path class="wire {wire.style}{reader}" d="{path}"/>'


def _n(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")
