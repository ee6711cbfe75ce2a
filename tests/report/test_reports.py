from __future__ import annotations

import json
from textwrap import dedent

import pytest

from ckptlint.diagnostic import Confidence, Diagnostic, Related, Severity
from ckptlint.report import render
from ckptlint.report.summary import statistics, summary
from ckptlint.report.view import View
from ckptlint.text import Applicability, Edit, Fix, Source, Span
from tests.support import diagnostic

TRAIN = dedent(
    """\
    def evaluate(net, loader):
        right = 0
        for x, y in loader:
            right += (net(x).argmax(1) == y).sum()

        return right
    """
)
LOOP = "for epoch in range(9):\n    net.train()\n    evaluate(net, val)\n"
FILES = {"src/train.py": TRAIN, "src/loop.py": LOOP}

STORY = diagnostic(
    (4, 19, 4, 25),
    code="CKP401",
    message="`net` is evaluated in train mode: dropout and batch statistics change the result",
    related=(Related(Span("src/loop.py", 2, 5, 2, 16), "`net` is put into train mode here"),),
    fix=Fix(
        "call `net.eval()` before the loop",
        Applicability.UNSAFE,
        (Edit(Span("src/train.py", 3, 5, 3, 5), "net.eval()\n    "),),
    ),
)


def printed(name: str, *diagnostics: Diagnostic, files: dict[str, str] | None = None, color: bool = False) -> str:
    texts = FILES if files is None else files
    sources = {path: Source(path, text) for path, text in texts.items()}
    return "".join(render(name, View(diagnostics, sources.get, lambda path: path, color)))


def test_full() -> None:
    other = diagnostic((2, 5, 2, 14), message="second", severity=Severity.NOTE)
    assert printed("full", STORY, other) == dedent(
        """\
        src/train.py:4:19: CKP401 `net` is evaluated in train mode: dropout and batch statistics change the result
          3 |     for x, y in loader:
          4 |         right += (net(x).argmax(1) == y).sum()
            |                   ^^^^^^
        --> src/loop.py:2:5: `net` is put into train mode here
          2 |     net.train()
            |     ^^^^^^^^^^^
            = help: call `net.eval()` before the loop (unsafe fix)

        src/train.py:2:5: CKP001 second
          1 | def evaluate(net, loader):
          2 |     right = 0
            |     ^^^^^^^^^
          3 |     for x, y in loader:
        """
    ).replace("\n-->", "\n -->")


def test_concise() -> None:
    assert printed("concise", STORY) == (
        "src/train.py:4:19: CKP401 `net` is evaluated in train mode: dropout and batch statistics change the result\n"
    )


def test_color_changes_nothing_but_color() -> None:
    import re

    colored = printed("full", STORY, color=True)
    assert "\x1b[1;31mCKP401\x1b[0m" in colored
    assert re.sub(r"\x1b\[[\d;]*m", "", colored) == printed("full", STORY)


@pytest.mark.parametrize(
    ("text", "place", "frame"),
    [
        ("\tx = f(a)\n", (1, 6, 1, 10), "  1 |     x = f(a)\n    |         ^^^^\n"),
        ("s = '日本'; f()\n", (1, 11, 1, 14), "  1 | s = '日本'; f()\n    |             ^^^\n"),
        ("f(\n    a,\n)\n", (1, 1, 3, 2), "  1 | f(\n    | ^^ … to row 3\n"),
        ("x\n", (2, 1, 2, 1), "  1 | x\n  2 |\n    | ^\n"),
        ("x", (1, 2, 1, 3), "  1 | x\n    |  ^\n"),
        ("x = '\x1b[31m\u202e'\n", (1, 1, 1, 2), "  1 | x = '␛[31m\N{REPLACEMENT CHARACTER}'\n    | ^\n"),
        ("a\x0cb\r\nc\r\n", (2, 1, 2, 2), "  1 | a␌b\n  2 | c\n    | ^\n"),
        ("x\n", (9, 1, 9, 2), ""),
    ],
    ids=["tab", "wide", "rows", "end", "past", "control", "rows of Python", "no such row"],
)
def test_frames(text: str, place: tuple[int, int, int, int], frame: str) -> None:
    full = printed("full", diagnostic(place, path="a.py"), files={"a.py": text})
    assert full.partition("\n")[2] == frame


