"""TOML files, with the rows that the parser does not tell."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ckptlint.config.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Table:
    """Our part of a configuration file."""

    path: Path
    shown: str
    header: str
    """`tool.ckptlint` within pyproject.toml, empty in a file of our own."""
    values: dict[str, Any]
    text: str

    def place(self, *keys: str, occurrence: int = 1) -> str:
        """`path:row` of a key, as far as the text shows it, else the path."""
        row = self._row(keys, occurrence)
        return f"{self.shown}:{row}" if row else self.shown

    def titled(self, *keys: str) -> str:
        """`[tool.ckptlint.severity]`, or words for the top of our own file."""
        name = ".".join(filter(None, (self.header, *keys)))
        return f"[{name}]" if name else "the top level"

    def _row(self, keys: tuple[str, ...], occurrence: int) -> int | None:
        wanted = tuple(filter(None, self.header.split("."))) + keys
        section: tuple[str, ...] = ()
        seen = 0
        for row, line in enumerate(self.text.splitlines(), 1):
            if header := re.match(r"\s*\[\[?([^\[\]]+)\]\]?\s*(?:#.*)?$", line):
                section = _dotted(header[1])
                seen += section == wanted
            elif assignment := re.match(r"""\s*((?:"[^"]*"|'[^']*'|[\w.-])+)\s*=""", line):
                seen += section + _dotted(assignment[1]) == wanted
            if seen == occurrence:
                return row
        # A key within an inline table stands on the row of the table.
        return self._row(keys[:-1], 1) if len(keys) > 1 else None


def _dotted(text: str) -> tuple[str, ...]:
    parts = re.findall(r""""[^"]*"|'[^']*'|[^.\s]+""", text)
    return tuple(part.strip("\"'") for part in parts)


def read_text(path: Path) -> str:
    """The file's text. Raises `ConfigError`."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not UTF-8 at byte {error.start}; TOML files are UTF-8") from error


def parse(path: Path, text: str) -> dict[str, Any]:
    """The whole document. Raises `ConfigError` with row and column."""
    # Not at the top, for many runs have no configuration.
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        message = str(error)
        found = re.search(r" \(at (?:line (\d+), column (\d+)|end of document)\)$", message)
        if found is None:
            raise ConfigError(f"{path}: not valid TOML: {message}") from error
        rows = text.split("\n")
        place = f"{found[1]}:{found[2]}" if found[1] else f"{len(rows)}:{len(rows[-1]) + 1}"
        raise ConfigError(f"{path}:{place}: not valid TOML: {message[: found.start()]}") from error
    except RecursionError as error:
        raise ConfigError(f"{path}: not valid TOML: nested too deeply") from error


def has_table(path: Path, text: str) -> bool:
    """Whether a pyproject.toml configures us. A broken file that never names us is not our business."""
    return "ckptlint" in text and "ckptlint" in _tools(parse(path, text))


def _tools(document: dict[str, Any]) -> dict[str, Any]:
    tools = document.get("tool")
    return tools if isinstance(tools, dict) else {}


def read_table(path: Path, shown: str) -> Table:
    """Our table of a `pyproject.toml`, or the whole of any other file. Raises `ConfigError`."""
    text = read_text(path)
    document = parse(path, text)
    if path.name != "pyproject.toml":
        return Table(path, shown, "", document, text)
    values = _tools(document).get("ckptlint", {})
    if not isinstance(values, dict):
        raise ConfigError(f"{shown}: [tool.ckptlint] must be a table")
    return Table(path, shown, "tool.ckptlint", values, text)
