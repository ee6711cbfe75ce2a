"""Versions of frameworks that a project's own dependency declarations pin or bound from above."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

_FILES = (
    *("requirements*.txt", "requirements/*.txt", "setup.py", "setup.cfg", "pyproject.toml", "Pipfile"),
    "environment*.y*ml",
)
_BOUND = re.compile(r"(===?|~=|<=|<|\^|=)[ \t]*[\"']?[ \t]*(\^?)v?(\d+(?:\.\d+)*)")
_OTHER_NAMES = {"torch": ("pytorch",)}
"""What conda calls them."""
_LARGEST = 1_000_000
"""In bytes: a larger file is no declaration."""


def declared_versions(root: Path, frameworks: Iterable[str]) -> dict[str, str]:
    """The newest version that the declarations in a folder allow, for each framework whose version they limit."""
    found: dict[str, str] = {}
    texts = list(_texts(root))
    for framework in sorted(frameworks):
        # `tensorflow-gpu` is TensorFlow, `keras-tuner` is not Keras.
        names = "|".join(map(re.escape, (framework, *_OTHER_NAMES.get(framework, ()))))
        name = re.compile(
            rf"(?<![\w.-])(?:{names})(?:[-_](?:gpu|cpu|macos|intel))?(?:\[[^\]]*\])?[\"']?"
            r"(?=[ \t]*[=~<>!^,])([^\n#;]*)",
            re.IGNORECASE,
        )
        versions = [v for text in texts for spec in name.findall(text) for v in _limits(spec)]
        if versions:
            found[framework] = ".".join(map(str, min(versions)))
    return found


def _texts(root: Path) -> Iterator[str]:
    for pattern in _FILES:
        for path in sorted(root.glob(pattern)):
            try:
                if path.is_file() and path.stat().st_size <= _LARGEST:
                    yield path.read_text(encoding="utf-8", errors="replace")
            except OSError:
                continue


def _limits(spec: str) -> Iterator[tuple[int, ...]]:
    """The newest version that each part of a specifier allows; what bounds from below says nothing."""
    # In a list of requirements the next one begins with a quotation mark.
    for part in re.split(r"[\"'][ \t]*,", spec)[0].split(","):
        match = _BOUND.search(part)
        if match is None or part.lstrip(" \t\"'").startswith((">", "!")):
            continue
        operator, caret, number = match.groups()
        version = tuple(int(digits) for digits in number.split("."))
        if operator == "<":
            yield _below(version)
        elif caret or operator == "^":
            yield (version[0], _ANY)
        elif operator == "~=":
            yield (*version[:-1], _ANY) if len(version) > 1 else version
        else:
            yield version


_ANY = 9999
"""A number above every real one."""


def _below(version: tuple[int, ...]) -> tuple[int, ...]:
    numbers = list(version)
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return (*numbers[:-1], numbers[-1] - 1, _ANY) if numbers else (0,)
