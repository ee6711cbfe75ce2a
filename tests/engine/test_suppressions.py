from __future__ import annotations

from pathlib import Path

import pytest

from ckptlint.config import Overrides
from ckptlint.diagnostic import Confidence, Diagnostic
from ckptlint.engine.removal import removal
from ckptlint.engine.suppressions import apply_suppressions, read_suppressions
from ckptlint.selectors import Selection, parse_selector
from ckptlint.text import Edit, Source
from tests.support import diagnostic, found, settings, write


def applied(
    tmp_path: Path, text: str, *reported: Diagnostic, overrides: Overrides | None = None
) -> list[tuple[int, str]]:
    return [(one.span.row, one.code) for one in kept(tmp_path, text, *reported, overrides=overrides)]


def kept(tmp_path: Path, text: str, *reported: Diagnostic, overrides: Overrides | None = None) -> list[Diagnostic]:
    root = write(tmp_path, {"a.py": text})
    return apply_suppressions(reported, found(root, overrides=overrides), settings(root, overrides))


# A suppression of CKP001 cannot be judged where CKP001 is reported, so the tests report a code of their own.
def at(row: int, **more: object) -> Diagnostic:
    return diagnostic((row, 1, row, 2), path="a.py", code="CKP002", **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "comment",
    [
        "# ckptlint: ignore[CKP002]",
        "#ckptlint:ignore[ CKP002 ]",
        "# ckptlint: ignore[unused-suppression]",
        "# ckptlint: ignore[ckp002]",
        "# ckptlint: ignore[CKP0] -- the reason [why]",
        "# ckptlint: ignore[tool]",
        "# type: ignore  # ckptlint: ignore[CKP002]",
        "# noqa",
        "# NOQA",
        "# noqa: CKP002",
        "# noqa:CKP002,E501",
        "# noqa: E501 ckp0",
        "# noqa: E501, CKP0  # because",
        "# noqa: because",
    ],
)
def test_a_row_is_silenced(comment: str, tmp_path: Path) -> None:
    assert applied(tmp_path, f"x = 1  {comment}\ny = 2\n", at(1), at(2)) == [(2, "CKP002")]


@pytest.mark.parametrize(
    "line",
    [
        "x = '# ckptlint: ignore[CKP002]'",
        "x = 1  # noqa: E501",
        "x = 1  # noqa-not",
        "x = 1  # ckptlint is a linter: ignore[CKP002]",
        "x = 1  # see ckptlint: ignore[CKP002]",
    ],
)
def test_what_silences_nothing(line: str, tmp_path: Path) -> None:
    assert applied(tmp_path, line + "\n", at(1)) == [(1, "CKP002")]


def test_any_row_of_the_statement_counts(tmp_path: Path) -> None:
    text = "f(  # ckptlint: ignore[CKP002]\n    a,\n    b,\n)  # noqa: CKP002\n"
    for row in (1, 4):
        reported = at(2, statement=(row, 1, 2 if row == 1 else 4, 2))
        assert applied(tmp_path, text, reported) == []
    assert applied(tmp_path, text, at(2)) == [(2, "CKP002")]


def test_a_whole_file_is_silenced(tmp_path: Path) -> None:
    broken = diagnostic((1, 1, 1, 2), path="a.py")
    assert applied(tmp_path, "def f(:\n# ckptlint: ignore-file\n", broken) == []
    assert applied(tmp_path, "x = '# ckptlint: ignore-file'\n", at(1)) == [(1, "CKP002")]


UNUSED = [
    ("x = 1  # ckptlint: ignore[CKP001]\n", "x = 1\n"),
    ("x = 1  # ckptlint: ignore[CKP001] -- reason\n", "x = 1\n"),
    ("    # ckptlint: ignore[CKP001]\nx = 1\n", "x = 1\n"),
    ("x = 1\r\n# noqa: CKP001\r\ny = 2\r\n", "x = 1\r\ny = 2\r\n"),
    ("# ckptlint: ignore[CKP001]", ""),
    ("x = 1  # noqa: CKP001, E501\n", "x = 1  # noqa: E501\n"),
    ("x = 1  # noqa: E501,CKP001,W291 # and more\n", "x = 1  # noqa: E501, W291 # and more\n"),
    ("x = 1  # noqa:E501,CKP001\n", "x = 1  # noqa:E501\n"),
    ("x = 1  # ckptlint: ignore[CKP001]  # pragma: no cover\n", "x = 1  # pragma: no cover\n"),
    ("x = 1  # noqa: CKP001 for a reason\n", "x = 1  # for a reason\n"),
    ("x = 1  # pragma: no cover  # noqa: CKP001\n", "x = 1  # pragma: no cover\n"),
    ("é = 1  # ckptlint: ignore[no-such-rule]\n", "é = 1\n"),
]


