"""The closing words of a run, and its counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from ckptlint.diagnostic import Diagnostic, Severity


def summary(diagnostics: Sequence[Diagnostic], hidden: int, files: int) -> str:
    """One line: how much was found, where, and what more there is to see."""
    if not diagnostics:
        text = f"Nothing to report in {_count(files, 'file')}."
    else:
        paths = len({one.span.path for one in diagnostics})
        levels = Counter(one.severity for one in diagnostics)
        kinds = ", ".join(_count(levels[level], level.value) for level in Severity if levels[level])
        text = f"Found {_count(len(diagnostics), 'diagnostic')} ({kinds}) in {_count(paths, 'file')}."
    if hidden:
        text += f" {hidden} less certain not shown (--min-confidence low)."
    return text


def _count(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def statistics(diagnostics: Sequence[Diagnostic], as_json: bool) -> str:
    """How many of each rule, the most frequent first."""
    counts = Counter((one.code, one.name) for one in diagnostics)
    rows = sorted(counts.items(), key=lambda row: (-row[1], row[0]))
    if as_json:
        import json  # not at the top, for few runs need it

        return json.dumps([{"code": code, "name": name, "count": n} for (code, name), n in rows], indent=2) + "\n"
    wide = max((len(str(count)) for _, count in rows), default=0)
    return "".join(f"{count:>{wide}}  {code}  {name}\n" for (code, name), count in rows)
