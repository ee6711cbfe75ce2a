"""The tables in README.md and docs/rule-policy.md agree with the rules, and links lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path
from textwrap import indent

import pytest

from ckptlint.cli import main
from ckptlint.rules import all_rules

REPOSITORY = Path(__file__).parent.parent
PAGES = [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").glob("*.md"))]
PAGES += [REPOSITORY / "benchmarks" / "README.md", REPOSITORY / "examples" / "README.md"]
ROW = re.compile(r"^\| (CKP\d{3}) \| ([a-z-]+) \| ([^|]+?) \|(?: (shipped|planned) \|)?$", re.MULTILINE)


def rows(page: Path) -> list[tuple[str, str, str, str]]:
    """Code, name, third cell and status of every rule in a page's tables."""
    return [match.groups("") for match in ROW.finditer(page.read_text(encoding="utf-8"))]  # type: ignore[misc]


CATALOGUE = rows(REPOSITORY / "docs" / "rule-policy.md")
SHIPPED = {(code, name) for code, name, _, status in CATALOGUE if status == "shipped"}


def test_no_code_and_no_name_is_used_twice() -> None:
    assert len(CATALOGUE) > 60
    for column in (0, 1):
        seen = [row[column] for row in CATALOGUE]
        assert len(seen) == len(set(seen))


def test_codes_stand_in_order() -> None:
    codes = [code for code, *_ in CATALOGUE]
    assert codes == sorted(codes)


def test_the_readme_lists_what_is_shipped() -> None:
    assert {(code, name) for code, name, *_ in rows(REPOSITORY / "README.md")} == SHIPPED


def test_every_rule_stands_in_the_catalogue() -> None:
    severities = {(code, name): severity for code, name, severity, _ in CATALOGUE}
    for rule in all_rules():
        assert (rule.code, rule.name) in SHIPPED
        assert rule.severity.value in severities[rule.code, rule.name].split(",")[0].split(" or ")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(REPOSITORY)))
def test_links_lead_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        path, _, anchor = target.partition("#")
        other = page.parent / path if path else page
        assert other.exists(), target
        headings = re.findall(r"^#+ (.+)$", other.read_text(encoding="utf-8"), re.MULTILINE) if anchor else []
        anchors = [re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings]
        assert not anchor or anchor in anchors, target


def test_the_readme_shows_what_is_printed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(REPOSITORY)
    assert main(["examples"]) == 1
    printed = indent("$ ckptlint examples\n" + capsys.readouterr().out, "    ")
    text = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    shown = text.partition("<!-- output:start -->\n\n")[2].partition("\n<!-- output:end -->")[0]
    assert shown == printed
