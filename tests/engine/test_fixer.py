"""Applying fixes: whole or not at all, everything else untouched, valid Python behind."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ckptlint import fixes
from ckptlint.engine.fixer import apply
from ckptlint.text import Applicability, Edit, Fix, Span, rows

SAFE = Applicability.SAFE


def span(row: int, column: int, end_row: int, end_column: int) -> Span:
    return Span("a.py", row, column, end_row, end_column)


def replace(place: Span, text: str, title: str = "t") -> Fix:
    return fixes.replace(place, text, title, SAFE)


def renames(text: str) -> list[Fix]:
    """A fix for every `old`, as a rule would offer it: rows and columns are those of Python's parser."""
    found = []
    for row, line in enumerate(rows(text), start=1):
        for match in re.finditer(r"\bold\b", line):
            place = span(row, match.start() + 1, row, match.end() + 1)
            found.append(replace(place, "new", f"rename at {row}:{match.start()}"))
    return found


WORDS = st.sampled_from(["old", "new", "x", "'é𝄞 '", "'\x0c'", "f(old, x)", "[old, old]"])
NOTES = st.sampled_from(["", "  # old 𝄞\u2028z", "\x0c"])
LINES = st.builds(lambda a, b, note: f"{a}; {b}{note}", WORDS, WORDS, NOTES)
TEXTS = st.builds(
    lambda lines, end, last: end.join(lines) + (end if last else ""),
    st.lists(LINES, max_size=6),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.booleans(),
)


@given(TEXTS)
def test_fixing_again_changes_nothing_and_keeps_all_other_text(text: str) -> None:
    once = apply(text, renames(text))
    assert once.reason is None
    assert once.text == re.sub(r"\bold\b", "new", text)
    assert renames(once.text) == []
    assert apply(once.text, renames(once.text)).text == once.text


@st.composite
def texts_with_fixes(draw: st.DrawFn) -> tuple[str, list[Fix]]:
    text = draw(st.text(alphabet="ab=1 𝄞\n\r\t#", max_size=40))
    lines = rows(text) or [""]
    found = []
    for index in range(draw(st.integers(0, 5))):
        edits = []
        for _ in range(draw(st.integers(1, 2))):
            row = draw(st.integers(1, len(lines)))
            width = len(lines[row - 1].rstrip("\r\n")) + 1
            start, end = sorted((draw(st.integers(1, width)), draw(st.integers(1, width))))
            edits.append(Edit(span(row, start, row, end), draw(st.sampled_from(["", "b", "1", "a\n"]))))
        found.append(Fix(f"t{index}", SAFE, tuple(edits)))
    return text, found


@given(texts_with_fixes(), st.randoms(use_true_random=False))
def test_the_order_of_fixes_does_not_matter(given_: tuple[str, list[Fix]], random: object) -> None:
    text, found = given_
    shuffled = list(found)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert apply(text, found) == apply(text, shuffled)


@given(texts_with_fixes())
def test_every_fix_is_applied_whole_or_left(given_: tuple[str, list[Fix]]) -> None:
    text, found = given_
    result = apply(text, found)
    if result.reason is not None:
        assert (result.text, result.applied, result.postponed) == (text, (), ())
        return
    assert {*result.applied, *result.postponed} == set(found)
    assert not set(result.applied) & set(result.postponed)
    assert bool(found) <= bool(result.applied)
    if result.text != text:
        compile(result.text, "<fixed>", "exec")


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_inserted_rows_take_the_files_line_ends(end: str) -> None:
    text = f"if x:{end}    y = 1{end}"
    result = apply(text, [fixes.insert_before_statement(span(2, 5, 2, 10), ["a", "b"], "t", SAFE)])
    assert result.text == f"if x:{end}    a{end}    b{end}    y = 1{end}"


def test_inserted_rows_take_the_files_tabs() -> None:
    text = "if x:\n\tif y:\n\t\tz = 1\n"
    above = fixes.insert_before_statement(span(3, 3, 3, 8), ["a = 1"], "t", SAFE)
    below = fixes.insert_after_statement(span(3, 3, 3, 8), ["b = 1"], "t", SAFE)
    assert apply(text, [above, below]).text == "if x:\n\tif y:\n\t\ta = 1\n\t\tz = 1\n\t\tb = 1\n"


