"""Whichever parser made the tree, the record is the same."""

from __future__ import annotations

import random
import sysconfig
import time
from pathlib import Path

import pytest

from ckptlint.semantics.lower import lower
from ckptlint.semantics.model import Record
from ckptlint.syntax import tree
from ckptlint.syntax.tree import Unreadable

HERE = Path(__file__).resolve().parent
NASTY = (HERE / "nasty.txt").read_text(encoding="utf-8")

SHAPES = [
    "with (a): pass\n",
    "with (a, b): pass\n",
    "with (a, b) as c: pass\n",
    "with (a as b, (c) as d,): pass\n",
    "with (a, b)[0], (c): pass\n",
    "with ((a, b)): pass\n",
    "with ((x) for x in y): pass\n",
    "with (yield): pass\n",
    "with (): pass\n",
    "f((x) for x in y)\nf(((x) for x in y))\n",
    "f(*a, k=1, *b, **c, d=(2))\n",
    "x[(a), b]\nx[(a, b)]\nx[a,]\nx[()]\nx[(a):b, ::(c)]\nx[((a), (b))]\n",
    "x = (a), (b)\nx = ((a), (b))\nx = (((a)),)\nx = ()\nx = (a + b) * (c)\nx = ((a)(b))(c)\n",
    "del (a, b), c\ndel (a)\ndel a,\n",
    "for (a), b in (c), d: pass\n",
    "'a'\n'b'\n",
    "x = ('a'\n  'b' f'{c}'\n)\n'd'\n",
    "def f(a, /, b: int = (1), *c: 2, d, e=(3), **g) -> (h): 'doc'; return (yield (a))\n",
    "lambda: (yield)\nlambda *a, b=(1): (a)\n",
    "x = f'{(a)}{(b, c)!r:>{(d)}}{e=}{{}}\\N{DIGIT ONE}\\{f}' rf'\\{a}' f'''{\n b }'''\n",
    "é = f'日{本} {ｆｕｌｌ}'; ((ｆ).ｇ)\n",
    "match (a), b:\n case (1), -2 | 'x' 'y': pass\n case [a, *_] | (a, *_): pass\n case [a], b: pass\n"
    " case (None): pass\n case ([(a)]): pass\n case A.b(c, d=(e)) as f if (g): pass\n case {'k': (v), **r}: pass\n"
    " case _: pass\n",
    "if a: b\nelif (c): d\nelse:\n if e: f\n",
    "try: a\nexcept (B) as c: d\nexcept: e\nelse: f\nfinally: g\n",
    "@(a)\n@b(c)\nasync def f():\n async with (a) as b: await (c)\n async for x in y: [z async for z in w]\n",
    "from . import (a as b, c,)\nfrom ..x.y import *\nimport a.b as c, d.e\nglobal g, h\n",
    "not (a) and (b or c) or d and (e and f)\na < (b) not in c is not (d)\n(a if b else c) if (d) else -(e)\n",
    "{**a, (b): (c)}\n{(a) for a in b if (c) if d for e in f}\n{a: (b) for a, b in (c)}\n{*a, b}\n[*a]\n",
    "x: int = 1\ny: (int)\n(x.y) += (z)\n(a) = (b) = c\n(x := (1))\nassert (a), (b)\nraise (A) from (b)\n",
]


def by_libcst(monkeypatch: pytest.MonkeyPatch, source: str | bytes) -> Record:
    """The record when the running Python's own parser refuses the file."""

    def refuse(text: str) -> None:
        raise SyntaxError

    with monkeypatch.context() as patched:
        patched.setattr(tree, "_parsed", refuse)
        return lower("f.py", source)


@pytest.mark.parametrize("source", [*SHAPES, NASTY])
def test_both_parsers_give_one_record(monkeypatch: pytest.MonkeyPatch, source: str) -> None:
    assert lower("f.py", source) == by_libcst(monkeypatch, source)


def test_files_of_every_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    files = sorted((HERE.parent / "fixtures").rglob("*.py")) + sorted((HERE.parent.parent / "src").rglob("*.py"))
    files += sorted(Path(sysconfig.get_path("stdlib")).glob("*.py"))
    chosen = random.Random(7).sample([file for file in files if file.stat().st_size < 12_000], 150)
    deadline = time.process_time() + 6
    checked = 0
    for file in chosen:
        if time.process_time() > deadline:
            break
        try:
            other = by_libcst(monkeypatch, file.read_bytes())
        except Unreadable:
            continue
        assert lower("f.py", file.read_bytes()) == other, file
        checked += 1
    assert checked >= 3


def test_what_this_python_may_not_know_yet() -> None:
    record = lower(
        "f.py",
        "type X[T = int] = list[T]\ndef f[T](a: T): return f'{a['k']}'\nclass A[T](B): pass\n"
        "try:\n    a\nexcept* (A, B) as e:\n    b\n",
    )
    assert [function.name for function in record.functions] == ["<module>", "f"]
    assert record.functions[1].mentions == {"T", "a"}
    assert record.module_body.bound == {"X", "f", "A", "e"}
    assert [type(statement).__name__ for statement in record.module_body.body] == ["Bind", "Define", "Define", "Try"]
