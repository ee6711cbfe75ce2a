"""Reads the pages that are tests: rule.md, cases.md and the fixture projects.

A page's Python blocks are examples. `# error: [CKP301] "part of the message"` in a row says that a
diagnostic is reported there; everything else must be silent. A line `` `train.py`: `` before a block names
its file; named blocks that follow each other make one project until a heading, an unnamed block or a diff.
A `diff` block holds what the fixes of the example before it do. Other blocks are prose.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

DEFAULT_FILE = "example.py"

_TITLE = re.compile(r"# (CKP\d{3}) ([a-z0-9]+(?:-[a-z0-9]+)*)")
_FILE_LINE = re.compile(r"`([^`]+)`:")
_FENCE = re.compile(r"(`{3,}|~{3,})\s*(\S*)")
_EXPECTATION = re.compile(r'#\s*error:\s*\[(CKP\d{3})\]\s*"([^"]+)"')
_EXPECTATION_LIKE = re.compile(r"#\s*errors?\s*:", re.IGNORECASE)
_TRAILING = re.compile(r'\s*(?:#\s*error:\s*\[CKP\d{3}\]\s*"[^"]+"\s*)+$')


class PageError(Exception):
    """A page that cannot be read as tests; the message names the page, the row and the cure."""


@dataclass(frozen=True, order=True)
class Expected:
    """A diagnostic that must be reported in this row."""

    path: str
    row: int
    code: str
    part: str

    def __str__(self) -> str:
        return f'{self.path}:{self.row}: [{self.code}] "{self.part}"'


@dataclass
class Example:
    """One block, or one project of several: files without the expectations written in them."""

    name: str
    heading: str
    files: dict[str, str] = field(default_factory=dict)
    expected: list[Expected] = field(default_factory=list)
    diff: str | None = None


@dataclass
class Page:
    """A Markdown page with its examples."""

    name: str
    title: str
    headings: list[str]
    examples: list[Example]

    def code_and_name(self) -> tuple[str, str]:
        """What the title `# CKP401 forward-in-train-mode` says; PageError when it says it otherwise."""
        match = _TITLE.fullmatch(self.title)
        if match is None:
            raise PageError(f"{self.name}:1: the title must be `# CKPnnn rule-name`, not `{self.title}`")
        return match[1], match[2]

    def under(self, heading: str) -> list[Example]:
        """The examples of the section with this heading, its sub-sections included."""
        return [example for example in self.examples if example.heading.split(" / ")[0] == heading]


def without_expectations(text: str, path: str, where: str, first_row: int = 1) -> tuple[str, list[Expected]]:
    """A file without its `# error:` comments, and what they expect.

    `where` and `first_row` say in a PageError where the file stands.
    """
    lines: list[str] = []
    expected: list[Expected] = []
    for row, line in enumerate(text.split("\n"), start=1):
        found = [Expected(path, row, code, part) for code, part in _EXPECTATION.findall(line)]
        bare = _TRAILING.sub("", line) if found else line
        if _EXPECTATION_LIKE.search(bare):
            raise PageError(
                f"{where}:{first_row + row - 1}: an expectation is written"
                f' `# error: [CKP301] "part of the message"` at the end of its row, not `{line.strip()}`'
            )
        expected += found
        lines.append(bare)
    return "\n".join(lines), expected


def parse_page(text: str, name: str) -> Page:
    """The examples of a page; PageError when it is malformed."""
    return _Reader(text, name).read()


def read_page(path: Path, name: str) -> Page:
    """The page in a file."""
    return parse_page(path.read_text(encoding="utf-8"), name)


def read_project(folder: Path, name: str) -> Example:
    """A fixture project: every Python file below a folder."""
    example = Example(name, "fixture")
    for path in sorted(folder.rglob("*.py")):
        relative = path.relative_to(folder).as_posix()
        text, expected = without_expectations(path.read_text(encoding="utf-8"), relative, f"{name}/{relative}")
        _must_parse(text, f"{name}/{relative}", 1)
        example.files[relative] = text
        example.expected += expected
    if not example.files:
        raise PageError(f"{name}: holds no Python file")
    return example


def _must_parse(text: str, where: str, first_row: int) -> None:
    try:
        ast.parse(text)
    except SyntaxError as error:
        row = first_row + (error.lineno or 1) - 1
        raise PageError(f"{where}:{row}: not valid Python: {error.msg}") from None


class _Reader:
    """One pass over a page's lines."""

    def __init__(self, text: str, name: str) -> None:
        self.lines = text.split("\n")
        self.name = name
        self.title = ""
        self.headings: list[tuple[int, str]] = []
        self.seen: list[str] = []
        self.examples: list[Example] = []
        self.project: Example | None = None

    def fail(self, row: int, message: str) -> PageError:
        return PageError(f"{self.name}:{row}: {message}")

    def read(self) -> Page:
        file: tuple[int, str] | None = None
        row = 0
        while row < len(self.lines):
            line = self.lines[row].rstrip()
            row += 1
            fence = _FENCE.match(line)
            if fence is not None:
                end = self._end_of_block(row, fence[1])
                self._block(fence[2], "\n".join(self.lines[row:end]) + "\n", row, file)
                file, row = None, end + 1
                continue
            if not line:
                continue
            if file is not None:
                raise self.fail(file[0], f"no Python block follows directly on `{file[1]}`:")
            named = _FILE_LINE.fullmatch(line)
            if named is not None:
                file = (row, self._checked_file(named[1], row))
            elif line.startswith("#"):
                self._heading(line)
        if file is not None:
            raise self.fail(file[0], f"no Python block follows directly on `{file[1]}`:")
        if not self.title:
            raise self.fail(1, "a page begins with a title, `# CKPnnn name-of-the-rule`")
        return Page(self.name, self.title, self.seen, self.examples)

    def _end_of_block(self, start: int, fence: str) -> int:
        for index in range(start, len(self.lines)):
            line = self.lines[index].strip()
            if line.startswith(fence) and not line.strip(fence[0]):
                return index
        raise self.fail(start, f"this block is never closed with {fence}")

    def _checked_file(self, file: str, row: int) -> str:
        parts = file.split("/")
        if not file.endswith(".py") or file.startswith("/") or "\\" in file or {"", ".", ".."} & set(parts):
            raise self.fail(row, f"`{file}` must be a Python file's path in the project, as `lib/train.py`")
        return file

    def _heading(self, line: str) -> None:
        self.project = None
        if not self.title:
            self.title = line
            return
        level = len(line) - len(line.lstrip("#"))
        text = line.lstrip("#").strip()
        self.headings = [*(item for item in self.headings if item[0] < level), (level, text)]
        self.seen.append(text)

    def _block(self, language: str, text: str, row: int, file: tuple[int, str] | None) -> None:
        if language == "diff":
            self._diff(text, row)
        elif language in ("python", "py"):
            self._python(text, row, file[1] if file else None)
        elif file is not None:
            raise self.fail(row, f"the block named `{file[1]}` must be a python block")

    def _diff(self, text: str, row: int) -> None:
        if not self.examples:
            raise self.fail(row, "a diff stands behind the example that it fixes")
        if self.examples[-1].diff is not None:
            raise self.fail(row, "the example before this diff has one already")
        if not self.examples[-1].expected:
            raise self.fail(row, "the example before this diff expects no diagnostic that could be fixed")
        self.examples[-1].diff = text
        self.project = None

    def _python(self, text: str, row: int, file: str | None) -> None:
        bare, expected = without_expectations(text, file or DEFAULT_FILE, self.name, row + 1)
        if not any(item.code == "CKP001" for item in expected):
            _must_parse(bare, self.name, row + 1)
        if file is None or self.project is None:
            heading = " / ".join(text for _, text in self.headings)
            example = Example(f"{self.name}:{row}", heading)
            self.examples.append(example)
            self.project = example if file else None
        else:
            example = self.project
        if file in example.files:
            raise self.fail(row, f"`{file}` is in this project already; a heading begins another project")
        example.files[file or DEFAULT_FILE] = bare
        example.expected += expected


