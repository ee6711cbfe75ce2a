"""Which files are worth reading for containers of modules: what their text shows before it is parsed."""

from __future__ import annotations

import re
from collections.abc import Callable

_DEF = re.compile(rb"^[ \t]*(?:async[ \t]+)?def[ \t]", re.MULTILINE)
_TOP = re.compile(rb"^(?:async[ \t]+)?def[ \t]+(\w+)", re.MULTILINE)
_RUNS = re.compile(rb"_*forward|_*call\b|\w*state")
"""Methods that run a model or give its state: they build nothing."""
_INNER = re.compile(rb"[(\[{][^()\[\]{}]*[)\]}]")
_CLASS = re.compile(rb"^[ \t]*class[ \t]+\w+\([^)]*[A-Za-z_][^)]*\)", re.MULTILINE)
_BOUND = re.compile(
    rb"^[ \t]+(self\.\w+|\w+)[ \t]*(?::[^=\n]+)?=[ \t]*"
    rb"((?:list|tuple|dict|set|(?:\w+\.)?OrderedDict|(?:\w+\.)?defaultdict)?[\[({])",
    re.MULTILINE,
)
_HANDED_ON = re.compile(rb"^[ \t]+(?:self\.\w+[ \t]*(?::[^=\n]+)?=|return)[ \t]*(\w+)[ \t]*(?:,|#|$)", re.MULTILINE)
_RETURNED = re.compile(rb"^[ \t]+return[ \t]*([\[({])", re.MULTILINE)
_GROWN = re.compile(
    rb"^[ \t]+(self\.\w+|\w+)(?:\.(?:append|extend|insert|update|setdefault)(\()|"
    rb"[ \t]*\+=[ \t]*(\[?)|\[[^\]\n]*\][ \t]*=[ \t]*()(?!=))",
    re.MULTILINE,
)
_CALL = re.compile(
    rb"(?<![\w.])(?!Path\(|(?:np|os|logging)\.)"
    rb"(?:(?:\w+\.)*[A-Z]\w*|(?:self\.)?_*[a-z]\w*(?:conv|layer|block|make|build|linear|modul|net|head|stage|coder|mlp)\w*|"
    rb"(?:self\.)?(?:conv|layer|block|make|build|linear|modul|net|head|stage|mlp|create)\w*)\("
)
"""A call that may give a module: of a class, or of a function named like a part or its making."""
_NAMED = re.compile(rb"^[ \t]+(\w+)[ \t]*=[ \t]*([^\n]*)", re.MULTILINE)
_NAME = re.compile(rb"\s*([A-Za-z_]\w*)\s*[\])]?\s*$")
MAX_DISPLAY = 3000
"""Characters of one display looked at."""


def top_level(data: bytes) -> frozenset[str]:
    """The functions that a file defines outside any class or function."""
    return frozenset(name.decode() for name in _TOP.findall(data))


def assigns_call_of(names: set[str]) -> Callable[[bytes], bool]:
    """Whether a file's text gives an attribute what one of these functions gives."""
    if not names:
        return lambda data: False
    joined = "|".join(sorted(map(re.escape, names)))
    pattern = re.compile(rf"^[ \t]+self\.\w+[ \t]*(?::[^=\n]+)?=[ \t]*(?:\w+\.)*(?:{joined})\(".encode(), re.MULTILINE)
    return lambda data: pattern.search(data) is not None


def filling(data: bytes) -> dict[int, str]:
    """The functions of a file, by the row of their `def`, that may put what calls give into a container.

    The container is one that an attribute then holds, or that the function gives back.
    """
    if b"self." not in data or not _CLASS.search(data):
        return {}
    attributes: set[bytes] = {m.group(1) for m in _BOUND.finditer(data) if m.group(1).startswith(b"self.")}
    starts = [match.end() for match in _DEF.finditer(data)]
    found: dict[int, str] = {}
    for start, end in zip(starts, [*starts[1:], len(data)], strict=True):
        body = data[start:end]
        if not _RUNS.match(body) and _fills(body, attributes):
            found[data.count(b"\n", 0, start) + 1] = body.partition(b"(")[0].strip().decode()
    return found


def _fills(body: bytes, attributes: set[bytes]) -> bool:
    """Whether a function's text puts what a call gives into a container that an attribute then holds."""
    filled: set[bytes] = set()
    bound = set(attributes)
    for match in _BOUND.finditer(body):
        text = _within(body, match.end())
        if match.group(2) == b"(" and b"," not in _INNER.sub(b"", _INNER.sub(b"", text)):
            continue
        bound.add(match.group(1))
        if _CALL.search(text):
            filled.add(match.group(1))
    for match in _GROWN.finditer(body):
        if match.group(1) in bound and match.group(1) not in filled:
            text = _within(body, match.end()) if match.group(2) or match.group(3) else _row(body, match.end())
            name = _NAME.match(text)
            if _CALL.search(text) or (name is not None and _is_made(body, name.group(1))):
                filled.add(match.group(1))
    if any(name.startswith(b"self.") for name in filled):
        return True
    if any(_CALL.search(_within(body, m.end())) for m in _RETURNED.finditer(body)):
        return True
    return bool(filled & {m.group(1) for m in _HANDED_ON.finditer(body)})


def _is_made(body: bytes, name: bytes) -> bool:
    return any(m.group(1) == name and _CALL.search(m.group(2)) for m in _NAMED.finditer(body))


def _within(data: bytes, start: int) -> bytes:
    """The text behind an opening bracket, up to the one that closes it."""
    depth = 1
    for at in range(start, min(len(data), start + MAX_DISPLAY)):
        letter = data[at]
        if letter in b"([{":
            depth += 1
        elif letter in b")]}":
            depth -= 1
            if not depth:
                return data[start:at]
    return data[start : start + MAX_DISPLAY]


def _row(data: bytes, start: int) -> bytes:
    end = data.find(b"\n", start)
    return data[start : end if end >= 0 else len(data)]
