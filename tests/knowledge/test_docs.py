"""docs/knowledge.md lists every role and key as the code has them (run this file to write the list anew)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from ckptlint.knowledge.catalog import default_catalog
from ckptlint.knowledge.roles import COMMON_KEYS, METHOD_KEYS, ROLE_KEYS, ROLE_MEANINGS, Key, Role
from ckptlint.knowledge.table import documents

PAGE = Path(__file__).parents[2] / "docs" / "knowledge.md"
START, END = "<!-- keys: start -->\n", "<!-- keys: end -->\n"


def render() -> str:
    lines = [
        "### Every row",
        "",
        *_table(COMMON_KEYS.items()),
        "",
        "### Methods",
        "",
        *_table(METHOD_KEYS.items()),
    ]
    for role in Role:
        lines += [
            "",
            f"### {role.value}",
            "",
            f"{ROLE_MEANINGS[role][0].upper()}{ROLE_MEANINGS[role][1:]}.",
            "",
        ]
        lines += _table(ROLE_KEYS[role].items())
    return "\n".join(lines) + "\n"


def _table(keys: object) -> Iterator[str]:
    yield "| key | value | meaning |"
    yield "| --- | --- | --- |"
    for word, key in keys:  # type: ignore[attr-defined]
        yield f"| `{word}` | {_value(key)} | {key.meaning} |"


def _value(key: Key) -> str:
    return ", ".join(f"`{choice}`" for choice in key.choices) if key.choices else key.kind.value


def test_page_has_every_role_and_key() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert text.split(START)[1].split(END)[0] == render()


def test_examples_on_the_page_are_valid() -> None:
    blocks = re.findall(r"```toml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.S)
    assert blocks
    for block in blocks:
        (document,) = documents({"page": block.encode()}).values()
        default_catalog().with_rows(document["tool"]["ckptlint"]["api"], "docs/knowledge.md")


if __name__ == "__main__":
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(START)
    PAGE.write_text(before + START + render() + END + rest.partition(END)[2], encoding="utf-8")
