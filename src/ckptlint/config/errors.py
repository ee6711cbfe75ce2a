"""The one way in which configuration is refused."""

from __future__ import annotations


class ConfigError(ValueError):
    """A configuration that cannot be used; the message names the file, the place and the cure."""
