"""Every example of every rule's page and cases, and every fixture project, is what the linter says it is."""

from __future__ import annotations

import importlib
import re
from collections import Counter
from pathlib import Path

import pytest

from ckptlint.diagnostic import Diagnostic
from ckptlint.engine.fixer import apply
from ckptlint.rules import all_rules
from tests.linting import lint, relative
from tests.pages import Example, Page, apply_diff, mismatches, read_page, read_project

HERE = Path(__file__).parent
REPOSITORY = HERE.parent
RULES = REPOSITORY / "src" / "ckptlint" / "rules"
FIXTURES = HERE / "fixtures"
NEEDED = ("Bad", "Good", "When it stays silent", "Limits", "Measured")


def _folders() -> list[Path]:
    """A rule's folder is known by any file it must have, so that a folder without its page is found."""
    names = ("__init__.py", "rule.md", "cases.md")
    return sorted({path.parent for name in names for path in RULES.glob(f"*/*/{name}")})


def _name(path: Path) -> str:
    return path.relative_to(RULES).as_posix()


def _pages() -> list[Page]:
    paths = [folder / file for folder in _folders() for file in ("rule.md", "cases.md")]
    return [read_page(path, _name(path)) for path in paths if path.exists()]


def _projects() -> list[Example]:
    folders = sorted(path for path in FIXTURES.glob("*/*") if path.is_dir())
    return [read_project(path, path.relative_to(HERE).as_posix()) for path in folders]


PAGES = _pages()
EXAMPLES = [example for page in PAGES for example in page.examples] + _projects()


def _reported(diagnostics: list[Diagnostic], tmp_path: Path) -> list[tuple[str, int, str, str]]:
    return [(relative(d.span.path, tmp_path), d.span.row, d.code, d.message) for d in diagnostics]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_example(example: Example, tmp_path: Path) -> None:
    diagnostics = lint({**_configured(example), **example.files}, tmp_path)
    problems = mismatches(example.expected, _reported(diagnostics, tmp_path))
    assert not problems, "\n".join([f"{example.name} ({example.heading})", *problems])
    if example.diff is not None:
        _check_fixes(example, diagnostics, tmp_path)


def _configured(example: Example) -> dict[str, str]:
    """What switches the page's own rule on when it is off by default."""
    of_folder = {_name(Path(RULES, *rule.module.split(".")[-2:])): rule for rule in all_rules()}
    rule = of_folder.get(example.name.rsplit("/", 1)[0])
    return {"ckptlint.toml": f'extend-select = ["{rule.code}"]\n'} if rule and not rule.on_by_default else {}


def _check_fixes(example: Example, diagnostics: list[Diagnostic], tmp_path: Path) -> None:
    fixable = [d for d in diagnostics if d.fix is not None]
    assert fixable, f"{example.name}: a diff is expected and no diagnostic has a fix"
    fixed = dict(example.files)
    for path, text in example.files.items():
        here = [d.fix for d in fixable if d.fix and relative(d.fix.edits[0].span.path, tmp_path) == path]
        result = apply(text, here)
        assert result.reason is None, f"{example.name}: {result.reason}"
        fixed[path] = result.text
    assert fixed == apply_diff(example.files, example.diff or "", example.name)
    again = lint(fixed, tmp_path)
    left = Counter(d.code for d in again) - Counter(d.code for d in diagnostics if d.fix is None)
    assert not left, f"{example.name}: still reported after the fix: {[str(d.message) for d in again]}"


@pytest.mark.parametrize("folder", _folders(), ids=_name)
def test_a_rule_has_its_page(folder: Path) -> None:
    assert (folder / "rule.md").exists(), f"{_name(folder)} has no rule.md"
    page = next(page for page in PAGES if page.name == f"{_name(folder)}/rule.md")
    code, name = page.code_and_name()
    assert name == folder.name.replace("_", "-")
    missing = [heading for heading in NEEDED if heading not in page.headings]
    assert not missing, f"{page.name} lacks the headings {missing}"
    bad, good = page.under("Bad"), page.under("Good")
    assert bad
    assert all(example.expected for example in bad), "every example under Bad expects a diagnostic"
    assert any(item.code == code for example in bad for item in example.expected)
    assert good
    assert not any(example.expected for example in good), "nothing is reported under Good"
    assert not any(example.expected for example in page.under("When it stays silent"))


@pytest.mark.parametrize("folder", _folders(), ids=_name)
def test_a_rule_and_its_page_agree(folder: Path) -> None:
    assert (folder / "__init__.py").exists(), f"{_name(folder)} has no __init__.py"
    module = f"ckptlint.rules.{folder.parent.name}.{folder.name}"
    rule = importlib.import_module(module).RULE
    assert (rule.code, rule.name) == read_page(folder / "rule.md", _name(folder)).code_and_name()
    assert rule.checks or rule.topic == "tool", "only the tool's own rules are reported by the engine itself"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_cases_name_their_rule(page: Page) -> None:
    """The cases' title is the page's, so that a moved folder is noticed."""
    assert page.code_and_name()[1] == page.name.split("/")[1].replace("_", "-")


def test_codes_are_unique() -> None:
    codes = Counter(page.code_and_name()[0] for page in PAGES if page.name.endswith("/rule.md"))
    assert codes
    assert [code for code, times in codes.items() if times > 1] == []


def test_the_list_of_rules_is_complete() -> None:
    rows = re.findall(
        r"^\| \[(CKP\d{3})\]\(\.\./src/ckptlint/rules/(\S+)/rule\.md\) \| ([a-z0-9-]+) \|",
        (REPOSITORY / "docs" / "rules.md").read_text(encoding="utf-8"),
        re.MULTILINE,
    )
    pages = [(*page.code_and_name(), page.name) for page in PAGES if page.name.endswith("/rule.md")]
    wanted = sorted((code, name.removesuffix("/rule.md"), rule) for code, rule, name in pages)
    assert rows == wanted, "docs/rules.md is out of date: run python scripts/rule_list.py"
