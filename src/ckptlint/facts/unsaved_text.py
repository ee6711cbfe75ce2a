"""Which files are worth reading for state that models do not save: what their text shows before it is parsed."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ckptlint.facts.classes import texts
from ckptlint.facts.project import Facts

_CLASS = re.compile(rb"^[ \t]*class[ \t]+\w+\([^)]*[A-Za-z_][^)]*\)", re.MULTILINE)
_MADE = re.compile(
    rb"^[ \t]+self\.\w+[ \t]*(?::[^=\n]+)?=(?!=)(?![^\n]*(?:Parameter|Embedding|Buffer)\()[^\n]*(?:\(\n[^\n]*)?\b"
    rb"(?:rand\w*|\w*normal|uniform|bernoulli|permutation|zeros\w*|ones\w*|[Tt]ensor|\w+Tensor|arange|linspace|full|eye"
    rb"|array)_?\(",
    re.MULTILINE,
)
"""An attribute gets an array or a tensor."""
_MAKES = re.compile(
    rb"\b(?:torch|np|numpy|th)\.(?:rand\w*|\w*normal|bernoulli|zeros|ones|[Tt]ensor|\w+Tensor|arange|linspace|full|eye|"
    rb"array|from_numpy)\("
)
_DEFINED = re.compile(rb"^[ \t]*def (\w+)", re.MULTILINE)
_RUNNING = frozenset({b"forward", b"__call__", b"__getitem__", b"training_step"})
_LOCAL = re.compile(
    rb"^[ \t]+(\w+)[ \t]*=(?!=)(?![^\n]*(?:\.item|\.tolist|int|float)\()[^\n]*" + _MAKES.pattern, re.MULTILINE
)
_BOUND = re.compile(
    rb"^[ \t]+self\.\w+[ \t]*=[ \t]*(?:Variable\()?(?:self\.)?([a-z_]\w*(?:\(|\.[a-z]|[ \t]*$)?)", re.MULTILINE
)
_DIRECT = re.compile(rb"\.data\b|\.copy_\(")
_TESTED = re.compile(rb"\b(?:not|if|and) self\.(\w+)\b(?![.\[(])")
_TURNED = re.compile(rb"^[ \t]+self\.(\w+)[ \t]*=[ \t]*(True|False)\b", re.MULTILINE)
_CHANGED = re.compile(
    rb"^[ \t]+self\.(\w+)(?:([ \t]*(?:[-+*/]|//|\*\*)=)|"
    rb"([ \t]*=[^\n]*(?:[-+*/(,][ \t]*self\.\1\b(?![.\[(])|\bself\.\1\b[ \t]*[-+*/,]))|"
    rb"(?:\.data)?\[[^\n]*\][ \t]*[-+*/]?=(?!=)|(?:\.data)?(?:\[[^\n]*\])?\.(?:copy|mul|add|sub|div|lerp)_\()",
    re.MULTILINE,
)
"""An attribute is changed: by what it held (groups 2 and 3), or in part."""
_SET = re.compile(rb"^[ \t]+self\.(\w+)[ \t]*=(?!=)", re.MULTILINE)
_BUILDING = re.compile(rb"__init__|_*(?:re)?set_|_*reset|_*init|_*build|_*make|prune|_*fuse")
"""Functions that build, or put back: what they change is not learned."""
_PLAIN = re.compile(rb"^[ \t]+self\.(\w+)[ \t]*(?::[^=\n]+)?=(?!=)[ \t]*(?![\[{N]|dict\(|list\()", re.MULTILINE)
_TRANSIENT = re.compile(rb"persistent[ \t]*=[ \t]*False|register_buffer\([^\n]*,[ \t]*False[ \t]*\)")
_BUFFER = re.compile(rb"register_buffer\(\s*[\"'](\w+)[\"']|self\.(\w+)[^\n=]*=[^\n]*\bBuffer\(")
_PLACES = re.compile(rb"cuda|\.to\(|device")


def rows_of(data: bytes) -> list[int]:
    """Rows of a file that may make, or change, state which is not saved; none when no class may be a model's."""
    if b"self." not in data or b"class " not in data or not _CLASS.search(data):
        return []
    starts = {match.start() for match in _MADE.finditer(data)}.union(_changes(data), _kept(data), _turned(data))
    return [data.count(b"\n", 0, start) + 1 for start in sorted(starts)]


