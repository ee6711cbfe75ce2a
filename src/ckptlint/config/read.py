"""The keys of the configuration file: what each may hold."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from ckptlint.config.errors import ConfigError
from ckptlint.config.settings import ApiRows, FileConfig
from ckptlint.config.toml import Table, read_table
from ckptlint.config.values import parse_confidence, parse_name, parse_severity, parse_size, parse_version
from ckptlint.diagnostic import Severity
from ckptlint.patterns import Patterns
from ckptlint.selectors import Selection, Selector, parse_selector, suggestion

T = TypeVar("T")

KEYS = (
    "select",
    "ignore",
    "extend-select",
    "per-file-ignores",
    "severity",
    "exclude",
    "extend-exclude",
    "min-confidence",
    "evaluation-names",
    "versions",
    "api",
    "max-file-size",
)


def read_config(path: Path, shown: str | None = None) -> FileConfig:
    """A configuration file, checked; `shown` is how messages call it. Raises `ConfigError`."""
    table = read_table(path, shown or str(path))
    for key in table.values:
        if key not in KEYS:
            text = f"unknown key `{key}` in {table.titled()}{suggestion(key, KEYS)}"
            raise ConfigError(f"{table.place(key)}: {text}")
    reader = _Reader(table)
    return FileConfig(
        path=path,
        selection=Selection(
            reader.optional_list("select", parse_selector),
            reader.many("extend-select", parse_selector),
            reader.many("ignore", parse_selector),
        ),
        per_file_ignores=tuple(reader.per_file_ignores()),
        severity=tuple(reader.severity()),
        exclude=reader.optional_list("exclude", _pattern),
        extend_exclude=reader.many("extend-exclude", _pattern),
        min_confidence=reader.one("min-confidence", parse_confidence),
        evaluation_names=reader.many("evaluation-names", parse_name),
        versions=dict(reader.versions()),
        api=reader.api(),
        max_file_size=reader.one("max-file-size", parse_size, (str, int)),
    )


def _pattern(text: str) -> str:
    Patterns([text])
    return text


class _Reader:
    """Values of one table, each refused with its place."""

    def __init__(self, table: Table) -> None:
        self.table = table

    def one(
        self, key: str, parse: Callable[[Any], T], kinds: tuple[type, ...] = (str,), default: T | None = None
    ) -> T | None:
        if key not in self.table.values:
            return default
        return self._parsed((key,), self.table.values[key], parse, kinds)

    def optional_list(self, key: str, parse: Callable[[str], T]) -> tuple[T, ...] | None:
        if key not in self.table.values:
            return None
        return self._list((key,), self.table.values[key], parse)

    def many(self, key: str, parse: Callable[[str], T]) -> tuple[T, ...]:
        return self.optional_list(key, parse) or ()

    def per_file_ignores(self) -> Iterator[tuple[str, tuple[Selector, ...]]]:
        for pattern, value in self._table("per-file-ignores").items():
            yield _pattern(pattern), self._list(("per-file-ignores", pattern), value, parse_selector)

    def severity(self) -> Iterator[tuple[Selector, Severity]]:
        for code, value in self._table("severity").items():
            keys = ("severity", code)
            yield self._parsed(keys, code, parse_selector), self._parsed(keys, value, parse_severity)

    def versions(self) -> Iterator[tuple[str, str]]:
        for framework, value in self._table("versions").items():
            yield framework, self._parsed(("versions", framework), value, parse_version)

    def api(self) -> ApiRows | None:
        rows = self.table.values.get("api")
        if rows is None:
            return None
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            title = self.table.titled("api")
            raise ConfigError(f"{self.table.place('api')}: {title} must be an array of tables: write [{title}]")
        places = tuple(self.table.place("api", occurrence=number) for number in range(1, len(rows) + 1))
        return ApiRows(self.table.shown, tuple(rows), places)

    def _table(self, key: str) -> dict[str, Any]:
        value = self.table.values.get(key, {})
        if not isinstance(value, dict):
            raise self._wrong((key,), "must be a table")
        return value

    def _list(self, keys: tuple[str, ...], value: object, parse: Callable[[str], T]) -> tuple[T, ...]:
        if not isinstance(value, list):
            raise self._wrong(keys, "must be a list of strings")
        return tuple(map(partial(self._parsed, keys, parse=parse), value))

    def _parsed(
        self,
        keys: tuple[str, ...],
        value: object,
        parse: Callable[[Any], T],
        kinds: tuple[type, ...] = (str,),
    ) -> T:
        # In TOML as in Python True is no number.
        if not isinstance(value, kinds) or isinstance(value, bool):
            names = " or ".join({str: "a string", int: "a number"}[kind] for kind in kinds)
            raise self._wrong(keys, f"must be {names}, not {value!r}")
        try:
            return parse(value)
        except ValueError as error:
            raise self._wrong(keys, str(error)) from error

    def _wrong(self, keys: tuple[str, ...], reason: str) -> ConfigError:
        return ConfigError(f"{self.table.place(*keys)}: `{'.'.join(keys)}`: {reason}")
