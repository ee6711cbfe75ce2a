"""Fixes as data: places and text only."""

from __future__ import annotations

from ckptlint import fixes
from ckptlint.engine.fixer import apply
from ckptlint.text import Applicability, Edit, Fix, Span

SAFE, UNSAFE = Applicability.SAFE, Applicability.UNSAFE
TEXT = """import torch

def run(model, x):
    if x:
        y = model(x)  # forward
    return y
"""
CALL = Span("a.py", 5, 13, 5, 21)
STATEMENT = Span("a.py", 5, 9, 5, 21)


def fixed(fix: Fix, text: str = TEXT) -> str:
    result = apply(text, [fix])
    assert result.reason is None
    return result.text


def test_replace() -> None:
    fix = fixes.replace(CALL, "model.eval()", "Call it", SAFE)
    assert fix == Fix("Call it", SAFE, (Edit(CALL, "model.eval()"),))
    assert fixed(fix) == TEXT.replace("model(x)", "model.eval()")


def test_wrap_keeps_what_it_holds() -> None:
    assert fixed(fixes.wrap(CALL, "copy(", ")", "Copy", SAFE)) == TEXT.replace("model(x)", "copy(model(x))")


def test_rows_above_take_the_statements_indentation() -> None:
    fix = fixes.insert_before_statement(STATEMENT, ["model.eval()", "pass"], "Switch", UNSAFE)
    assert fixed(fix) == TEXT.replace("        y", "        model.eval()\n        pass\n        y")


def test_rows_below_leave_the_comment_where_it_is() -> None:
    fix = fixes.insert_after_statement(STATEMENT, ["model.train()"], "Back", UNSAFE)
    assert fixed(fix) == TEXT.replace("# forward\n", "# forward\n        model.train()\n")


def test_rows_below_the_last_row_of_a_text_without_a_line_end() -> None:
    fix = fixes.insert_after_statement(Span("a.py", 1, 1, 1, 6), ["b = 2"], "More", SAFE)
    assert fixed(fix, "a = 1") == "a = 1\nb = 2"
    assert fixed(fix, "a = 1\n") == "a = 1\nb = 2\n"


def test_imports() -> None:
    first = Span("a.py", 1, 1, 1, 13)
    assert fixed(fixes.add_import(first, "copy", "Import", SAFE)).startswith("import copy\nimport torch\n")
    fix = fixes.add_import(first, "copy", "Import", SAFE, attribute="deepcopy")
    assert fixed(fix).startswith("from copy import deepcopy\nimport torch\n")


def test_a_deleted_statement_takes_its_row_along() -> None:
    text = "a = 1\nif a:\n    b = 2\n    c = 3\n"
    assert fixed(fixes.delete_statement(Span("a.py", 3, 5, 3, 10), "Drop", SAFE), text) == ("a = 1\nif a:\n    c = 3\n")
    alone = "if a:\n    b = 2\n"
    assert fixed(fixes.delete_statement(Span("a.py", 2, 5, 2, 10), "Drop", SAFE, alone=True), alone) == (
        "if a:\n    pass\n"
    )
    commented = "a = 1\nb = 2  # why\n"
    drop = fixes.delete_statement(Span("a.py", 2, 1, 2, 6), "Drop", SAFE)
    assert fixed(drop, commented) == "a = 1\n  # why\n"


def test_together_is_one_fix_and_names_an_edit_once() -> None:
    first = Span("a.py", 1, 1, 1, 13)
    one = fixes.add_import(first, "copy", "Import", SAFE)
    both = fixes.together("Copy", UNSAFE, one, one, fixes.wrap(CALL, "copy.copy(", ")", "w", SAFE))
    assert (both.title, both.applicability, len(both.edits)) == ("Copy", UNSAFE, 3)
    assert fixed(both) == "import copy\n" + TEXT.replace("model(x)", "copy.copy(model(x))")


def test_a_notebook_cell_is_kept_in_the_places() -> None:
    span = Span("n.ipynb", 2, 1, 2, 4, cell=3)
    fix = fixes.together(
        "t",
        SAFE,
        fixes.wrap(span, "(", ")", "w", SAFE),
        fixes.insert_before_statement(span, ["a"], "i", SAFE),
        fixes.insert_after_statement(span, ["a"], "i", SAFE),
    )
    assert {edit.span.cell for edit in fix.edits} == {3}