def _kept(data: bytes) -> Iterator[int]:
    """Where a constructor keeps a tensor that a local name holds, or a function of the file gives; and turned flags."""
    if not _MAKES.search(data):
        return
    starts = list(_DEFINED.finditer(data))
    ends = [match.start() for match in starts[1:]] + [len(data)]
    makers: set[bytes] = set()
    building: list[tuple[int, int]] = []
    for match, end in zip(starts, ends, strict=True):
        name = match.group(1)
        if name == b"__init__":
            building.append((match.start(), end))
        elif (
            name not in _RUNNING and b"return" in data[match.start() : end] and _MAKES.search(data, match.start(), end)
        ):
            makers.add(name)
    for start, end in building:
        local = {match.group(1) for match in _LOCAL.finditer(data, start, end)}
        for match in _BOUND.finditer(data, start, end) if local or makers else ():
            found = match.group(1)
            name = found.rstrip(b"( \t").partition(b".")[0]
            if name in makers if found.endswith(b"(") else name in local:
                yield match.start()


def _turned(data: bytes) -> Iterator[int]:
    """Where a flag is turned that decides whether something is done at all, in a file that sets values directly."""
    if _DIRECT.search(data):
        tested = set(_TESTED.findall(data))
        turns = [match for match in _TURNED.finditer(data) if match.group(1) in tested]
        values: dict[bytes, set[bytes]] = {}
        for match in turns:
            values.setdefault(match.group(1), set()).add(match.group(2))
        yield from (match.start() for match in turns if len(values[match.group(1)]) > 1)


def _changes(data: bytes) -> Iterator[int]:
    """Where attributes are changed outside of functions that build."""
    buffers: set[bytes] = set()
    if _TRANSIENT.search(data):
        buffers = {name for pair in _BUFFER.findall(data) for name in pair if name}
        yield from (m.start() for m in _SET.finditer(data) if m.group(1) in buffers and not _builds(data, m.start()))
    plain: set[bytes] | None = None
    for match in _CHANGED.finditer(data):
        name = match.group(1)
        if not (match.group(2) or match.group(3)) and name not in buffers:
            plain = {m.group(1) for m in _PLAIN.finditer(data)} if plain is None else plain
            if name not in plain:
                continue
        if not _builds(data, match.start()):
            yield match.start()


def _builds(data: bytes, at: int) -> bool:
    """Whether the function around a place is one that builds."""
    start = data.rfind(b"def ", 0, at)
    return start >= 0 and _BUILDING.match(data, start + 4) is not None


def files_deriving_from(facts: Facts, name: str) -> list[str]:
    """The files that define a class below one of this name."""
    pattern = re.compile(rb"^[ \t]*class[ \t]+\w+\([^)]*\b" + re.escape(name.encode()) + rb"\b", re.MULTILINE)
    return [path for path, data in texts(facts) if name.encode() in data and pattern.search(data)]


def is_named_in_text(facts: Facts, attribute: str, owner: str) -> bool:
    """Whether a file quotes the name, or hands it to a function that saves: a buffer, a key of a state, `getattr`.

    A file that neither names the class nor asks anything for an attribute of that name quotes a word of its own.
    """
    name = attribute.encode()
    quoted = re.compile(
        rb"(?<!add_module\()([\"'])(?:[\w{}]+\.)*%(name)b\1|(?:save|dump)\w*\([^\n]*\.%(name)b\b"
        % {b"name": re.escape(name)}
    )
    asked = re.compile(rb"(?<!self)\.%b\b|attr\([^\n]*[\"']%b[\"']" % (re.escape(name), re.escape(name)))
    return any(
        name in data and quoted.search(data) and (owner.encode() in data or asked.search(data))
        for _, data in texts(facts)
    )


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
