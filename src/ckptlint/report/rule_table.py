"""The list of rules."""

from __future__ import annotations

import json
from collections.abc import Sequence

from ckptlint.rule import Rule


def as_table(rules: Sequence[Rule]) -> str:
    """A line a rule: code, name, topic, severity, what it says."""
    rows = [("code", "name", "topic", "severity", "reports")]
    rows += [
        (
            rule.code,
            rule.name,
            rule.topic,
            rule.severity.value,
            rule.summary + ("" if rule.on_by_default else " (off)"),
        )
        for rule in rules
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    return "".join(
        "  ".join(f"{text:<{width}}" for text, width in zip(row, widths, strict=False)) + f"  {row[4]}\n"
        for row in rows
    )


def as_json(rules: Sequence[Rule]) -> str:
    """An object a rule."""
    rows = [
        {
            "code": rule.code,
            "name": rule.name,
            "topic": rule.topic,
            "severity": rule.severity.value,
            "summary": rule.summary,
            "on_by_default": rule.on_by_default,
        }
        for rule in rules
    ]
    return json.dumps(rows, indent=2) + "\n"
