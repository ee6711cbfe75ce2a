"""Comments that silence diagnostics, and those that silence nothing (CKP002)."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from ckptlint.config import Settings
from ckptlint.diagnostic import Confidence, Diagnostic
from ckptlint.engine.files import ProjectFiles
from ckptlint.engine.removal import removal
from ckptlint.rules.tool.unreadable_file import RULE as UNREADABLE_FILE
from ckptlint.rules.tool.unused_suppression import RULE as UNUSED_SUPPRESSION
from ckptlint.selectors import UnknownSelectorError, nearest, parse_selector
from ckptlint.syntax.comments import comments
from ckptlint.syntax.tree import Unreadable, read_source
from ckptlint.text import Source, Span

_WORTH_READING = re.compile(rb"ckptlint|noqa", re.IGNORECASE)
_OWN = re.compile(
    r"#\s*ckptlint:\s*(?P<word>[\w-]*)(?P<list>\s*\[(?P<items>[^\]\r\n#]*)\])?(?P<reason>\s*--[^#\r\n]*)?"
)
# As flake8 reads it: a list that starts with no code leaves a bare `noqa`, which silences everything.
_NOQA = re.compile(
    r"#\s*noqa(?![\w-])(?::\s?(?P<items>[A-Z]+[0-9]+(?:(?:\s*,\s*|\s+)[A-Z]+[0-9]+)*)\b)?", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Item:
    """One word of a suppression's list, and the rules it means; `problem` when it means none."""

    text: str
    codes: frozenset[str]
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Suppression:
    """One comment, or part of one, that silences its row; without items it silences every rule."""

    span: Span
    items: tuple[Item, ...] = ()
    is_noqa: bool = False


@dataclass(slots=True)
class FileSuppressions:
    """What the comments of one file say."""

    source: Source
    whole_file: bool = False
    suppressions: list[Suppression] = field(default_factory=list)
    mistaken: list[tuple[Span, str]] = field(default_factory=list)
    """Comments that look like ours and silence nothing, with the reason."""


def read_suppressions(source: Source) -> FileSuppressions:
    """Every suppression of a file."""
    found = FileSuppressions(source)
    for span, text in comments(source):
        for own in _OWN.finditer(text):
            _read_own(found, own, _within(span, own))
        for noqa in _NOQA.finditer(text):
            words = re.split(r"[,\s]+", noqa["items"]) if noqa["items"] else []
            items = tuple(_noqa_item(word) for word in words)
            found.suppressions.append(Suppression(_within(span, noqa), items, is_noqa=True))
    return found


def apply_suppressions(diagnostics: Iterable[Diagnostic], files: ProjectFiles, settings: Settings) -> list[Diagnostic]:
    """The diagnostics that no comment silences, and CKP002 for comments in given files that do nothing."""
    by_path: dict[str, list[Diagnostic]] = defaultdict(list)
    for diagnostic in diagnostics:
        by_path[diagnostic.span.path].append(diagnostic)
    judged = {files.shown(path) for path in files.given}
    kept: list[Diagnostic] = []
    for path in sorted(judged | by_path.keys()):
        reported = by_path.get(path, [])
        source = _source_with_suppressions(path, files)
        if source is None:
            kept += reported
            continue
        ran = settings.codes - settings.ignored_in(str(files.located(path)))
        kept += _apply(read_suppressions(source), reported, ran, path in judged)
    return kept


def _apply(found: FileSuppressions, reported: list[Diagnostic], ran: frozenset[str], judged: bool) -> list[Diagnostic]:
    if found.whole_file:
        return []
    used: set[tuple[Suppression, Item]] = set()
    kept = [one for one in reported if not _is_silenced(one, found, used)]
    # Rules saw nothing of a broken file, so its suppressions had no chance to be used.
    if not judged or any(one.code == UNREADABLE_FILE.code for one in reported):
        return kept
    unused = (one for one in _unused(found, used, ran) if not _is_silenced(one, found, used))
    return [*kept, *unused]


def _source_with_suppressions(path: str, files: ProjectFiles) -> Source | None:
    try:
        data = files.read(files.located(path))
        return read_source(path, data) if _WORTH_READING.search(data) else None
    except (OSError, Unreadable):
        return None


def _within(comment: Span, found: re.Match[str]) -> Span:
    text = found[0].rstrip()
    column = comment.column + found.start()
    return Span(comment.path, comment.row, column, comment.row, column + len(text), comment.cell)


def _read_own(found: FileSuppressions, own: re.Match[str], span: Span) -> None:
    word, written = own["word"], own["items"]
    if word == "ignore-file" and written is None:
        found.whole_file = True
    elif word == "ignore-file":
        found.mistaken.append((span, "`ignore-file` takes no list; use `per-file-ignores` in the configuration"))
    elif word == "ignore" and written and written.strip():
        words = [item.strip() for item in written.split(",")]
        items = tuple(_own_item(item) for item in words if item)
        found.suppressions.append(Suppression(span, items))
    elif word == "ignore":
        found.mistaken.append((span, "it names no rule; write `# ckptlint: ignore[CODE]`"))
    elif nearest(word, ("ignore", "ignore-file", "noqa", "disable")):
        found.mistaken.append((span, f"`{word}` is not understood; write `# ckptlint: ignore[CODE]`"))


def _own_item(text: str) -> Item:
    try:
        return Item(text, parse_selector(text).codes)
    except UnknownSelectorError as error:
        return Item(text, frozenset(), str(error))


def _noqa_item(text: str) -> Item:
    """Codes of other tools mean nothing to us and are never judged."""
    return _own_item(text) if text.upper().startswith("CKP") else Item(text, frozenset())


def _is_silenced(one: Diagnostic, found: FileSuppressions, used: set[tuple[Suppression, Item]]) -> bool:
    place = one.statement or one.span
    first, last = min(place.row, one.span.row), max(place.end_row, one.span.end_row)
    silenced = False
    for suppression in found.suppressions:
        if not first <= suppression.span.row <= last or suppression.span.cell != one.span.cell:
            continue
        silenced = silenced or not suppression.items
        for item in suppression.items:
            if one.code in item.codes:
                used.add((suppression, item))
                silenced = True
    return silenced


def _unused(found: FileSuppressions, used: set[tuple[Suppression, Item]], ran: frozenset[str]) -> Iterator[Diagnostic]:
    for span, reason in found.mistaken:
        message = f"this comment suppresses nothing: {reason}"
        yield UNUSED_SUPPRESSION.at(span, message, confidence=Confidence.HIGH)
    for suppression in found.suppressions:
        idle = [item for item in suppression.items if (suppression, item) not in used and _is_judged(item, ran)]
        if idle:
            yield UNUSED_SUPPRESSION.at(
                suppression.span,
                _message(idle),
                confidence=Confidence.HIGH,
                fix=removal(
                    found.source,
                    suppression.span,
                    [item.text for item in suppression.items],
                    [item.text for item in idle],
                ),
            )


def _is_judged(item: Item, ran: frozenset[str]) -> bool:
    """Only where every rule meant could have reported; a comment about this rule itself is never judged."""
    return bool(item.problem) or (bool(item.codes) and item.codes <= ran and UNUSED_SUPPRESSION.code not in item.codes)


def _message(idle: list[Item]) -> str:
    unknown = next((item.problem for item in idle if item.problem), None)
    names = ", ".join(f"`{item.text}`" for item in idle)
    verb = "suppresses" if len(idle) == 1 else "suppress"
    return f"{names} {verb} nothing: " + (unknown or "no such diagnostic is reported here")
