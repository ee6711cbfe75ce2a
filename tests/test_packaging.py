"""The package, its hook and its changelog say the same."""

from __future__ import annotations

from pathlib import Path

import tomli

import ckptlint
from ckptlint.rules import all_rules

REPOSITORY = Path(__file__).parent.parent
PROJECT = tomli.loads((REPOSITORY / "pyproject.toml").read_text())


def test_every_dependency_has_its_reason() -> None:
    reasons = (REPOSITORY / "docs" / "dependencies.md").read_text()
    project = PROJECT["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    assert [name for name in wanted if f"| `{name.split('>')[0]}` |" not in reasons] == []


def test_every_rule_has_its_page_and_own_code() -> None:
    rules = all_rules()
    assert len({rule.code for rule in rules}) == len({rule.name for rule in rules}) == len(rules)
    folders = REPOSITORY / "src" / "ckptlint" / "rules"
    for rule in rules:
        page = folders / rule.topic / rule.name.replace("-", "_") / "rule.md"
        assert page.read_text().startswith(f"# {rule.code} {rule.name}\n"), page


def test_the_version_is_that_of_the_package() -> None:
    assert PROJECT["tool"]["hatch"]["version"]["path"] == "src/ckptlint/__init__.py"
    assert ckptlint.__version__.count(".") == 2


def test_the_hook_excludes_and_runs_once() -> None:
    hook = (REPOSITORY / ".pre-commit-hooks.yaml").read_text()
    assert "args: [--force-exclude]" in hook
    assert "require_serial: true" in hook
