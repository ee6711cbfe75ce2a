"""Which files are worth reading for state that models do not save: what their text shows before it is parsed."""

from __future__ import annotations

import re

from ckptlint.facts.classes import texts
from ckptlint.facts.project import Facts

_CLASS = re.compile(rb"^[ \t]*class[ \t]+\w+\([^)]*[A-Za-z_][^)]*\)", re.MULTILINE)
_MADE = re.compile(
    rb"^[ \t]+self\.\w+[ \t]*(?::[^=\n]+)?=(?!=)(?![^\n]*(?:Parameter|Embedding|Buffer)\()[^\n]*\b"
    rb"(?:rand\w*|\w*normal|uniform|bernoulli|permutation|zeros\w*|ones\w*|[Tt]ensor|\w+Tensor|arange|linspace|full|eye"
    rb"|array)_?\(",
    re.MULTILINE,
)
"""An attribute gets an array or a tensor."""
_CHANGED = re.compile(
    rb"^[ \t]+self\.(\w+)(?:(?:\.data)?\[[^\n]*\][ \t]*[-+*/]?=(?!=)|[ \t]*(?:[-+*/]|//|\*\*)=|"
    rb"[ \t]*=[^\n]*\bself\.\1\b[^\n]*[-+*/,]|[ \t]*=[^\n]*[-+*/,(][^\n]*\bself\.\1\b|"
    rb"(?:\.data)?\.(?:copy|mul|add|sub|div|lerp)_\()",
    re.MULTILINE,
)
"""An attribute is changed by what it held."""
_TRANSIENT = re.compile(rb"persistent[ \t]*=[ \t]*False|register_buffer\([^\n]*,[ \t]*False[ \t]*\)")
_PLACES = re.compile(rb"cuda|\.to\(|device")


def rows_of(data: bytes) -> list[int]:
    """Rows of a file that may make, or change, state which is not saved; none when no class may be a model's."""
    if b"self." not in data or not _CLASS.search(data):
        return []
    starts = {match.start() for pattern in (_MADE, _CHANGED, _TRANSIENT) for match in pattern.finditer(data)}
    rows: list[int] = []
    row, at = 1, 0
    for start in sorted(starts):
        row += data.count(b"\n", at, start)
        at = start
        rows.append(row)
    return rows


def files_deriving_from(facts: Facts, name: str) -> list[str]:
    """The files that define a class below one of this name."""
    pattern = re.compile(rb"^[ \t]*class[ \t]+\w+\([^)]*\b" + re.escape(name.encode()) + rb"\b", re.MULTILINE)
    return [path for path, data in texts(facts) if name.encode() in data and pattern.search(data)]


def is_named_in_text(facts: Facts, attribute: str) -> bool:
    """Whether any file quotes the name: a buffer of that name, a key of a hand-made state, `getattr`."""
    name = attribute.encode()
    pattern = re.compile(rb"([\"'])(?:[\w{}]+\.)*" + re.escape(name) + rb"\1")
    return any(name in data and pattern.search(data) for _, data in texts(facts))


def is_set_outside(facts: Facts, attribute: str) -> bool:
    """Whether any file sets the attribute of something that is not `self`."""
    name = attribute.encode()
    pattern = re.compile(
        rb"(?:(?<![\w.])(?!self\.)\w+|[\w\])]\.\w+|[\])])\." + re.escape(name) + rb"(?:\.data)?(?:\[[^\n]*\])?"
        rb"(?:[ \t]*(?:[-+*/]|//)?=(?!=)|\.\w+_\()"
    )
    return any(name in data and pattern.search(data) for _, data in texts(facts))


def places_tensors(facts: Facts) -> bool:
    """Whether any file chooses where tensors are."""
    return any(_PLACES.search(data) for _, data in texts(facts))
