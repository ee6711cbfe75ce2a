"""What a library call means: rows of knowledge looked up by qualified name, or by receiver and method."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from types import MappingProxyType
from typing import TypeVar

from ckptlint.knowledge.conditions import MISSING, holds
from ckptlint.knowledge.families import condition_of
from ckptlint.knowledge.roles import METHODS_OF, ROLES, TRIGGER_ROLES, Role
from ckptlint.knowledge.rows import CatalogError, check_row, names_of, roles_on
from ckptlint.knowledge.table import Row, Table, copy_of, extend, shipped

__all__ = ["MISSING", "Api", "Catalog", "CatalogError", "default_catalog", "holds"]

T = TypeVar("T")

_OPEN = frozenset({Role.MODEL, Role.OPTIMIZER, Role.MODULE_BASE})

_STRUCTURE = frozenset({"name", "names", "role", "on", "params", "evidence", "trigger"})


@dataclass(frozen=True, slots=True)
class Api:
    """One function, class or method of a library, with its role.

    `params` are in positional order, the receiver excluded; `*x` takes all further positional arguments, and
    what stands after it or after a bare `*` is given by keyword only.
    """

    name: str
    """Qualified name (`torch.nn.Dropout`); of a `[[method]]` row the bare name."""
    role: Role
    on: Role | None
    params: tuple[str, ...]
    options: Mapping[str, object] = field(hash=False)
    """The row's further keys: those of the role, `defaults`, `framework`, `since` and `until`."""

    def bind(self, positional: Sequence[T], keywords: Mapping[str, T]) -> dict[str, T]:
        """Arguments by parameter; the items of a `*x` are `x[0]`, `x[1]` …

        Positional arguments that no parameter takes are left out; keywords stay under their own name.
        """
        bound: dict[str, T] = {}
        for taken, param in enumerate(self.params):
            if param.startswith("*"):
                if len(param) > 1:
                    rest = enumerate(positional[taken:])
                    bound.update({f"{param[1:]}[{index}]": value for index, value in rest})
                break
            if taken == len(positional):
                break
            bound[param] = positional[taken]
        bound.update(keywords)
        return bound

    def given(self, key: str, bound: Mapping[str, T]) -> list[T]:
        """The arguments for the parameters that the option `key` names, in order; `*` means all."""
        wanted = self.options.get(key, ())
        if wanted == "*":
            return list(bound.values())
        names = (wanted,) if isinstance(wanted, str) else wanted
        found: list[T] = []
        for name in names if isinstance(names, (list, tuple)) else ():
            if name in bound:
                found.append(bound[name])
            found.extend(value for other, value in bound.items() if other.startswith(f"{name}["))
        return found

    def arguments(self, bound: Mapping[str, object], *, complete: bool = True) -> dict[str, object]:
        """Literal arguments with the defaults filled in, unless the call is not `complete` (`**unknown`)."""
        defaults = self.options.get("defaults")
        if complete and isinstance(defaults, Mapping):
            return {**defaults, **bound}
        return dict(bound)

    def holds(self, key: str, bound: Mapping[str, object], *, complete: bool = True) -> bool | None:
        """Whether the condition in option `key` holds; None when that is not known.

        A row without the key says no, but that of a whole model or an optimizer leaves it open.
        """
        condition = self.condition(key, bound)
        if condition is None:
            return None if key in self.options or self.role in _OPEN else False
        return holds(condition, self.arguments(bound, complete=complete))

    def condition(self, key: str, bound: Mapping[str, object]) -> str | bool | None:
        """The condition in option `key`, for `sensitive` that of the model's family before it; None without one."""
        found = condition_of(self.options, self.name, bound) if key == "sensitive" else None
        condition = found if found is not None else self.options.get(key)
        return condition if isinstance(condition, (str, bool)) else None


