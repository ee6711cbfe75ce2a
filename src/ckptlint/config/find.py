"""Which configuration file belongs to the given paths."""

from __future__ import annotations

from pathlib import Path

from ckptlint.config.errors import ConfigError
from ckptlint.config.toml import has_table, read_text


def find_config(start: Path) -> Path | None:
    """The nearest `ckptlint.toml`, or `pyproject.toml` with `[tool.ckptlint]`, at or above a folder.

    The search ends with the repository (the folder that holds `.git`). Raises `ConfigError`.
    """
    for folder in (start, *start.parents):
        own, shared = folder / "ckptlint.toml", folder / "pyproject.toml"
        has_own = own.is_file()
        has_shared = shared.is_file() and has_table(shared, read_text(shared))
        if has_own and has_shared:
            raise ConfigError(f"{own}: {shared.name} beside it has [tool.ckptlint] too; keep one of the two")
        if has_own:
            return own
        if has_shared:
            return shared
        if (folder / ".git").exists():
            return None
    return None
