"""Programs: files connected by imports, or the scripts of one folder."""

from __future__ import annotations

import posixpath

from ckptlint.facts.imports import imported_files
from ckptlint.facts.project import Facts


def programs_of(facts: Facts) -> dict[str, int]:
    """Files by program: connected by imports, or scripts of one folder."""
    parent: dict[str, str] = {}

    def find(path: str) -> str:
        parent.setdefault(path, path)
        while parent[path] != path:
            parent[path] = parent[parent[path]]
            path = parent[path]
        return path

    def union(a: str, b: str) -> None:
        parent[find(a)] = find(b)

    for record in facts.program.loaded():
        for target in imported_files(facts.program, record):
            if not target.endswith("__init__.py"):
                union(record.path, target)
    folders: dict[str, str] = {}
    for run in facts.runs:
        if run.is_entry:
            folder = posixpath.dirname(run.key.path)
            union(run.key.path, folders.setdefault(folder, run.key.path))
    numbers: dict[str, int] = {}
    return {path: numbers.setdefault(find(path), len(numbers)) for path in sorted(parent)}