class Catalog:
    """Rows of knowledge; unchanging, so that what was looked up once is remembered."""

    def __init__(self, table: Table, versions: Mapping[str, str] | None = None) -> None:
        """`versions` are the libraries' versions; the newest is taken for a library not among them."""
        self._table = table
        self._versions = {name: _version(version) for name, version in (versions or {}).items()}
        for name, firsts in table["bundled"].items():
            for first in sorted(firsts, key=_version):
                if name in self._versions and _version(first) <= self._versions[name]:
                    inner, version = firsts[first]
                    if inner not in (versions or {}):
                        self._versions[inner] = _version(version)
        self._apis: dict[str, Api | None] = {}
        self._methods: dict[tuple[Role, str, str], Api | None] = {}
        self._evidence: dict[str, Role] | None = None
        self._named: dict[str, tuple[Api, ...]] = {}
        self._canonical: dict[str, str] = {}
        self._libraries = frozenset(table["libraries"])

    def api(self, qualified: str) -> Api | None:
        """The API of a qualified name: the exact row, that of its usual name, or a row with `*`."""
        if qualified not in self._apis:
            self._apis[qualified] = self._find(qualified)
        return self._apis[qualified]

    def method(self, role: Role, name: str, owner: str = "") -> Api | None:
        """What a method does on a receiver of a role.

        `owner` is the name of the Api that made the receiver, or of the library class it derives from, when
        known: the row of `owner.name`, or of the class in its `instance_of`, goes before the role's.
        """
        key = (role, name, owner)
        if key not in self._methods:
            found = self._own_method(owner, name) if owner else None
            while found is None:
                found = self._chosen(self._table["methods"].get(f"{role.value}.{name}", ()), name, role)
                if role not in METHODS_OF:
                    break
                role = METHODS_OF[role]
            self._methods[key] = found
        return self._methods[key]

    def methods(self, name: str) -> tuple[Api, ...]:
        """What a method of this name does, for every role of a receiver that has it."""
        found = self._named.get(name)
        if found is None:
            each = (self.method(role, name) for role in Role)
            found = self._named[name] = tuple(
                api for role, api in zip(Role, each, strict=True) if api and api.on is role
            )
        return found

    def evidence(self, method: str) -> Role | None:
        """The role of a receiver that a call of this method alone shows."""
        if self._evidence is None:
            rows = [row for row in self._table["rows"] if row.get("evidence")]
            self._evidence = {name: ROLES[roles_on(row)[0]] for row in rows for name in names_of(row)}
        return self._evidence.get(method)

    def canonical(self, qualified: str) -> str:
        """The usual name of what has several (`torch.optim.adam.Adam` is `torch.optim.Adam`)."""
        if qualified not in self._canonical:
            name = qualified
            # A name may be moved and then shortened; more steps than that are a circle.
            for _ in range(4):
                better = self._alias(name)
                if better is None:
                    break
                name = better
            self._canonical[qualified] = name
        return self._canonical[qualified]

    def is_known_library(self, top_level: str) -> bool:
        """Whether a top-level package is a library that the rows describe."""
        return top_level in self._libraries

    def triggers(self, roles: Iterable[Role] = TRIGGER_ROLES) -> frozenset[bytes]:
        """Literals, one of which every file holds that uses an API of these roles."""
        wanted = {role.value for role in roles}
        rows = [row for row in self._table["rows"] if row["role"] in wanted]
        return frozenset(literal.encode() for row in rows for literal in _triggers(row))

    def retired(self, framework: str) -> frozenset[bytes]:
        """Literals of what a framework's newest version no longer has; none when its version is configured."""
        if framework in self._versions:
            return frozenset()
        rows = self._table["rows"]
        gone = [row for row in rows if row.get("framework") == framework and "until" in row]
        kept = {name for row in rows if self._is_in_force(row) and "on" not in row for name in names_of(row)}
        return frozenset(
            literal.encode() for row in gone if kept.isdisjoint(names_of(row)) for literal in _triggers(row)
        )

    @cached_property
    def mode_flags(self) -> Mapping[str, bool]:
        """Arguments of a call of a model that say its mode, with the value that means training."""
        found: dict[str, bool] = {}
        for key, trains in (("train_flags", True), ("eval_flags", False)):
            for row in self._table["rows"]:
                found.update(dict.fromkeys(row.get(key, ()), trains))
        return MappingProxyType(found)

    def frameworks_of(self, role: Role, key: str = "") -> frozenset[str]:
        """The frameworks that have a row of a role, or one of these that carries a key."""
        rows = (row for row in self._table["rows"] if row["role"] == role.value and (not key or key in row))
        return frozenset(row["framework"] for row in rows if "framework" in row)

    def packages_of(self, framework: str) -> frozenset[str]:
        """The top-level packages that a framework's rows, and other names of them, speak of."""
        rows = [row for row in self._table["rows"] if row.get("framework") == framework and "on" not in row]
        found = {name.partition(".")[0] for row in rows for name in names_of(row)}
        bases = {name.partition(".")[0] for row in rows if row["role"] == "module_base" for name in names_of(row)}
        aliases = self._table["aliases"].items()
        return frozenset(found | {top for top, pairs in aliases if any(u.partition(".")[0] in bases for _, u in pairs)})

    @property
    def frameworks(self) -> frozenset[str]:
        """Those whose version makes a difference."""
        return frozenset({*(row["framework"] for _, row in self if "framework" in row), *self._table["bundled"]})

    @property
    def bundles(self) -> frozenset[str]:
        """Frameworks that come with one another."""
        bundled = self._table["bundled"]
        return frozenset({*bundled, *(inner for firsts in bundled.values() for inner, _ in firsts.values())})

    @property
    def dated(self) -> frozenset[str]:
        """Frameworks that have rows for some versions only."""
        return frozenset(row["framework"] for row in self._table["rows"] if "since" in row or "until" in row)

    def with_rows(self, rows: Iterable[Mapping[str, object]], source: str) -> Catalog:
        """This catalog with a user's rows, which go before its own; CatalogError for a row of wrong shape."""
        table = copy_of(self._table)
        rows = list(rows)
        for row in rows:
            check_row(row, source)
        extend(table, rows)
        catalog = Catalog(table)
        catalog._versions = self._versions
        return catalog

    def with_versions(self, versions: Mapping[str, str]) -> Catalog:
        """This catalog as it is for these versions of the libraries."""
        return Catalog(self._table, versions)

    def __iter__(self) -> Iterator[tuple[str, Row]]:
        """(name, row) for every name of every row."""
        return ((name, row) for row in self._table["rows"] for name in names_of(row))

    def _find(self, qualified: str, ending: str = "") -> Api | None:
        found = self._exact(qualified)
        if found is not None:
            return found
        canonical = self.canonical(qualified)
        found = self._exact(canonical)
        if found is not None:
            return found
        best: tuple[int, int, str] | None = None
        for pattern, index in self._table["patterns"].get(canonical.partition(".")[0], ()):
            if pattern.endswith(ending) and _pattern(pattern).fullmatch(canonical):
                rank = (len(pattern) - 2 * pattern.count("*"), index, pattern)
                if (best is None or rank > best) and self._is_in_force(self._table["rows"][index]):
                    best = rank
        return None if best is None else self._chosen([best[1]], canonical, None)

    def _exact(self, qualified: str) -> Api | None:
        return self._chosen(self._table["names"].get(qualified, ()), qualified, None)

    def _own_method(self, owner: str, name: str) -> Api | None:
        for _ in range(4):
            # `torchvision.models.**` fits every attribute of a model, too: only rows of this method count.
            found = self._find(f"{owner}.{name}", ending=f".{name}")
            if found is not None:
                return found
            maker = self.api(owner)
            base = maker.options.get("instance_of") if maker else None
            if not isinstance(base, str):
                return None
            owner = base
        return None

    def _chosen(self, indexes: Sequence[int], name: str, on: Role | None) -> Api | None:
        for index in reversed(indexes):
            row = self._table["rows"][index]
            if self._is_in_force(row):
                options = {key: value for key, value in row.items() if key not in _STRUCTURE}
                return Api(name, ROLES[row["role"]], on, tuple(row.get("params", ())), options)
        return None

    def _is_in_force(self, row: Row) -> bool:
        version = self._versions.get(row.get("framework", ""))
        if version is None:
            return "until" not in row
        return not (
            ("since" in row and version < _version(row["since"]))
            or ("until" in row and version >= _version(row["until"]))
        )

    def _alias(self, name: str) -> str | None:
        names = self._table["names"]
        if name in names:
            return None
        parts = name.split(".")
        for other, usual in self._table["aliases"].get(parts[0], ()):
            shape = other.split(".")
            if len(shape) > len(parts) or any(s not in ("*", p) for s, p in zip(shape, parts, strict=False)):
                continue
            better = ".".join([*filter(None, [usual]), *parts[len(shape) :]])
            # A `*` stands for the module a class is written in: leaving it out must give something known.
            if "*" not in shape or better in names or better.rpartition(".")[0] in names:
                return better
        return None


