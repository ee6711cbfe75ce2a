"""Calls that were not followed and may do what a rule looks for in vain."""

from __future__ import annotations

import re
from typing import NamedTuple

_SEEDING = re.compile(
    r"seed|determinis|reproduc|(?:set|fix|init|initialize|setup|manual)_?rand|(?<![a-z])rngs?(?![a-z])", re.IGNORECASE
)
_SETTING_UP = re.compile(r"^_?(?:set_?up|init(?:ialize)?|prepare|configure|bootstrap|default_setup)", re.IGNORECASE)


class Unseen(NamedTuple):
    """What a call that was not followed may be."""

    kind: str
    """"seeding" by its name, "setting up" by its name, "project" when the project defines it."""
    name: str


def unseen_call(name: str, project: bool) -> Unseen | None:
    """What a callee that is not seen may be to a run; None for one whose name tells nothing."""
    last = name.rsplit(".", 1)[-1]
    if _SEEDING.search(last) is not None:
        return Unseen("seeding", last)
    if project:
        return Unseen("project", last)
    return Unseen("setting up", last) if _SETTING_UP.match(last) is not None else None
