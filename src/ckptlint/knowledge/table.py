"""The shipped rows as one plain table: parsed from the TOML files, or read from the compiled copy of them.

Parsing all TOML in pure Python takes some 20 ms, ten times what reading JSON takes, and every run on a single
file would pay it. So the package carries the parsed rows as JSON too. The copy names the bytes it was made
from; when those have changed it is not used.
`python -m ckptlint.knowledge.table` writes it anew.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Mapping
from hashlib import blake2b
from typing import Any, TypedDict

from ckptlint.knowledge.rows import names_of, roles_on

Row = Mapping[str, Any]


class Table(TypedDict):
    """Rows with their indexes; nothing in it but JSON."""

    rows: list[Row]
    names: dict[str, list[int]]
    """Rows by qualified name, `*` not among them."""
    patterns: dict[str, list[tuple[str, int]]]
    """(name with `*`, row) by the part before the first dot."""
    methods: dict[str, list[int]]
    """Rows by "role.name"."""
    aliases: dict[str, list[tuple[str, str]]]
    """(other name, name) by the other name's first part, the longest other name first."""
    libraries: list[str]
    bundled: dict[str, dict[str, tuple[str, str]]]
    """By framework and its first version: a framework that comes with it, and the version of that."""


def build(documents: Iterable[Mapping[str, Any]]) -> Table:
    """The table of parsed TOML documents."""
    table = Table(rows=[], names={}, patterns={}, methods={}, aliases={}, libraries=[], bundled={})
    for document in documents:
        table["libraries"] += document.get("libraries", [])
        rows = [*document.get("api", []), *document.get("method", [])]
        extend(table, rows, document.get("framework"))
        for framework, versions in document.get("bundled", {}).items():
            for first, version in versions.items():
                table["bundled"].setdefault(framework, {})[first] = (document["framework"], version)
        for other, name in document.get("aliases", {}).items():
            table["aliases"].setdefault(other.partition(".")[0], []).append((other, name))
    for pairs in table["aliases"].values():
        pairs.sort(key=lambda pair: (-pair[0].count("."), pair[0]))
    return table


def extend(table: Table, rows: Iterable[Row], framework: str | None = None) -> None:
    """Add rows to a table; where names are equal the later row wins."""
    for row in rows:
        index = len(table["rows"])
        table["rows"].append(row if framework is None else {"framework": framework, **row})
        for name in names_of(row):
            if "on" in row:
                for role in roles_on(row):
                    table["methods"].setdefault(f"{role}.{name}", []).append(index)
            elif "*" in name:
                table["patterns"].setdefault(name.partition(".")[0], []).append((name, index))
            else:
                table["names"].setdefault(name, []).append(index)


def copy_of(table: Table) -> Table:
    """A table that can be extended without changing the given one."""
    return Table(
        rows=list(table["rows"]),
        names={name: list(rows) for name, rows in table["names"].items()},
        patterns={top: list(pairs) for top, pairs in table["patterns"].items()},
        methods={name: list(rows) for name, rows in table["methods"].items()},
        aliases=table["aliases"],
        libraries=table["libraries"],
        bundled=table["bundled"],
    )


_FOLDER = os.path.dirname(__file__)
_COMPILED = os.path.join(_FOLDER, "compiled.json")


def shipped() -> Table:
    """The table of the rows that come with ckptlint."""
    sources = _sources()
    try:
        with open(_COMPILED, "rb") as file:
            compiled = json.load(file)
    except (OSError, ValueError):
        compiled = {}
    if compiled.get("digest") == _digest(sources):
        table: Table = compiled["table"]
        return table
    return build(documents(sources).values())


def documents(sources: Mapping[str, bytes] | None = None) -> dict[str, dict[str, Any]]:
    """The shipped TOML files, parsed, by file name."""
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    sources = _sources() if sources is None else sources
    return {name: tomllib.loads(content.decode()) for name, content in sources.items()}


def _sources() -> dict[str, bytes]:
    sources: dict[str, bytes] = {}
    for name in sorted(name for name in os.listdir(_FOLDER) if name.endswith(".toml")):
        with open(os.path.join(_FOLDER, name), "rb") as file:
            sources[name] = file.read().replace(b"\r\n", b"\n")
    return sources


def _digest(sources: Mapping[str, bytes]) -> str:
    digest = blake2b(digest_size=16)
    for name, content in sources.items():
        digest.update(f"{name} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()


def write_compiled() -> None:
    """Write the compiled copy of the TOML files."""
    sources = _sources()
    table = build(documents(sources).values())
    with open(_COMPILED, "w", encoding="utf-8", newline="\n") as file:
        json.dump({"digest": _digest(sources), "table": table}, file, separators=(",", ":"))
        file.write("\n")


if __name__ == "__main__":
    write_compiled()