def _version(text: str) -> tuple[int, ...]:
    numbers: list[int] = []
    for part in text.split("."):
        digits = "".join(letter for letter in part if letter.isdigit())
        if not digits:
            break
        numbers.append(int(digits))
        if digits != part:
            break
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)


@cache
def _pattern(pattern: str) -> re.Pattern[str]:
    pieces = (_ANY.get(piece, re.escape(piece)) for piece in re.split(r"(\*+)", pattern))
    return re.compile("".join(pieces))


_ANY = {"*": "[^.]*", "**": ".*"}


_BY_LAST_PART = frozenset({Role.NO_GRAD.value, Role.FUNCTIONAL.value})


def _triggers(row: Row) -> Iterator[str]:
    if "trigger" in row:
        given = row["trigger"]
        yield from (given,) if isinstance(given, str) else given
        return
    for name in names_of(row):
        last = name.rpartition(".")[2]
        if "on" in row:
            yield f".{last}" if row["role"] in ("snapshot", "restore") else f".{last}("
        elif row["role"] in _BY_LAST_PART:
            yield f"{last}(" if row["role"] == "functional" else last
        else:
            yield ".".join(name.rsplit(".", 2)[-2:]).lstrip("*")


@cache
def default_catalog() -> Catalog:
    """The catalog of the rows that come with ckptlint, for the newest versions."""
    return Catalog(shipped())
