"""The one way in which a checkpoint file is refused."""

from __future__ import annotations


class UnreadableCheckpointError(ValueError):
    """A file whose keys cannot be told; the message says what is wrong with it and what to do."""
