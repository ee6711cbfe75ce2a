"""Places agree with libcst's PositionProvider and, where that is wrong, with the source."""

from __future__ import annotations

import random
import sysconfig
import time
from pathlib import Path

import pytest

from ckptlint.semantics import model
from ckptlint.semantics.lower import lower

from .places import disagreements, everything

NASTY = (Path(__file__).parent / "nasty.txt").read_text(encoding="utf-8")


def test_every_odd_shape() -> None:
    wrong = disagreements(NASTY)
    # The tuple of `del a, b` is lowered to the targets of the statement.
    assert [line for line in wrong if "Sequence at (26, 12, 26, 32)" not in line] == []


@pytest.mark.parametrize("end", ["\r\n", "\r"])
def test_line_ends_do_not_move_places(end: str) -> None:
    lined = lower("f.py", NASTY.replace("\n", end))
    assert lined == lower("f.py", NASTY)


def test_byte_order_mark_does_not_move_places() -> None:
    assert lower("f.py", b"\xef\xbb\xbf" + NASTY.encode()) == lower("f.py", NASTY)


def test_the_standard_library() -> None:
    files = sorted(Path(sysconfig.get_path("stdlib")).glob("*.py")) + sorted(
        Path(sysconfig.get_path("stdlib")).glob("[a-z]*/*.py")
    )
    files = [file for file in files if "site-packages" not in file.parts and file.stat().st_size < 12_000]
    chosen = random.Random(5).sample(files, min(150, len(files)))
    deadline = time.process_time() + 8
    checked = 0
    for file in chosen:
        if time.process_time() > deadline:
            break
        data = file.read_bytes()
        try:
            compile(data, str(file), "exec", dont_inherit=True)
        except (SyntaxError, ValueError):
            continue
        wrong = [line for line in disagreements(data, str(file)) if "Sequence" not in line]
        assert wrong == []
        checked += 1
    assert checked >= 20


def test_columns_count_characters() -> None:
    record = lower("f.py", 'é = "日本"; ok(x)\n')
    call = next(item for item in everything(record.functions) if isinstance(item, model.CallSite))
    assert call.at == (1, 11, 1, 16)


def test_tabs_and_form_feeds_are_one_column_each() -> None:
    record = lower("f.py", "if x:\n\ty\f=\t1\n\fz = 2\n")
    places = {item.id: item.at for item in everything(record.functions) if isinstance(item, model.Name)}
    assert places == {"x": (1, 4, 1, 5), "y": (2, 2, 2, 3), "z": (3, 2, 3, 3)}


def test_names_within_format_strings_have_their_own_places() -> None:
    record = lower("f.py", 'x = f"a{b!r}" f"""\n{ c["q"] :{d}}"""\n')
    places = {item.id: item.at for item in everything(record.functions) if isinstance(item, model.Name)}
    assert places["b"] == (1, 9, 1, 10)
    assert places["c"] == (2, 3, 2, 4)
    assert places["d"] == (2, 12, 2, 13)


def test_format_string_with_its_own_quotes() -> None:
    record = lower("f.py", 'x = f"{a["k"]} {f"{f"{b}"}"}" + c\n')
    places = {item.id: item.at for item in everything(record.functions) if isinstance(item, model.Name)}
    assert places["a"] == (1, 8, 1, 9)
    assert places["b"] == (1, 23, 1, 24)
    assert places["c"] == (1, 33, 1, 34)


def test_header_of_a_compound_statement_ends_with_its_colon() -> None:
    record = lower("f.py", "@d\nasync def f(\n  a):\n    pass\nif (x):\n    y\nelif z : w\n")
    function, branch = record.module_body.body
    assert function.at == (2, 1, 3, 6)
    assert isinstance(branch, model.Branch)
    assert branch.at == (5, 1, 5, 8)
    assert branch.orelse[0].at == (7, 1, 7, 9)
    assert record.functions[1].at == function.at
    assert record.functions[1].end_row == 4
