"""Words that users write for values, in the file and on the command line alike; all raise `ValueError`."""

from __future__ import annotations

import re

from ckptlint.diagnostic import Confidence, Severity
from ckptlint.selectors import suggestion

_UNITS = {"": 1, "b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "kib": 2**10, "mib": 2**20, "gib": 2**30}


def parse_confidence(text: str) -> Confidence:
    """`low`, `medium` or `high`."""
    labels = {level.label: level for level in Confidence}
    if text in labels:
        return labels[text]
    raise ValueError(f"`{text}` is no confidence: write low, medium or high{suggestion(text, labels)}")


def parse_severity(text: str) -> Severity:
    """`error`, `warning` or `note`."""
    levels = {level.value: level for level in Severity}
    if text in levels:
        return levels[text]
    raise ValueError(f"`{text}` is no severity: write error, warning or note{suggestion(text, levels)}")


def parse_size(text: str | int) -> int:
    """Bytes: a number, or a number with kB, MB, GB, KiB, MiB or GiB."""
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([a-zA-Z]*)\s*", str(text))
    if found is not None and found[2].lower() in _UNITS:
        size = int(float(found[1]) * _UNITS[found[2].lower()])
        if size > 0:
            return size
    raise ValueError(f"`{text}` is no file size: write a number of bytes, or one with a unit such as 5MB")


def parse_name(text: str) -> str:
    """A name that means evaluation: letters, digits and `_`."""
    if text.isidentifier():
        return text
    raise ValueError(f"`{text}` is no Python name; give the name of a function, such as `score_epoch`")


def parse_version(text: str) -> str:
    """A framework's version: `2`, `2.4`, `2.4.1`."""
    if re.fullmatch(r"\d+(?:\.\d+)*(?:(?:a|b|rc|\.post|\.dev)\d+)?(?:\+[\w.]+)?", text):
        return text
    raise ValueError(f"`{text}` is no version: write one such as 2.4, without `>=` or `*`")
