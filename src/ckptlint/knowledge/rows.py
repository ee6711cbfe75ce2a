"""The shape of a row: what is wrong with one, said so that its writer can mend it."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Mapping

from ckptlint.knowledge.conditions import ConditionError, parameters_of
from ckptlint.knowledge.families import ALWAYS, NEVER
from ckptlint.knowledge.roles import COMMON_KEYS, METHOD_KEYS, ROLE_KEYS, ROLES, Key, Kind


class CatalogError(ValueError):
    """A row that cannot be used; the message names the source, the row and the cure."""


def names_of(row: Mapping[str, object]) -> tuple[str, ...]:
    """The names a row is for."""
    names = row.get("names", row.get("name", ()))
    return (names,) if isinstance(names, str) else tuple(names)  # type: ignore[arg-type]


def roles_on(row: Mapping[str, object]) -> tuple[str, ...]:
    """The receiver's roles of a `[[method]]` row, none for a function or class."""
    on = row.get("on", ())
    return (on,) if isinstance(on, str) else tuple(on)  # type: ignore[arg-type]


def check_row(row: Mapping[str, object], source: str) -> None:
    """CatalogError when a row has not the shape its role asks for."""
    where = f"{source}: {_label(row)}"
    if not ("name" in row) ^ ("names" in row):
        raise CatalogError(f'{where}: give the API as name = "library.function" or as names = ["…", "…"]')
    if not isinstance(row.get("role"), str):
        raise CatalogError(f'{where}: role is missing; give one such as role = "optimizer"')
    role = ROLES.get(str(row["role"]))
    if role is None:
        raise CatalogError(f'{where}: unknown role "{row["role"]}"{_nearest(str(row["role"]), ROLES)}')
    keys = {**COMMON_KEYS, **ROLE_KEYS[role]}
    if "on" in row:
        keys |= METHOD_KEYS
    for word, value in row.items():
        if word not in keys:
            if word in METHOD_KEYS:
                raise CatalogError(f'{where}: "{word}" belongs to a method; say whose with on = "model"')
            raise CatalogError(f'{where}: role "{role.value}" has no key "{word}"{_nearest(word, keys)}')
        _check_value(word, value, keys[word], row, where)
    for word in roles_on(row):
        if word not in ROLES:
            raise CatalogError(f'{where}: unknown role "{word}" in on{_nearest(word, ROLES)}')
    if row.get("evidence") and len(roles_on(row)) != 1:
        raise CatalogError(f"{where}: evidence needs exactly one role in on")
    if ("since" in row or "until" in row) and "framework" not in row:
        raise CatalogError(f'{where}: since and until need framework = "…", whose version is meant')


def _label(row: Mapping[str, object]) -> str:
    name = row.get("name", row.get("names"))
    if isinstance(name, list) and name:
        name = name[0]
    return f'row "{name}"' if isinstance(name, str) else "a row without a name"


def _nearest(word: str, known: Collection[str]) -> str:
    near = difflib.get_close_matches(word, known, n=1, cutoff=0.5)
    if near:
        return f'; did you mean "{near[0]}"?'
    return f"; known are {', '.join(sorted(known))}" if known else ""


def _check_value(word: str, value: object, key: Key, row: Mapping[str, object], where: str) -> None:
    if not _fits(value, key.kind):
        raise CatalogError(f"{where}: {word} must be {key.kind.value}, not {_shown(value)}")
    if key.choices:
        for choice in [value] if isinstance(value, str) else _strings(value):
            if choice not in key.choices:
                raise CatalogError(
                    f'{where}: {word} = "{choice}" is none of its values{_nearest(str(choice), key.choices)}'
                )
    known = parameter_names(row)
    if key.kind is Kind.CONDITION and isinstance(value, str):
        try:
            used = parameters_of(value)
        except ConditionError as error:
            raise CatalogError(f"{where}: {word}: {error}") from None
        _check_known(word, used, known, where)
    elif key.kind in (Kind.PARAMETER, Kind.PARAMETERS):
        _check_known(word, set(_strings(value)) - {"self", "*"}, known, where)
    elif word == "defaults" and isinstance(value, Mapping):
        _check_known(word, value, known, where)
    elif word == "families" and isinstance(value, Mapping):
        _check_families(value, known, where)


def _check_families(families: Mapping[str, object], known: tuple[str, ...], where: str) -> None:
    for condition, patterns in families.items():
        if not _fits(patterns, Kind.NAMES):
            raise CatalogError(f"{where}: families.{condition} must be a list of names, not {_shown(patterns)}")
        if condition in (ALWAYS, NEVER):
            continue
        try:
            _check_known("families", parameters_of(condition), known, where)
        except ConditionError as error:
            raise CatalogError(f"{where}: families: {error}") from None


def _check_known(word: str, used: Iterable[str], known: tuple[str, ...], where: str) -> None:
    for name in sorted(used):
        if name not in known:
            near = _nearest(name, known)
            raise CatalogError(f'{where}: {word} names "{name}", which is not in params{near}')


def parameter_names(row: Mapping[str, object]) -> tuple[str, ...]:
    """The names in `params`, without marks."""
    params = row.get("params", ())
    return tuple(name.lstrip("*") for name in _strings(params) if name != "*")


def _strings(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    return [item for item in value if isinstance(item, str)] if isinstance(value, (list, tuple)) else []


def _fits(value: object, kind: Kind) -> bool:
    if kind is Kind.FLAG:
        return isinstance(value, bool)
    if kind is Kind.CONDITION:
        return isinstance(value, (bool, str))
    if kind is Kind.TABLE:
        return isinstance(value, Mapping)
    if kind is Kind.VERSION:
        return isinstance(value, str) and all(part.isdigit() for part in value.split("."))
    if kind in (Kind.TEXT, Kind.PARAMETER):
        return isinstance(value, str)
    texts = isinstance(value, (list, tuple)) and all(isinstance(item, str) for item in value)
    return texts or (kind is not Kind.NAMES and isinstance(value, str))


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if isinstance(value, str) else repr(value)
