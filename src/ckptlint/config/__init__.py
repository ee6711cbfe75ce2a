"""What is in force for a run: the configuration file and the command line, checked and joined."""

from __future__ import annotations

from ckptlint.config.errors import ConfigError
from ckptlint.config.find import find_config
from ckptlint.config.read import read_config
from ckptlint.config.settings import ApiRows, Exclusion, FileConfig, Overrides, Settings, join

__all__ = [
    "ApiRows",
    "ConfigError",
    "Exclusion",
    "FileConfig",
    "Overrides",
    "Settings",
    "find_config",
    "join",
    "read_config",
]
