"""The reader of pages, and its messages about malformed ones."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent
from types import SimpleNamespace

import pytest

from tests import linting
from tests.linting import lint, relative
from tests.pages import Expected, PageError, apply_diff, mismatches, parse_page, read_project


def page(text: str):
    return parse_page(dedent(text).lstrip("\n"), "page.md")


GOOD_PAGE = """
    # CKP301 key-never-saved

    ## Bad
    ```python
    a = 1
    b = a["k"]  # error: [CKP301] "'k'"  # error: [CKP302] "whole"
    ```
    ```diff
     a = 1
    -b = a["k"]
    +b = a.get("k")
    ```

    `train.py`:
    ```python
    import lib.model
    ```
    and the other file,

    `lib/model.py`:

    ```python
    x = 1  # error: [CKP301] "x"
    ```

    ## Good
    ### By name
    `train.py`:
    ```python
    x = 1
    ```
    ```python
    y = 1
    ```
    `train.py`:
    ```python
    z = 1
    ```
    ```console
    $ not python
    ```
"""


def test_a_page_is_read_whole() -> None:
    read = page(GOOD_PAGE)
    assert read.code_and_name() == ("CKP301", "key-never-saved")
    assert read.headings == ["Bad", "Good", "By name"]
    single, project, *rest = read.examples
    assert single.files == {"example.py": 'a = 1\nb = a["k"]\n'}
    assert single.expected == [
        Expected("example.py", 2, "CKP301", "'k'"),
        Expected("example.py", 2, "CKP302", "whole"),
    ]
    assert single.diff == ' a = 1\n-b = a["k"]\n+b = a.get("k")\n'
    assert project.files == {"train.py": "import lib.model\n", "lib/model.py": "x = 1\n"}
    assert project.expected == [Expected("lib/model.py", 1, "CKP301", "x")]
    assert [list(example.files) for example in rest] == [["train.py"], ["example.py"], ["train.py"]]
    assert [example.heading for example in rest] == ["Good / By name"] * 3
    assert read.under("Good") == rest


def test_the_heading_of_an_example_is_where_it_stands() -> None:
    read = page("""
        # CKP301 key-never-saved
        ## Bad
        ### One
        ## Good
        ```python
        x = 1
        ```
    """)
    assert read.examples[0].heading == "Good"
    assert read.under("Bad") == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "page.md:1: a page begins with a title"),
        ("# x\n```python\nx = 1\n", "page.md:2: this block is never closed"),
        ("# x\n```python\nx = = 1\n```\n", "page.md:3: not valid Python"),
        ("# x\n\n```python\nx = 1\ny = 2  # error: CKP301\n```\n", "page.md:5: an expectation is written"),
        ('# x\n```python\ny = 2  # error: [CKP301] "a" # Error: b\n```\n', "page.md:3: an expectation is"),
        ("# x\n`a.py`:\n\nprose\n", "page.md:2: no Python block follows directly on `a.py`"),
        ("# x\n`a.py`:\n", "page.md:2: no Python block follows directly on `a.py`"),
        ("# x\n`a.py`:\n```console\n```\n", "the block named `a.py` must be a python block"),
        ("# x\n`../a.py`:\n```python\nx = 1\n```\n", "page.md:2: `../a.py` must be a Python file's path"),
        ("# x\n`a.toml`:\n```python\nx = 1\n```\n", "page.md:2: `a.toml` must be a Python file's path"),
        ("# x\n" + "`a.py`:\n```python\nx = 1\n```\n" * 2, "page.md:7: `a.py` is in this project already"),
        ("# x\n```diff\n-x\n```\n", "page.md:2: a diff stands behind the example"),
        ("# x\n```python\nx = 1\n```\n```diff\n-x\n```\n", "expects no diagnostic that could be fixed"),
    ],
)
def test_a_malformed_page_is_told_where(text: str, message: str) -> None:
    with pytest.raises(PageError) as told:
        parse_page(text, "page.md")
    assert message in str(told.value)


@pytest.mark.parametrize("title", ["# CKP31 short", "# key-never-saved", "# CKP301 Key", "# CKP301"])
def test_a_title_has_code_and_name(title: str) -> None:
    with pytest.raises(PageError, match=r"page\.md:1: the title must be"):
        parse_page(title, "page.md").code_and_name()


def test_a_quoted_comment_that_is_no_expectation_is_told() -> None:
    with pytest.raises(PageError, match="an expectation is written"):
        parse_page('# x\n```python\nx = 1  # errors: ["CKP301"] message\n```\n', "page.md")


TWO = {"a.py": "x = 1\ny = 2\n", "b.py": "x = 1\n"}


def test_a_diff_is_applied_where_its_rows_stand() -> None:
    assert apply_diff({"a.py": "x = 1\ny = 2\nz = 3\n"}, " x = 1\n-y = 2\n+y = 4\n", "p") == {
        "a.py": "x = 1\ny = 4\nz = 3\n"
    }
    diff = '--- b.py\n-x = 1  # error: [CKP301] "k"\n+x = 5\n--- a.py\n+w = 0\n x = 1\n@@\n-y = 2\n'
    assert apply_diff(TWO, diff, "p") == {"a.py": "w = 0\nx = 1\n", "b.py": "x = 5\n"}


@pytest.mark.parametrize(
    ("files", "diff", "message"),
    [
        ({"a.py": "x = 1\n"}, "-y = 2\n", "nowhere"),
        ({"a.py": "x = 1\nx = 1\n"}, "-x = 1\n", "at 2 places; add rows around it"),
        ({"a.py": "x = 1\n"}, "+y = 2\n", "nowhere|places"),
        ({"a.py": "x = 1\n"}, " x = 1\n", "changes nothing"),
        ({"a.py": "x = 1\n"}, "x = 1\n", "begins with a blank"),
        ({"a.py": "x = 1\n"}, "--- c.py\n-x = 1\n", "names `c.py`"),
        (TWO, "-y = 2\n", "needs `--- file.py`"),
    ],
)
def test_a_diff_that_does_not_fit_is_told(files: dict[str, str], diff: str, message: str) -> None:
    with pytest.raises(PageError, match=message):
        apply_diff(files, diff, "p")


def test_what_differs_is_told() -> None:
    expected = [Expected("a.py", 3, "CKP301", "'k'"), Expected("a.py", 4, "CKP101", "buffers")]
    right = [("a.py", 3, "CKP301", "key 'k' is never saved"), ("a.py", 4, "CKP101", "loses the buffers")]
    assert mismatches(expected, right) == []
    assert mismatches(expected, right[:1]) == ['not reported: a.py:4: [CKP101] "buffers"']
    assert mismatches(expected, [*right, ("b.py", 1, "CKP401", "m")]) == ["not expected: b.py:1: CKP401 m"]
    assert len(mismatches(expected, [right[0], ("a.py", 5, *right[1][2:])])) == 2
    told = mismatches(expected, [right[1], ("a.py", 3, "CKP301", "key 'j' is never saved")])
    assert len(told) == 1
    assert told[0].startswith("the message lacks the part")


def test_two_of_one_kind_in_a_row_need_two_expectations() -> None:
    one = Expected("a.py", 3, "CKP301", "never")
    twice = [("a.py", 3, "CKP301", "'k' is never saved"), ("a.py", 3, "CKP301", "'j' is never saved")]
    assert mismatches([one], twice) == ["not expected: a.py:3: CKP301 'j' is never saved"]
    assert mismatches([one, one], twice) == []


def test_a_project_is_read_from_its_folder(tmp_path: Path) -> None:
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "m.py").write_text('x = 1  # error: [CKP401] "train mode"\n')
    (tmp_path / "train.py").write_text("import lib.m\n")
    project = read_project(tmp_path, "fixtures/r/p")
    assert project.files == {"lib/m.py": "x = 1\n", "train.py": "import lib.m\n"}
    assert project.expected == [Expected("lib/m.py", 1, "CKP401", "train mode")]


def test_a_broken_project_is_told(tmp_path: Path) -> None:
    with pytest.raises(PageError, match="fixtures/r/p: holds no Python file"):
        read_project(tmp_path, "fixtures/r/p")
    (tmp_path / "a.py").write_text("x = 1\n(\n")
    with pytest.raises(PageError, match=r"fixtures/r/p/a\.py:2: not valid Python"):
        read_project(tmp_path, "fixtures/r/p")


def test_linting_writes_the_files_and_asks_the_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: dict[str, str] = {}

    def check(paths: list[Path]) -> SimpleNamespace:
        for path in paths:
            seen.update({p.relative_to(path).as_posix(): p.read_text() for p in path.rglob("*.py")})
        return SimpleNamespace(diagnostics=[], failures=[])

    monkeypatch.setattr(linting, "check_paths", check)
    assert lint(TWO | {"lib/c.py": ""}, tmp_path) == []
    assert seen == TWO | {"lib/c.py": ""}
    assert relative(str(tmp_path / "project" / "lib" / "c.py"), tmp_path) == "lib/c.py"
    assert relative("lib/c.py", tmp_path) == "lib/c.py"
