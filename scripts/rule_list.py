"""Writes docs/rules.md, the list of all rules, from the rules' own pages."""

from __future__ import annotations

import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
HEADER = """# Rules

Every rule has a page with examples; `ckptlint explain CODE` prints it.

| Code | Name | Topic |
| --- | --- | --- |
"""


def rule_list(rules: Path) -> str:
    """The Markdown list of the rules whose pages lie below a folder, by code."""
    found = []
    for page in rules.glob("*/*/rule.md"):
        _, code, name = page.read_text(encoding="utf-8").split("\n", 1)[0].split()
        folder = page.parent.relative_to(rules).as_posix()
        topic = folder.split("/", 1)[0]
        found.append(f"| [{code}](../src/ckptlint/rules/{folder}/rule.md) | {name} | {topic} |\n")
    return HEADER + "".join(sorted(found))


def main() -> int:
    """Write the list."""
    text = rule_list(REPOSITORY / "src" / "ckptlint" / "rules")
    (REPOSITORY / "docs" / "rules.md").write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