# ------------------------------------------------------------------------------------------------- the diffs


def apply_diff(files: Mapping[str, str], diff: str, where: str) -> dict[str, str]:
    """The files as an expected diff leaves them; PageError when it does not fit them.

    Rows begin with a blank (kept), `-` (removed) or `+` (added); `@@` or `...` parts two places of one file
    and `--- train.py` names the file that the rows below it belong to (needed when there are several).
    """
    fixed = {path: text.split("\n") for path, text in files.items()}
    path = next(iter(files)) if len(files) == 1 else None
    for hunk_path, hunk in _hunks(diff, path, where):
        if hunk_path not in fixed:
            raise PageError(f"{where}: the diff names `{hunk_path}`, which the example does not have")
        before = [line for sign, line in hunk if sign != "+"]
        after = [line for sign, line in hunk if sign != "-"]
        lines = fixed[hunk_path]
        places = [at for at in range(len(lines)) if before and lines[at : at + len(before)] == before]
        if len(places) != 1:
            found = "nowhere" if not places else f"at {len(places)} places; add rows around it"
            raise PageError(f"{where}: the diff's rows stand {found} in `{hunk_path}`: {before[:1]}")
        lines[places[0] : places[0] + len(before)] = after
    return {path: "\n".join(lines) for path, lines in fixed.items()}


def _hunks(diff: str, path: str | None, where: str) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    hunk: list[tuple[str, str]] = []
    for raw in [*diff.rstrip("\n").split("\n"), "@@"]:
        line = without_expectations(raw, "", where)[0].rstrip()
        if line.startswith(("--- ", "+++ ", "@@")) or line == "...":
            if hunk:
                if path is None:
                    raise PageError(f"{where}: the diff of several files needs `--- file.py` before its rows")
                if all(sign == " " for sign, _ in hunk):
                    raise PageError(f"{where}: this part of the diff changes nothing: {hunk[0][1]!r}")
                yield path, hunk
            hunk = []
            path = line[4:] if line.startswith("--- ") else path
        elif line and line[0] not in " +-":
            raise PageError(f"{where}: a row of a diff begins with a blank, `+` or `-`: {line!r}")
        else:
            hunk.append((line[:1] or " ", line[1:]))


# ----------------------------------------------------------------------------------------------- comparing


def mismatches(expected: Iterable[Expected], reported: Iterable[tuple[str, int, str, str]]) -> list[str]:
    """What differs between the expectations and what was reported as (path, row, code, message)."""
    left = list(reported)
    problems: list[str] = []
    for wanted in sorted(expected):
        same = [item for item in left if item[:3] == (wanted.path, wanted.row, wanted.code)]
        fitting = [item for item in same if wanted.part in item[3]]
        if fitting:
            left.remove(fitting[0])
        elif same:
            left.remove(same[0])
            problems.append(f"the message lacks the part: {wanted} in {same[0][3]!r}")
        else:
            problems.append(f"not reported: {wanted}")
    problems += [f"not expected: {path}:{row}: {code} {message}" for path, row, code, message in sorted(left)]
    return problems
