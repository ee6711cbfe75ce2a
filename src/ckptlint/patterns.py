"""Path patterns in the language of .gitignore: for .gitignore files, exclusions and per-file ignores.

Written here rather than taken from a library because this runs on every start: most patterns of real files
are plain names or suffixes, which a set and `str.endswith` answer without a regular expression.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(slots=True)
class _Group:
    """Neighbouring patterns of one polarity, sorted by the cheapest way to test them."""

    negated: bool
    names: set[str] = field(default_factory=set)
    folder_names: set[str] = field(default_factory=set)
    suffixes: list[str] = field(default_factory=list)
    expressions: list[str] = field(default_factory=list)
    _suffixes: tuple[str, ...] = ()
    _expression: re.Pattern[str] | None = None

    def close(self) -> None:
        self._suffixes = tuple(self.suffixes)
        if self.expressions:
            self._expression = re.compile("|".join(self.expressions), re.DOTALL)

    def matches(self, path: str, name: str, is_folder: bool) -> bool:
        if name in self.names or (is_folder and name in self.folder_names):
            return True
        if self._suffixes and name.endswith(self._suffixes):
            return True
        if self._expression is None:
            return False
        return self._expression.match(path + "/" if is_folder else path) is not None


class Patterns:
    """A list of patterns, each relative to one folder; the last one that matches decides."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._groups: list[_Group] = []
        for line in lines:
            self._add(line)
        for group in self._groups:
            group.close()

    def verdict(self, path: str, is_folder: bool = False) -> bool | None:
        """True when matched, False when matched by a negated pattern, None when by none.

        `path` is relative to the patterns' folder, with `/` between its parts.
        """
        name = path.rsplit("/", 1)[-1]
        for group in reversed(self._groups):
            if group.matches(path, name, is_folder):
                return not group.negated
        return None

    def covers(self, path: str) -> bool:
        """Whether a file, or a folder that it lies in, is matched."""
        parts = path.split("/")
        folders = ("/".join(parts[:count]) for count in range(1, len(parts)))
        return any(self.verdict(folder, True) for folder in folders) or bool(self.verdict(path))

    def _add(self, line: str) -> None:
        text = _trimmed(line)
        if not text or text.startswith("#"):
            return
        negated = text.startswith("!")
        text = text[1:] if negated else text
        only_folders = text.endswith("/")
        text = text[:-1] if only_folders else text
        if not text or text == "/":
            return
        if not self._groups or self._groups[-1].negated != negated:
            self._groups.append(_Group(negated))
        group = self._groups[-1]
        if "/" not in text and not re.search(r"[*?\[\\]", text):
            (group.folder_names if only_folders else group.names).add(text)
        elif not only_folders and re.fullmatch(r"\*[^/*?\[\\]+", text):
            group.suffixes.append(text[1:])
        else:
            expression = _expression(text, only_folders)
            if expression is not None:
                group.expressions.append(expression)


def _trimmed(line: str) -> str:
    """Without the line end and the trailing spaces that no backslash keeps."""
    text = line.rstrip("\r\n")
    while text.endswith(" ") and not re.search(r"(?<!\\)(?:\\\\)*\\ $", text):
        text = text[:-1]
    return text


def _expression(text: str, only_folders: bool) -> str | None:
    """A regular expression over a whole path (folders end in `/`); None when it can never match."""
    anchored = "/" in text
    body = _body(text.removeprefix("/"))
    if body is None:
        return None
    expression = ("" if anchored else "(?:.*/)?") + body + ("/" if only_folders else "/?") + r"\Z"
    try:
        re.compile(expression)
    except re.error:
        return None
    return expression


_BACKWARD = re.compile(r"([^\\])-([^\\\]])")


def _first_of_range(found: re.Match[str]) -> str:
    """A range that runs backward means its first character to git, and breaks a regular expression."""
    return found[0] if found[1] <= found[2] else found[1]


def _body(text: str) -> str | None:
    pieces: list[str] = []
    at = 0
    while at < len(text):
        stars = re.compile(r"\*\*+(?:/|\Z)").match(text, at) if at == 0 or text[at - 1] == "/" else None
        if stars is not None:
            pieces.append("(?:.*/)?" if stars[0].endswith("/") else ".+")
            at = stars.end()
        elif text[at] == "*":
            pieces.append("[^/]*")
            while at < len(text) and text[at] == "*":
                at += 1
        elif text[at] == "?":
            pieces.append("[^/]")
            at += 1
        elif text[at] == "[":
            found = re.compile(r"\[([!^]?)(\]?(?:\\.|[^\]\\])*)\]").match(text, at)
            if found is None:
                return None
            # A class never matches a slash, whatever it holds.
            inner = _BACKWARD.sub(_first_of_range, found[2].replace("[", r"\["))
            inner = re.sub(r"^\]", r"\]", inner)
            pieces.append(f"(?!/)[{'^' if found[1] else ''}{inner}]")
            at = found.end()
        elif text[at] == "\\":
            if at + 1 == len(text):
                return None
            pieces.append(re.escape(text[at + 1]))
            at += 2
        else:
            pieces.append(re.escape(text[at]))
            at += 1
    return "".join(pieces)
