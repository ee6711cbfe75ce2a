"""Whole models by family: what a class's name, or the literal name of its weights, says of all its layers."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase

ALWAYS, NEVER = "true", "false"
"""Conditions that hold for every member of a family, or for none."""


def condition_of(options: Mapping[str, object], name: str, bound: Mapping[str, object]) -> str | bool | None:
    """The condition a row's `families` give the model that is made; None when they do not know it.

    `name` is the qualified name of what is called. The class it is called on goes before the weights' name, and
    the longest pattern before the others.
    """
    families = options.get("families")
    if not isinstance(families, Mapping) or "**" in bound or _named(options, "overrides", bound):
        return None
    rates = _named(options, "rates", bound)
    if rates:
        known = [rate for rate in rates if isinstance(rate, int | float)]
        return True if any(rate > 0 for rate in known) else False if len(known) == len(rates) else None
    for word in (_class_in(name), _last_part(bound.get(str(options.get("family"))))):
        fitting = [
            (len(pattern), condition)
            for condition, patterns in families.items()
            for pattern in patterns
            if word and fnmatchcase(word, pattern)
        ]
        if fitting:
            condition = max(fitting)[1]
            return condition == ALWAYS if condition in (ALWAYS, NEVER) else str(condition)
    return None


def _named(options: Mapping[str, object], key: str, bound: Mapping[str, object]) -> list[object]:
    """The arguments whose names the patterns of an option fit."""
    found = options.get(key, ())
    patterns = (found,) if isinstance(found, str) else tuple(found) if isinstance(found, list) else ()
    return [value for name, value in bound.items() if any(fnmatchcase(name, pattern) for pattern in patterns)]


def _class_in(name: str) -> str:
    """`BertModel` of `library.BertModel.from_pretrained`."""
    parts = name.split(".")
    return next((part for part in reversed(parts) if part[:1].isupper()), "")


def _last_part(literal: object) -> str:
    """`bert-base-uncased` of `google-bert/bert-base-uncased`."""
    return literal.rsplit("/", 1)[-1] if isinstance(literal, str) else ""