@pytest.mark.parametrize(("text", "mended"), UNUSED)
def test_an_unused_suppression_is_reported_and_removed(text: str, mended: str, tmp_path: Path) -> None:
    reported = kept(tmp_path, text)
    assert [one.code for one in reported] == ["CKP002"]
    assert reported[0].fix is not None
    assert replaced(text, reported[0].fix.edits) == mended
    assert applied(tmp_path, mended) == []


def test_used_words_of_a_list_stay(tmp_path: Path) -> None:
    text = "x = 1  # ckptlint: ignore[CKP0, nope] -- why\n"
    # `CKP0` silences the report about its own comment, so another word is used here for it.
    found = read_suppressions(Source("a.py", text))
    (suppression,) = found.suppressions
    fix = removal(found.source, suppression.span, [item.text for item in suppression.items], ["nope"])
    assert fix.title == "remove nope from the suppression"
    assert replaced(text, fix.edits) == "x = 1  # ckptlint: ignore[CKP0] -- why\n"
    assert applied(tmp_path, text, at(1)) == []


def replaced(text: str, edits: tuple[Edit, ...]) -> str:
    starts = [0]
    for line in text.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    (edit,) = edits
    start = starts[edit.span.row - 1] + edit.span.column - 1
    end = starts[edit.span.end_row - 1] + edit.span.end_column - 1
    return text[:start] + edit.replacement + text[end:]


def test_the_message_says_which_and_why(tmp_path: Path) -> None:
    (one,) = kept(tmp_path, "x = 1  # ckptlint: ignore[CKP001]\n")
    assert one.message == "`CKP001` suppresses nothing: no such diagnostic is reported here"
    (one,) = kept(tmp_path, "x = 1  # noqa: CKP01\n")
    assert (
        one.message == "`CKP01` suppresses nothing: no rule, topic or prefix is called `CKP01`; did you mean `CKP001`?"
    )
    assert (one.span.column, one.span.end_column) == (8, 21)


@pytest.mark.parametrize(
    "comment", ["# noqa", "# noqa: E501", "# ckptlint: see the docs", "# ckptlint: ignore[CKP002]"]
)
def test_what_is_never_judged(comment: str, tmp_path: Path) -> None:
    assert applied(tmp_path, f"x = 1  {comment}\n") == []


@pytest.mark.parametrize(
    ("comment", "message"),
    [
        ("# ckptlint: ignore", "it names no rule; write `# ckptlint: ignore[CODE]`"),
        ("# ckptlint: ignore[]", "it names no rule"),
        ("# ckptlint: ignroe[CKP001]", "`ignroe` is not understood"),
        ("# ckptlint: ignore-file[CKP001]", "`ignore-file` takes no list"),
    ],
)
def test_a_mistaken_comment_is_reported(comment: str, message: str, tmp_path: Path) -> None:
    (one,) = kept(tmp_path, f"x = 1  {comment}\n")
    assert message in one.message


def test_only_rules_that_ran_are_judged(tmp_path: Path) -> None:
    text = "x = 1  # ckptlint: ignore[CKP001]\n"
    without = Overrides(selection=Selection(ignore=(parse_selector("CKP001"),)))
    assert applied(tmp_path, text, overrides=without) == []


def test_a_low_diagnostic_makes_a_suppression_used(tmp_path: Path) -> None:
    text = "x = 1  # ckptlint: ignore[CKP0]\n"
    assert applied(tmp_path, text, at(1, confidence=Confidence.LOW)) == []


def test_nothing_is_judged_in_a_broken_file(tmp_path: Path) -> None:
    broken = diagnostic((2, 1, 2, 2), path="a.py")
    assert applied(tmp_path, "x = 1  # noqa: CKP001\ndef (", broken) == [(2, "CKP001")]


def test_only_given_files_are_judged_but_all_are_obeyed(tmp_path: Path) -> None:
    root = write(tmp_path, {"a.py": "x = 1  # noqa: CKP001\n", "b.py": "", "c.py": "x = 1  # noqa: CKP002\n"})
    elsewhere = diagnostic((1, 1, 1, 2), path="c.py", code="CKP002")
    assert apply_suppressions([elsewhere], found(root, ["b.py"]), settings(root)) == []