def test_a_long_row_is_cut_around_the_place() -> None:
    text = "x = [" + "1, " * 5000 + "bad()" + ", 2" * 5000 + "]\n"
    column = text.index("bad") + 1
    full = printed("full", diagnostic((1, column, 1, column + 5), path="a.py"), files={"a.py": text})
    code, carets = full.splitlines()[1:]
    assert len(code) < 140
    start = carets.index("^")
    assert code[start : start + 5] == "bad()"
    assert carets.count("^") == 5
    assert code.count("…") == 2


def test_without_the_text_the_line_is_enough() -> None:
    assert printed("full", diagnostic((1, 1, 1, 2)), files={}) == "src/train.py:1:1: CKP001 something is wrong\n"


def test_a_place_in_a_notebook() -> None:
    span = Span("nb.ipynb", 2, 3, 2, 4, cell=5)
    one = Diagnostic("CKP001", "n", "m", span, Severity.ERROR, Confidence.HIGH)
    assert printed("concise", one) == "nb.ipynb:cell 5:2:3: CKP001 m\n"


def test_json() -> None:
    (row,) = json.loads(printed("json", STORY))
    fingerprint = row.pop("fingerprint")
    assert len(fingerprint) == 16
    assert row == {
        "code": "CKP401",
        "name": "the-name",
        "message": STORY.message,
        "severity": "error",
        "confidence": "high",
        "path": "src/train.py",
        "cell": None,
        "row": 4,
        "column": 19,
        "end_row": 4,
        "end_column": 25,
        "related": [
            {
                "path": "src/loop.py", "cell": None, "row": 2, "column": 5, "end_row": 2, "end_column": 16,
                "message": "`net` is put into train mode here",
            }
        ],
        "fix": {
            "applicability": "unsafe",
            "title": "call `net.eval()` before the loop",
            "edits": [
                {
                    "path": "src/train.py", "cell": None, "row": 3, "column": 5, "end_row": 3, "end_column": 5,
                    "replacement": "net.eval()\n    ",
                }
            ],
        },
        "url": None,
    }  # fmt: skip


def test_json_of_nothing_and_of_a_path_that_is_no_text() -> None:
    assert json.loads(printed("json")) == []
    assert printed("json", diagnostic((1, 1, 1, 2), path="\udcff.py")).isascii()


def prints(text: str, *rows: int) -> list[str]:
    found = [diagnostic((row, 1, row, 2), path="a.py") for row in rows]
    return [row["fingerprint"] for row in json.loads(printed("json", *found, files={"a.py": text}))]


def test_fingerprints_stay_when_rows_move_and_differ_otherwise() -> None:
    before = prints("f(x)\ny\nf(x)\n", 1, 2, 3)
    assert len(set(before)) == 3
    assert prints("# new\n\n  f( x )\ny\nf(x)\n", 3, 4, 5) == before
    assert prints("f(z)\n", 1)[0] not in before


def test_summary() -> None:
    warning = diagnostic((1, 1, 1, 2), path="b.py", severity=Severity.WARNING)
    assert summary([STORY, warning, warning], 0, 5) == "Found 3 diagnostics (1 error, 2 warnings) in 2 files."
    assert summary([], 0, 1) == "Nothing to report in 1 file."
    assert summary([], 2, 1234) == (
        "Nothing to report in 1,234 files. 2 less certain not shown (--min-confidence low)."
    )


def test_statistics() -> None:
    found = [STORY, STORY, diagnostic((1, 1, 1, 2))]
    assert statistics(found, as_json=False) == "2  CKP401  the-name\n1  CKP001  the-name\n"
    assert json.loads(statistics(found, as_json=True))[0] == {
        "code": "CKP401",
        "name": "the-name",
        "count": 2,
    }
    assert statistics([], as_json=False) == ""
