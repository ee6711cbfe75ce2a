"""Paths that are written and read, as patterns that can be compared: literal pieces and named holes."""

from __future__ import annotations

import posixpath

from ckptlint.flow.domain import ApiAtom, Const, Made, Ref, Text, Value, root_of, text_of
from ckptlint.flow.events import Loaded
from ckptlint.flow.written import words_of

OUTSIDE_WORDS = frozenset("pretrained pretrain imagenet official hub zoo url backbone teacher".split())
"""Words of a path that say the file was made by somebody else, or by another training."""

Pattern = tuple[str, ...]


def path_pattern(path: Value) -> Pattern | None:
    """A path as comparable pieces; None when it is one unnamed hole."""
    atom = path.single
    if isinstance(atom, Const) and isinstance(atom.value, str):
        return (posixpath.normpath(atom.value),)
    if isinstance(atom, Ref) and not isinstance(root_of(atom.location), Made):
        return (f"{{{text_of(atom.location)}}}",)
    if isinstance(atom, ApiAtom):
        return (f"{{{atom.name}}}",)
    if isinstance(atom, Text):
        pieces: list[str] = []
        for piece in atom.pieces:
            if isinstance(piece, Value):
                inner = path_pattern(piece)
                pieces.extend(inner if inner is not None else ("{?}",))
            elif isinstance(piece, tuple):
                pieces.append(f"{{{piece[0]}}}" if piece[1] else piece[0])
        return tuple(pieces)
    return None


def is_literal_path(pattern: Pattern | None) -> bool:
    """Whether a path, as `path_pattern` gives it, is one string that the code writes down."""
    return pattern is not None and len(pattern) == 1 and not pattern[0].startswith("{")


def is_whole(pattern: Pattern | None) -> bool:
    """Whether every hole of a path has a name by which it can be compared."""
    return pattern is not None and not any(piece.startswith("{?") for piece in pattern)


def is_named(pattern: Pattern) -> bool:
    """Whether its holes are attributes and settings; a bare name may hold something else in each function."""
    return all("." in piece for piece in pattern if piece.startswith("{"))


def file_name(pattern: Pattern | None) -> str | None:
    """The literal last part of a path."""
    if not pattern or pattern[-1].startswith("{"):
        return None
    return pattern[-1].rsplit("/", 1)[-1] if "/" in pattern[-1] or len(pattern) == 1 else None


def words_of_path(pattern: Pattern | None) -> frozenset[str]:
    """The words of all of its pieces, the names of its holes included."""
    return frozenset(word for piece in pattern or () for word in words_of(piece))


def is_outside(load: Loaded) -> bool:
    """Whether a path says that somebody else, or another training, wrote the file."""
    return bool(words_of_path(path_pattern(load.path)) & OUTSIDE_WORDS)
