"""The rules, one folder each: `rules/<topic>/<name>/`. Adding a rule edits no other file."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from ckptlint.rule import Rule


@cache
def all_rules() -> tuple[Rule, ...]:
    """Every rule found in the topic folders, by code."""
    found: list[Rule] = []
    for topic in pkgutil.iter_modules(__path__, f"{__name__}."):
        package = importlib.import_module(topic.name)
        for module in pkgutil.iter_modules(package.__path__, f"{topic.name}."):
            found.append(importlib.import_module(module.name).RULE)
    return tuple(sorted(found, key=lambda rule: rule.code))
