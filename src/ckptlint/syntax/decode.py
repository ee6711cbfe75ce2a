"""Bytes of a Python file to text, as Python reads them: byte order mark, coding cookie, else UTF-8."""

from __future__ import annotations

import io
import tokenize

from ckptlint.text import Source


class UndecodableError(ValueError):
    """The bytes are not text in the encoding that the file names (or in UTF-8)."""


def decode(path: str, data: bytes) -> Source:
    """The file's text, line ends kept. Raises `UndecodableError`."""
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        return Source(path, data.decode(encoding), encoding)
    except (SyntaxError, LookupError, ValueError) as error:
        raise UndecodableError(str(error)) from error