def test_columns_are_characters() -> None:
    assert apply("s = '𝄞é'; old()\n", [replace(span(1, 11, 1, 14), "new")]).text == "s = '𝄞é'; new()\n"


def test_a_form_feed_or_a_unicode_separator_ends_no_row() -> None:
    text = "s = '\u2028'\n\x0cold()\n"
    assert apply(text, [replace(span(2, 2, 2, 5), "new")]).text == "s = '\u2028'\n\x0cnew()\n"


def test_an_overlapping_fix_waits_whole() -> None:
    text = "f(g(x)); h(y)\n"
    first = replace(span(1, 3, 1, 7), "k(x)", "inner")
    second = Fix("outer", SAFE, (Edit(span(1, 1, 1, 8), "k"), Edit(span(1, 10, 1, 11), "z")))
    result = apply(text, [first, second])
    assert (result.text, result.applied, result.postponed) == ("k; z(y)\n", (second,), (first,))


def test_two_fixes_that_insert_at_one_point_take_turns() -> None:
    here = span(1, 1, 1, 6)
    above = [fixes.insert_before_statement(here, [line], line, SAFE) for line in ("b = 1", "c = 1")]
    result = apply("a = 1\n", above)
    assert result.text == "b = 1\na = 1\n"
    assert result.postponed == (above[1],)


def test_an_edit_that_two_fixes_share_is_made_once() -> None:
    text = "import torch\nbest = a\nlast = b\n"
    both = [
        fixes.together(
            "Copy",
            SAFE,
            fixes.add_import(span(1, 1, 1, 13), "copy", "i", SAFE),
            fixes.wrap(span(row, 8, row, 9), "copy.deepcopy(", ")", "w", SAFE),
        )
        for row in (2, 3)
    ]
    result = apply(text, both)
    assert result.text == "import copy\nimport torch\nbest = copy.deepcopy(a)\nlast = copy.deepcopy(b)\n"
    assert result.applied == tuple(both)


def test_a_result_that_does_not_parse_is_refused_with_the_reason() -> None:
    text = "if x:\n    y = 1\n"
    result = apply(text, [fixes.delete_statement(span(2, 5, 2, 10), "Drop", SAFE)])
    assert result.text == text
    assert result.applied == ()
    assert result.reason is not None
    assert result.reason.startswith("the fixed file would not be valid Python: ")


def test_a_file_that_this_python_cannot_read_is_told_as_that() -> None:
    result = apply("print 'x'\n", [replace(span(1, 7, 1, 10), "'y'")])
    assert result.reason is not None
    assert result.reason.startswith("the file is not valid for the Python that runs ckptlint: ")


@pytest.mark.parametrize(
    "place", [span(0, 1, 1, 1), span(1, 9, 1, 9), span(3, 1, 3, 2), span(4, 1, 4, 1), span(1, 3, 1, 2)]
)
def test_a_place_outside_the_text_is_refused_with_the_reason(place: Span) -> None:
    result = apply("a = 1\nb = 2\n", [replace(place, "x", "Do it")])
    assert result.text == "a = 1\nb = 2\n"
    assert result.reason is not None
    assert result.reason.startswith("the fix 'Do it' has an edit ")


def test_a_fix_that_contradicts_itself_is_refused() -> None:
    fix = Fix("t", SAFE, (Edit(span(1, 1, 1, 4), "x"), Edit(span(1, 2, 1, 3), "y")))
    assert apply("abc\n", [fix]).reason == "the fix 't' has edits that overlap, at 1:2"


def test_an_invalid_escape_in_the_users_text_warns_nobody(recwarn: pytest.WarningsRecorder) -> None:
    assert apply("a = '\\d'\n", [replace(span(1, 1, 1, 2), "b")]).text == "b = '\\d'\n"
    assert not recwarn.list


def test_a_byte_order_mark_is_kept() -> None:
    assert apply("\ufeffa = 1\n", [replace(span(1, 2, 1, 3), "b")]).text == "\ufeffb = 1\n"


def test_nothing_to_do() -> None:
    result = apply("a = 1\n", [])
    assert (result.text, result.applied, result.postponed, result.reason) == ("a = 1\n", (), (), None)
