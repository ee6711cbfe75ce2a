"""Format strings (`f"…"`, `t"…"`): where they and their fields end, by grammar instead of by quotes.

Since Python 3.12 a field may hold any string, the quotes of the format string itself included.
"""

from __future__ import annotations

import re

_START = re.compile(r"([A-Za-z]*)(\"\"\"|'''|\"|')")
_FORMAT_START = re.compile(r"(?:[fFtT][rR]?|[rR][fFtT])(?:\"\"\"|'''|\"|')")
_STEP = re.compile(r"[^\"'\\{}]+|\"\"\"|'''|[\s\S]")
_OPEN = frozenset("([{")
_CLOSE = frozenset(")]}")
_FIELD_ENDS = frozenset({"}", ":", ":=", "!", "="})


def format_end(text: str, start: int, token: re.Pattern[str]) -> int:
    """Offset after the format string that begins at `start`; the end of the text when it is never closed."""
    head = _START.match(text, start)
    assert head is not None
    prefix, quote = head.groups()
    raw = "r" in prefix.lower()
    position = head.end()
    length = len(text)
    while position < length:
        if text.startswith(quote, position):
            return position + len(quote)
        char = text[position]
        if char == "\\":
            position = _after_escape(text, position, raw)
        elif char == "{":
            if text.startswith("{{", position):
                position += 2
            else:
                position = _field_end(text, position + 1, token)
        else:
            step = _STEP.match(text, position)
            assert step is not None
            # Three quotes of the other kind, or a lone quote within a triple-quoted string.
            position = step.end() if char not in "\"'}" else position + 1
    return length


def _after_escape(text: str, position: int, raw: bool) -> int:
    following = text[position + 1 : position + 2]
    if following in "{}":
        return position + 1
    if following == "N" and not raw and text.startswith("{", position + 2):
        closing = text.find("}", position)
        return closing + 1 if closing >= 0 else len(text)
    return position + 2


def field_tokens(text: str, start: int, token: re.Pattern[str]) -> tuple[list[tuple[int, str]], int]:
    """Offset and text of each token of the field's expression, and the offset of what ends it.

    `start` lies behind the opening brace; the end is `}`, `:`, `!` or `=` outside of brackets.
    """
    found: list[tuple[int, str]] = []
    depth = 0
    position = start
    length = len(text)
    while position < length:
        match = token.match(text, position)
        assert match is not None
        gap, word = match.groups()
        begin = position + len(gap)
        if depth == 0 and word in _FIELD_ENDS:
            return found, begin
        if word in _OPEN:
            depth += 1
        elif word in _CLOSE:
            depth -= 1
        elif _FORMAT_START.match(text, begin):
            word = text[begin : format_end(text, begin, token)]
        found.append((begin, word))
        position = begin + len(word)
    return found, length


def after_conversion(text: str, position: int, token: re.Pattern[str]) -> int:
    """Offset of the `}` or `:` after a field's expression, behind `=` and `!r` where they stand."""
    length = len(text)
    while position < length and text[position] not in ":}":
        match = token.match(text, position)
        assert match is not None
        if match.group(2) in ("}", ":", ":="):
            return match.start(2)
        position = match.end() if match.group(2)[:1] not in "!=" else match.start(2) + 1
    return position


def _field_end(text: str, start: int, token: re.Pattern[str]) -> int:
    position = after_conversion(text, field_tokens(text, start, token)[1], token)
    if text.startswith(":", position):
        position += 1
        while position < len(text) and text[position] != "}":
            if text[position] == "{":
                position = _field_end(text, position + 1, token)
            else:
                position += 1
    return position + 1
