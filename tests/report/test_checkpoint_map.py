"""The formats of the checkpoint map, and where things stand in its picture."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ckptlint.facts.mapped_checkpoints import (
    WHOLE,
    CheckpointMap,
    KeyUse,
    MappedCheckpoint,
    Reader,
    Spot,
    StoredKey,
    Use,
    Writer,
)
from ckptlint.report.checkpoint_map import FORMATS, render
from ckptlint.report.checkpoint_map.picture.layout import Node, Picture, layout
from ckptlint.report.checkpoint_map.view import MapView
from ckptlint.report.checkpoint_map.words import summary
from ckptlint.report.style import width

SAVE = Spot("train.py", 40, 5, "main")
LOAD = Spot("resume.py", 7, 12, "main")


def key(*path: str, kind: str = "model", owners: tuple[str, ...] = ("net",), certain: bool = True) -> StoredKey:
    return StoredKey(path, kind, owners, Spot("train.py", 38, 9, "main"), certain)


def reader(*uses: KeyUse, more: bool = False, confidence: str = "high", purpose: str = "resume") -> Reader:
    return Reader((LOAD,), "torch.load", "args.resume", purpose, confidence, uses, more)


def checkpoint(
    *keys: StoredKey, readers: tuple[Reader, ...] = (), unwritten: tuple[tuple[str, ...], ...] = ()
) -> MappedCheckpoint:
    return MappedCheckpoint("last.pt", (Writer((SAVE,), "torch.save", '"last.pt"'),), keys, False, readers, unwritten)


def printed(name: str, *checkpoints: MappedCheckpoint, color: bool = False) -> str:
    view = MapView(CheckpointMap(checkpoints, (), ()), lambda spot: f"{spot.path}#L{spot.row}", "project", color)
    return "".join(render(name, view))


NET = KeyUse(("net",), LOAD, ("net",))
STORY = checkpoint(
    key("net"),
    key("optimizer", kind="optimizer", owners=("opt",), certain=False),
    key("extra", kind="dict", owners=()),
    key("extra", "seed", kind="value", owners=()),
    readers=(reader(NET, KeyUse(("best",), LOAD, is_guarded=True)),),
    unwritten=(("best",),),
)


def test_table() -> None:
    assert printed("table", STORY) == (
        "last.pt\n"
        '  written by  main (train.py:40)  torch.save, path "last.pt"\n'
        "  read by [1]  resumes  main (resume.py:7)  torch.load, path args.resume\n"
        "\n"
        "  key         holds           written      read\n"
        "  net         model: net      train.py:38  restored [1]\n"
        "  optimizer?  optimizer: opt  train.py:38  never read\n"
        "  extra       dict            train.py:38  never read\n"
        "    seed      value           train.py:38  never read\n"
        "  best        never written                read [1?] at resume.py:7\n"
        "  never read: optimizer, extra\n"
        "\n"
        "key?: written on some paths only\n"
        "[n?]: reads it only if it is there\n"
    )


def test_table_in_color_says_the_same() -> None:
    colored = printed("table", STORY, color=True)
    assert "\x1b[" in colored
    assert re.sub(r"\x1b\[[\d;]*m", "", colored) == printed("table", STORY)


def test_json() -> None:
    found = json.loads(printed("json", STORY))
    assert found["schema_version"] == 1
    one = found["checkpoints"][0]
    assert one["file"] == "last.pt"
    assert [(k["key"], k["use"], k["readers"]) for k in one["keys"]] == [
        (["net"], "restored", [0]),
        (["optimizer"], "never-read", []),
        (["extra"], "never-read", []),
        (["extra", "seed"], "never-read", []),
    ]
    assert one["never_read"] == [["optimizer"], ["extra"]]
    assert one["never_written"] == [["best"]]
    assert one["readers"][0]["reads"][0] == {
        "key": ["net"],
        "into": ["net"],
        "guarded": False,
        "at": {"path": "resume.py", "row": 7, "column": 12, "function": "main"},
    }


def test_mermaid() -> None:
    assert printed("mermaid", STORY).splitlines()[:8] == [
        "flowchart LR",
        '  c1w1["main (train.py:40)<br>torch.save, path #34;last.pt#34;"] --> c1',
        '  subgraph c1["last.pt"]',
        '    c1k1("net<br>model: net")',
        '    c1k2("optimizer (on some paths)<br>optimizer: opt"):::never',
        '    c1k3("extra<br>dict"):::never',
        '    c1k4("extra.seed<br>value"):::never',
        '    c1u1("best<br>never written"):::unwritten',
    ]


def test_nothing_to_show() -> None:
    for name in FORMATS:
        text = printed(name)
        assert text if name == "json" else "No checkpoints" in text


def test_what_becomes_of_a_key() -> None:
    def use(*uses: KeyUse, more: bool = False) -> list[Use]:
        one = checkpoint(key("a"), key("a", "b"), key("c"), readers=(reader(*uses, more=more),))
        return [one.use(k.path) for k in one.keys]

    assert use(KeyUse(("a",), LOAD)) == [Use.READ, Use.READ, Use.NEVER]
    assert use(KeyUse(("a",), LOAD), KeyUse(("a", "b"), LOAD)) == [Use.READ, Use.READ, Use.NEVER]
    assert use(KeyUse(("a", "x"), LOAD)) == [Use.READ, Use.NEVER, Use.NEVER]
    assert use(KeyUse(WHOLE, LOAD, ("net",))) == [Use.RESTORED] * 3
    assert use(more=True) == [Use.POSSIBLE] * 3
    assert checkpoint(key("a")).use(("a",)) is Use.NO_READER


def test_summary_counts() -> None:
    assert summary(CheckpointMap((STORY,), (), ())) == (
        "1 checkpoint, 1 place that reads them, 2 keys never read, 1 key read but never written."
    )
    assert "2 files could not be read." in summary(CheckpointMap((), (), ()), 2)


# ------------------------------------------------------------------------------------------- anything of the user's

texts = st.text(min_size=1, max_size=60) | st.sampled_from(
    ['<script>alert(1)</script>', '"><img src=x onerror=y>', "a&amp;b", "]]>", "--> c1", "模型状态字典" * 9, "\x1b[31m", "a\nb", "\udc80"]
)  # fmt: skip


@st.composite
def maps(draw: st.DrawFn) -> MappedCheckpoint:
    def spot() -> Spot:
        return Spot(draw(texts), draw(st.integers(1, 9999)), 1, draw(texts | st.just("")))

    keys: list[StoredKey] = []
    for name in draw(st.lists(texts, max_size=12, unique=True)):
        keys.append(
            StoredKey((name,), draw(st.sampled_from(["model", "unknown"])), (draw(texts),), spot(), draw(st.booleans()))
        )
        if draw(st.booleans()):
            keys.append(StoredKey((name, "inner"), "value", (), None, True))
    if not keys and draw(st.booleans()):
        keys.append(StoredKey(WHOLE, "model", (draw(texts),), None, True))
    readers = []
    for _ in range(draw(st.integers(0, 5))):
        read = draw(st.lists(st.sampled_from(keys), max_size=6, unique=True)) if keys else []
        uses = tuple(KeyUse(k.path, spot(), (draw(texts),) if draw(st.booleans()) else ()) for k in read)
        frames = tuple(spot() for _ in range(draw(st.integers(1, 3))))
        purpose = draw(st.sampled_from(["resume", "evaluate", "warm-start", "unknown"]))
        readers.append(Reader(frames, draw(texts), draw(texts), purpose, "low", uses, draw(st.booleans())))
    writers = tuple(
        Writer(tuple(spot() for _ in range(draw(st.integers(1, 3)))), draw(texts), draw(texts))
        for _ in range(draw(st.integers(1, 5)))
    )
    return MappedCheckpoint(
        draw(texts | st.none()), writers, tuple(keys), draw(st.booleans()), tuple(readers), ((draw(texts), "?"),)
    )


ALLOWED = frozenset(
    "html head meta title style body a header h1 h2 h3 p ul li nav div table thead tbody tr th td caption section main "
    "span code b br svg g rect path text".split()
)


class Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}


@settings(max_examples=60, deadline=None)
@given(maps())
def test_any_text_stays_text_in_the_page(one: MappedCheckpoint) -> None:
    text = printed("html", one)
    text.encode("utf-8")
    page = Page()
    page.feed(text)
    assert page.tags <= ALLOWED
    assert not {name for name in page.attributes if name.startswith("on") or name == "src"}
    assert not re.search(r"url\(|@import|<link", text)
    for picture in re.findall(r"<svg.*?</svg>", text, re.DOTALL):
        ET.fromstring(picture)


@settings(max_examples=60, deadline=None)
@given(maps())
def test_any_text_stays_text_in_a_chart(one: MappedCheckpoint) -> None:
    for line in printed("mermaid", one).splitlines():
        quoted = re.sub(r'"[\w ./:,()\[\]+*<>#;-]*"', '""', line)
        assert re.fullmatch(r"[\w\s\[\]():>.,#-]*(\"\")?[\w\s\[\]():>.,#-]*", quoted), line


@settings(max_examples=60, deadline=None)
@given(maps())
def test_any_text_is_harmless_on_a_terminal_and_in_json(one: MappedCheckpoint) -> None:
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", printed("table", one))
    assert json.loads(printed("json", one))["checkpoints"][0]["file"] == one.path


# --------------------------------------------------------------------------------------------------------- layout


def check_layout(picture: Picture) -> None:
    outer: list[Node] = [picture.checkpoint, *picture.writers, *picture.readers]
    for a, b in combinations(outer, 2):
        assert not a.box.overlaps(b.box)
    for a, b in combinations(picture.rows, 2):
        assert not a.box.overlaps(b.box)
    for node in (*outer, *picture.rows):
        assert node.box.x >= 0
        assert node.box.y >= 0
        assert node.box.right <= picture.width
        assert node.box.bottom <= picture.height
    whole = picture.checkpoint.box
    for row in picture.rows:
        assert whole.x < row.box.x
        assert row.box.right < whole.right
        assert row.box.bottom <= whole.bottom
    for node in (*picture.writers, *picture.readers, *picture.rows):
        for label in node.labels:
            length = width(label.shown) * 7.25
            start = label.x - length if label.to_left else label.x
            assert start >= node.box.x
            assert start + length <= node.box.right + 0.01
    for wire in picture.wires:
        assert wire.start[0] < wire.end[0]
        assert wire.end[1] <= picture.height


@settings(max_examples=150, deadline=None)
@given(maps())
def test_nothing_overlaps(one: MappedCheckpoint) -> None:
    check_layout(layout(one))


@pytest.mark.parametrize(("keys", "readers"), [(0, 0), (1, 0), (1, 20), (40, 1), (40, 12), (3, 3)])
def test_many_keys_and_readers(keys: int, readers: int) -> None:
    held = [key(f"a_rather_long_name_of_a_key_{n}") for n in range(keys)]
    reads = [
        Reader((Spot("r.py", n + 1, 1, "f"),), "torch.load", "p", "resume", "high", tuple(KeyUse(k.path, LOAD) for k in held[n::2]), False)
        for n in range(readers)
    ]  # fmt: skip
    picture = layout(checkpoint(*held, readers=tuple(reads)))
    check_layout(picture)
    assert len(picture.rows) == keys
    assert {wire.reader for wire in picture.wires if wire.reader is not None} == set(range(readers))


def test_a_line_a_key_that_is_read() -> None:
    picture = layout(STORY)
    assert [(wire.style, wire.row, wire.reader) for wire in picture.wires] == [
        ("write", None, None),
        ("restore", 0, 0),
        ("missing", 4, 0),
    ]
