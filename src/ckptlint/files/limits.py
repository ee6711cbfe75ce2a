"""How much of a file is read before it is refused: what keeps time and memory bounded, whatever the file holds.

A real checkpoint stays far below: one of 100,000 tensors takes some three million opcodes.
"""

from __future__ import annotations

MAX_OPCODES = 5_000_000
"""Opcodes of one pickle."""
MAX_KEPT_TEXT = 64 * 2**20
"""Bytes of strings that are kept of one file."""
MAX_TEXT = 4096
"""Bytes of one string; of a longer one its beginning is kept."""
MAX_LINE = 65_536
"""Bytes of a pickle's argument that ends with a line end."""
MAX_INTEGER = 1024
"""Bytes of an integer whose value is kept."""
MAX_UNPACKED = 256 * 2**20
"""Bytes that one compressed part of a zip archive may unpack to."""
MAX_DIRECTORY = 16 * 2**20
"""Bytes of a zip archive's table of contents."""
MAX_JSON = 16 * 2**20
"""Bytes of a JSON header."""
MAX_DEPTH = 64
"""Levels of nesting that are told."""
MAX_ENTRIES = 100_000
"""Entries beyond those that were written one by one: what shared parts may add."""
MAX_ITEMS = 1000
"""Items of a sequence that are told one by one."""
MAX_ARRAY_HEADER = 65_536
"""Bytes of the header of one .npy array."""
MAX_OBJECTS = 200_000
"""Groups and datasets of an HDF5 file, items of a msgpack file."""
